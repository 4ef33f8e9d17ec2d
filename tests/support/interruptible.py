"""Programs that hear Ctrl-C, wherever the tests themselves were started from."""

import signal
import subprocess
from typing import Any


def popen(args: list[Any], **options: Any) -> subprocess.Popen[str]:
    """
    Start a program that SIGINT reaches as it would at a terminal.

    A shell starts its background jobs with SIGINT ignored. Whatever they start inherits that, and
    Python then raises no KeyboardInterrupt. A signal that the parent handles, on the other hand,
    is at its default in a new program, so for that moment this process handles it. That is done
    here rather than in ``preexec_fn``, which is not safe where other threads run.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(args, **options)
    finally:
        signal.signal(signal.SIGINT, before)
