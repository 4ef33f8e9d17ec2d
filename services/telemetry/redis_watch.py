"""Whether Redis answers, said once when it does not and once when it does again."""

import logging
from collections.abc import Callable

from smartspectra.ipc.storage.outage import Outage
from vitalrig.clock import Clock
from vitalrig.events import Emitter

log = logging.getLogger(__name__)

LOST_AFTER_S = 1.0
"""A shorter absence, as at the start of a rig, is not said."""

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 1.0


class RedisWatch:
    """
    Notes how Redis is, for whoever reads it.

    Args:
        events: Where `redis.lost` and `redis.back` are said.
        count: Adds to a counter of the service.
        clock: What tells the time.
    """

    def __init__(self, events: Emitter, count: Callable[[str, float], None], clock: Clock) -> None:
        self._events = events
        self._count = count
        self._clock = clock
        self._outage = Outage(FIRST_WAIT_S, LONGEST_WAIT_S, clock.monotonic_s)
        self._began_s = 0.0
        self._is_said = False
        for counter in ("backend_disconnects", "backend_away_seconds"):
            count(counter, 0)

    @property
    def why(self) -> str | None:
        """
        Why Redis cannot be read; None if it can.
        """
        return self._outage.why

    @property
    def left_s(self) -> float:
        """
        Seconds until it is worth another try.
        """
        return self._outage.left_s

    def fails(self, why: str) -> None:
        """
        It could not be read because of *why*.
        """
        if self._outage.fail(why):
            self._began_s = self._clock.monotonic_s()
            self._count("backend_disconnects", 1)
            log.warning("Redis is away", extra={"why": why})
        if not self._is_said and self._clock.monotonic_s() - self._began_s >= LOST_AFTER_S:
            self._is_said = True
            self._events.emit("redis.lost", {"why": why})

    def answers(self) -> None:
        """
        It could be read.
        """
        away_s = self._outage.end()
        if away_s is None:
            return
        self._count("backend_away_seconds", away_s)
        log.info("Redis is back", extra={"away_s": round(away_s, 3)})
        if self._is_said:
            self._is_said = False
            self._events.emit("redis.back", {"away_s": round(away_s, 1)})
