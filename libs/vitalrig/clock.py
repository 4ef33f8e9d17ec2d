"""
Time as an argument: stamps from the wall clock in us, intervals from the monotonic one in s.

Ages come from the uptime, in s: nobody sets it, and it goes on while the machine sleeps.
"""

import time
from typing import NamedTuple, Protocol


class Clock(Protocol):
    """What tells the time. Pass one in instead of calling `time` yourself."""

    def wall_us(self) -> int:
        """Microseconds since the Unix epoch; may jump."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since some point in the past; never goes back."""
        ...

    def uptime_s(self) -> float:
        """Seconds since some point in the past, sleep of the machine included; never goes back."""
        ...


class Moment(NamedTuple):
    """
    One moment, on the clock that stamps are from and on the one that nobody sets.

    Attributes:
        wall_us: Microseconds since the Unix epoch.
        uptime_s: Seconds of the uptime.
    """

    wall_us: float
    uptime_s: float

    def age_s(self, stamp_us: float, now: "Moment") -> float:
        """
        Tell how old at *now* is what was stamped at *stamp_us* and seen at this moment.

        The wall clock counts until it was seen, the uptime from then on: a wall clock that is set
        later changes nothing. A stamp from ahead counts as that far behind, so that a clock which
        is wrong makes nothing look live.
        """
        return abs(self.wall_us - stamp_us) / 1_000_000 + now.uptime_s - self.uptime_s


def moment(clock: Clock) -> Moment:
    """
    Look at both clocks at once.
    """
    return Moment(clock.wall_us(), clock.uptime_s())


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

    def uptime_s(self) -> float:
        """
        Seconds since the machine was started, which all its processes share.
        """
        # Linux's CLOCK_MONOTONIC stops while the machine sleeps; macOS's does not.
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


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

    def uptime_s(self) -> float:
        """
        Seconds, as set; the machine never sleeps.
        """
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """
        Let *seconds* pass on all clocks.
        """
        self._monotonic_s += seconds
        self._wall_us += round(seconds * 1_000_000)

    def jump_wall(self, seconds: float) -> None:
        """
        Move the wall clock alone, as NTP or a person does.
        """
        self._wall_us += round(seconds * 1_000_000)
