"""What does not work for a while, and when it is worth another try."""

import random
import time
from collections.abc import Callable

_SPREAD = 0.1
"""By up to this share a wait is shorter, so that not all who wait come back at one moment."""


class Outage:
    """
    Failures in a row of something that is tried again, ever less often, until it works.

    Args:
        first_wait_s: Seconds until it is tried again; after each further failure twice as many.
        longest_wait_s: But no more than these.
        clock: Seconds of a clock that only goes forward.

    Attributes:
        why: Why it failed last; None while it works.
        due_at_s: When it is worth another try.
    """

    def __init__(
        self,
        first_wait_s: float,
        longest_wait_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first_wait_s = first_wait_s
        self._longest_wait_s = longest_wait_s
        self._clock = clock
        self._wait_s = first_wait_s
        self._began_at_s = 0.0
        self.why: str | None = None
        self.due_at_s = float("-inf")

    @property
    def is_due(self) -> bool:
        """Whether it is worth a try now: it works, or has been left alone for long enough."""
        return self._clock() >= self.due_at_s

    @property
    def left_s(self) -> float:
        """Seconds until it is worth another try."""
        return max(0.0, self.due_at_s - self._clock())

    def fail(self, why: str) -> bool:
        """Note that it failed; gives whether it had worked before."""
        begins, now_s = self.why is None, self._clock()
        if begins:
            self._began_at_s, self._wait_s = now_s, self._first_wait_s
        else:
            self._wait_s = min(2 * self._wait_s, self._longest_wait_s)
        self.why = why
        self.due_at_s = now_s + self._wait_s * (1 - _SPREAD * random.random())  # noqa: S311
        return begins

    def end(self) -> float | None:
        """Note that it works; gives for how many seconds it did not, or None if it did."""
        if self.why is None:
            return None
        self.why, self.due_at_s = None, float("-inf")
        return self._clock() - self._began_at_s
