"""Which streams are read next, and how much of each: small answers, and no camera starves."""

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from services.collector.transport.base import BATCH, BATCH_BYTES, WAIT_S

STREAMS_AT_ONCE = 64
BEHIND_AT_ONCE = 8
PACE_S = 0.001
LONGEST_PACE_S = 0.5
"""
A pause for each stream between two rounds, and the longest for all. What comes for a camera at once
is taken at once: ten envelopes cost hardly more than five. So a round must find more than a few.
"""

UNKNOWN_BYTES = 16 << 10
"""What an entry is taken for before one was seen."""

OVERHEAD_BYTES = 200
"""What an entry takes beside its envelope."""


@dataclass(frozen=True, slots=True)
class Portion:
    """
    What is to be read at once.

    Attributes:
        prefixes: Whose streams; none if nothing is due yet.
        count: So many entries of each at most.
        wait_s: How long Redis may wait for the first.
    """

    prefixes: Sequence[str]
    count: int
    wait_s: float


class ReadingPlan:
    """
    Divides the streams into those that are in step and those that are behind.

    A stream that gave as many entries as were asked for has more: it is behind until it gives
    fewer. Streams in step are read in rounds, each to its end. Between two rounds one portion is
    read of those that are behind, a few streams in turn. So a backlog takes what time the others
    leave, at least its portion, and costs a camera without one no more than the wait for it.

    Args:
        clock_s: Seconds of a clock that only goes forward.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        clock_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock_s = clock_s
        self._sleep = sleep
        self._round: deque[str] = deque()
        self._due_s = float("-inf")
        self._behind: dict[str, None] = {}
        self._entry_bytes: dict[str, float] = {}

    def next(self, prefixes: Collection[str]) -> Portion:
        """
        Choose what to read now of the streams of *prefixes*; waits until something is due.
        """
        if not self._round:
            now_s = self._clock_s()
            behind = [prefix for prefix in self._behind if prefix in prefixes]
            if behind and now_s < self._due_s:
                return self._portion_behind(behind[:BEHIND_AT_ONCE])
            if now_s < self._due_s:
                self._sleep(min(WAIT_S, self._due_s - now_s))
                if self._clock_s() < self._due_s:
                    return Portion((), 1, 0)
            self._due_s = self._clock_s() + min(LONGEST_PACE_S, PACE_S * len(prefixes))
            self._round.extend(prefix for prefix in prefixes if prefix not in self._behind)
            if not self._round:
                return self._portion_behind(behind[:BEHIND_AT_ONCE])
        some = [self._round.popleft() for _ in range(min(STREAMS_AT_ONCE, len(self._round)))]
        some = [prefix for prefix in some if prefix in prefixes]
        return Portion(some, self._count(some), WAIT_S if len(some) == len(prefixes) else 0)

    def _portion_behind(self, some: list[str]) -> Portion:
        for prefix in some:  # the next portion is for others
            del self._behind[prefix]
            self._behind[prefix] = None
        return Portion(some, self._count(some), 0)

    def _count(self, prefixes: Sequence[str]) -> int:
        bytes_of_one_each = sum(self._entry_bytes.get(p, UNKNOWN_BYTES) for p in prefixes)
        return max(1, min(BATCH, int(BATCH_BYTES / max(1.0, bytes_of_one_each))))

    def took(self, portion: Portion, prefix: str, entries: int, size_bytes: int) -> None:
        """
        Note what the stream of *prefix* gave when *portion* was read.
        """
        if entries:
            self._entry_bytes[prefix] = size_bytes / entries + OVERHEAD_BYTES
        if entries >= portion.count:
            self._behind[prefix] = None
        else:
            self._behind.pop(prefix, None)

    def forget(self) -> None:
        """
        Begin anew: where the streams are is no longer known.
        """
        self._round.clear()
        self._behind.clear()
        self._due_s = float("-inf")
