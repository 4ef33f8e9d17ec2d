"""
`python -P stepped.py FILE MODULE ARGUMENTS...`: a service whose wall clock is set.

FILE holds by how many seconds the wall clock is off; it may be written anew at any time. The
monotonic clock goes on, as it does where somebody sets the time.
"""

import runpy
import sys
import time
from pathlib import Path


def set_clock(file: Path) -> None:
    true_time_ns = time.time_ns

    def time_ns() -> int:
        return true_time_ns() + int(float(file.read_text() or 0) * 1e9)

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


if __name__ == "__main__":
    set_clock(Path(sys.argv[1]))
    module = sys.argv[2]
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
