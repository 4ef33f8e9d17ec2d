"""
`vitalrig`: the command line for people who use a rig.

What it needs is brought by the extra `cli`; without that it says so.
"""

import signal
import sys

from vitalrig.extras import is_ours, missing


def main() -> None:
    """
    Run the command line. When it is told to end, it finishes what it began.
    """
    try:
        from vitalrig.cli.app import app  # noqa: PLC0415  what it needs may be missing
        from vitalrig.cli.terminal import never_fail_to_print  # noqa: PLC0415  likewise
    except ImportError as exc:
        if is_ours(exc):
            raise
        sys.exit(f"vitalrig: {missing(exc, 'the command line', 'cli')}")
    never_fail_to_print()
    signal.signal(signal.SIGTERM, lambda signum, _frame: sys.exit(128 + signum))
    app(prog_name="vitalrig")
