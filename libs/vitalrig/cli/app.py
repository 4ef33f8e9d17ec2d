"""All commands of `vitalrig`, joined."""

from typing import Annotated

import typer

from vitalrig.cli import sessions, telemetry
from vitalrig.cli.record import record
from vitalrig.version import VERSION

app = typer.Typer(
    help="Record from a rig. For research; not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(record)
app.add_typer(sessions.app, name="sessions")
app.add_typer(telemetry.app, name="telemetry")


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vitalrig {VERSION}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Record from a rig. For research; not a medical device."""
