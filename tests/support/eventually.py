"""Waiting for a condition, never for a number of seconds."""

import time
from collections.abc import Callable
from typing import TypeVar

from tests.support.patience import FACTOR, PATIENCE_S

T = TypeVar("T")


def eventually(condition: Callable[[], T], within_s: float = 0.0, every_s: float = 0.02) -> T:
    """
    Give the condition's first true value, or fail when the tests' patience is at an end.

    *within_s* is for what takes longer than that. Less is not asked of a busy machine.
    """
    patience_s = max(PATIENCE_S, within_s * FACTOR)
    deadline_s = time.monotonic() + patience_s
    while not (value := condition()):
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {patience_s} s: {condition!r}")
        time.sleep(every_s)
    return value
