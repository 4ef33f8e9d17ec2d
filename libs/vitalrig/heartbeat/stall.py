"""
Notice that nothing beats any more.
"""

from collections.abc import Callable

from vitalrig.heartbeat.heartbeat import Heartbeat


class StallDetector:
    """
    Tells how long a heartbeat has been silent, and whether that is too long.

    A heartbeat that stamps its beats with the same clock is known to the instant. Any other one is
    noticed when it is looked at: its silence then begins at the look that found the last new beat,
    so a stall is reported late by at most the time between two looks, and never too early.

    Before the first beat, silence is counted from when the detector was made: a loop that never got
    going has stalled as well.

    Args:
        hbt: The heartbeat to watch.
        limit_s: From so many seconds of silence on it has stalled.
        clock: What tells the time, in seconds; by default the heartbeat's own.

    Raises:
        ValueError: If *limit_s* is not positive, or there is no clock at all.
    """

    def __init__(
        self, hbt: Heartbeat, limit_s: float, clock: Callable[[], float] | None = None
    ) -> None:
        if not limit_s > 0:
            raise ValueError("limit_s must be > 0")
        chosen = hbt.clock if clock is None else clock
        if chosen is None:
            raise ValueError("a heartbeat without a clock needs one here")
        self.limit_s = limit_s
        self._hbt = hbt
        self._clock = chosen
        self._stamped = chosen == hbt.clock
        # Beats at the last look that found new ones, and when that was.
        self._seen = (hbt.count, self._clock())

    @property
    def silence_s(self) -> float:
        """
        Seconds since the last beat.
        """
        if self._stamped:
            last_s = self._hbt.last_beat_s
            since_s = self._seen[1] if last_s is None else last_s
            return max(self._clock() - since_s, 0.0)
        count = self._hbt.count
        now_s = self._clock()
        if count != self._seen[0]:
            self._seen = (count, now_s)
        return max(now_s - self._seen[1], 0.0)

    @property
    def stalled(self) -> bool:
        """
        Whether there has been no beat for ``limit_s`` seconds.
        """
        return self.silence_s >= self.limit_s
