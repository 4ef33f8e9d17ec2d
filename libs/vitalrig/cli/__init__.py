"""`vitalrig`: the command line for people who use a rig."""

import signal
import sys

import typer

from vitalrig.cli import sessions
from vitalrig.cli.record import record
from vitalrig.encodable import never_fail_to_print

app = typer.Typer(
    help="Record from a rig. For research; no medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(record)
app.add_typer(sessions.app, name="sessions")


@app.callback()
def _root() -> None:
    """Record from a rig. For research; no medical device."""


def main() -> None:
    """
    Run the command line. When it is told to end, it finishes what it began.
    """
    never_fail_to_print()
    signal.signal(signal.SIGTERM, lambda signum, _frame: sys.exit(128 + signum))
    app()
