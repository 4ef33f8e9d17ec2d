"""The times of pictures that come when they come."""

from services.physiology_server.clocks.clock_jumps import ClockJumps
from services.physiology_server.clocks.paced import JUMP_S
from vitalrig.clock import Clock
from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.service.heartbeats import ServiceHeartbeats

_US = 1_000_000


class LiveClock:
    """
    Ties the monotonic times of pictures to the wall clock.

    Capture time begins with the first picture. Stamps start at the wall clock and rise with
    capture time; only when the wall clock is set by a second or more do they follow it.

    Args:
        clock: The machine's clocks.
        beats: Where the counter of clock jumps goes.
        events: Where they are said.
    """

    def __init__(self, clock: Clock, beats: ServiceHeartbeats, events: Emitter = NO_EVENTS) -> None:
        self._clock = clock
        self._jumps = ClockJumps(beats, events)
        self._first_s: float | None = None
        self._last_s = 0.0
        self._anchor_us = 0

    def place(self, taken_s: float) -> tuple[float, int] | None:
        """
        Place a picture that was taken at *taken_s* on the monotonic clock.

        Returns:
            Seconds since the first picture, and us since the epoch; None if it is not later
            than the picture before.
        """
        age_s = self._clock.monotonic_s() - taken_s
        wall_us = self._clock.wall_us() - round(age_s * _US)
        if self._first_s is None:
            self._first_s, self._anchor_us = taken_s, wall_us
        elif taken_s <= self._last_s:
            return None
        self._last_s = taken_s
        time_s = taken_s - self._first_s
        stamp_us = self._anchor_us + round(time_s * _US)
        off_us = wall_us - stamp_us
        if abs(off_us) > JUMP_S * _US:
            self._anchor_us += off_us
            stamp_us += off_us
            self._jumps.note(off_us)
        return time_s, stamp_us
