"""Time as an argument: stamps from the wall clock in us, intervals from the monotonic one in s."""

import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time. Pass one in instead of calling `time` yourself."""

    def wall_us(self) -> int:
        """Microseconds since the Unix epoch; may jump."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since some point in the past; never goes back."""
        ...


class SystemClock:
    """The machine's clock."""

    def wall_us(self) -> int:
        """
        Microseconds since the Unix epoch.
        """
        return time.time_ns() // 1_000

    def monotonic_s(self) -> float:
        """
        Seconds of the machine's monotonic clock, which all its processes share.
        """
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is told to advance, for tests."""

    def __init__(self, wall_us: int = 1_760_000_000_000_000, monotonic_s: float = 1_000.0) -> None:
        self._wall_us = wall_us
        self._monotonic_s = monotonic_s

    def wall_us(self) -> int:
        """
        Microseconds since the Unix epoch, as set.
        """
        return self._wall_us

    def monotonic_s(self) -> float:
        """
        Seconds, as set.
        """
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """
        Let *seconds* pass on both clocks.
        """
        self._monotonic_s += seconds
        self._wall_us += round(seconds * 1_000_000)

    def jump_wall(self, seconds: float) -> None:
        """
        Move the wall clock alone, as NTP or a person does.
        """
        self._wall_us += round(seconds * 1_000_000)
