"""
Wait for a condition, with a deadline.
"""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool], timeout_s: float, every_s: float = 0.2) -> bool:
    """
    Ask *condition* until it holds, at most *timeout_s* long, and return whether it does.
    """
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(every_s)
    return True
