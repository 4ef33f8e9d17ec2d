"""A wall clock that was set while frames came: counted, logged, and said."""

import logging

from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.service.heartbeats import ServiceHeartbeats

log = logging.getLogger(__name__)


class ClockJumps:
    """
    Notes each time that stamps had to follow the wall clock.

    Args:
        beats: Where `clock_jumps` are counted.
        events: Where `clock.moved` is said.
    """

    def __init__(self, beats: ServiceHeartbeats, events: Emitter = NO_EVENTS) -> None:
        self._beats = beats
        self._events = events
        beats.count("clock_jumps", 0)

    def note(self, by_us: int) -> None:
        """
        Someone has set the clock, forward by so many microseconds.
        """
        self._beats.count("clock_jumps")
        self._events.emit("clock.moved", {"by_s": round(by_us / 1_000_000, 3)})
        log.warning("the wall clock was set; stamps follow it")
