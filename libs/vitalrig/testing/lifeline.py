"""
Runs a command that dies with the process that started it, also if that one dies by SIGKILL.

    python -I -S lifeline.py PARENT_PID -- COMMAND...

Standard library only, and run as a file: it becomes the command in a few milliseconds.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def main(argv: Sequence[str]) -> None:
    """
    Become the command; end at once if the parent has ended meanwhile.
    """
    parent, _, *command = argv
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("whoever started this has ended")
    os.execvp(command[0], command)  # noqa: S606  it is what the harness wants run


if __name__ == "__main__":
    main(sys.argv[1:])
