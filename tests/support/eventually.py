"""Waiting for a condition, never for a number of seconds."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], within_s: float = 10.0, every_s: float = 0.02) -> T:
    """Give the condition's first true value, or fail when the deadline has passed."""
    deadline_s = time.monotonic() + within_s
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {within_s} s: {condition!r}")
        time.sleep(every_s)
