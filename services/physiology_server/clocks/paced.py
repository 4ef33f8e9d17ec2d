"""When a frame is due, and which wall-clock time it bears."""

from vitalrig.clock import Clock

LATEST_S = 1.0
"""A frame that comes later than this is left out, so that a pause does not end in a burst."""

JUMP_S = 1.0
"""A wall clock that is this far off was set, by a person or NTP: go with it."""


class PacedClock:
    """
    Ties a source's time to the machine's clocks.

    Frames are due by the monotonic clock. Their stamps start at the wall clock and rise with the
    source's time, so that they are even; only when the wall clock is set do they follow it.
    At another speed than real time they follow nothing: then the source's time is the only one.

    Args:
        clock: The machine's clocks.
        speed: Seconds of the source in one second; infinity for as fast as it goes.

    Attributes:
        moved_us: How far the wall clock was set since the start, in all.
    """

    def __init__(self, clock: Clock, speed: float = 1.0) -> None:
        self._clock = clock
        self._speed = speed
        self._started_s = clock.monotonic_s()
        self._anchor_us = clock.wall_us()
        self.moved_us = 0

    def wait_s(self, time_s: float) -> float:
        """
        Seconds until the frame of source time *time_s* is due; negative when it is late.
        """
        return self._started_s + time_s / self._speed - self._clock.monotonic_s()

    def too_late(self, time_s: float) -> bool:
        """
        Whether the frame should be left out.
        """
        return self.wait_s(time_s) < -LATEST_S

    def stamp_us(self, time_s: float) -> int:
        """
        Wall-clock time of the frame, in us since the epoch.
        """
        stamp_us = self._anchor_us + round(time_s * 1_000_000)
        if self._speed != 1.0:
            return stamp_us
        off_us = self._clock.wall_us() - stamp_us - round(-self.wait_s(time_s) * 1_000_000)
        if abs(off_us) > JUMP_S * 1_000_000:
            self.moved_us += off_us
            self._anchor_us += off_us
            stamp_us += off_us
        return stamp_us
