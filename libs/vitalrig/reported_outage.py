"""The time in which something is away that a service needs: logged, and counted."""

import logging

from smartspectra.ipc.storage.outage import Outage
from vitalrig.clock import Clock
from vitalrig.service.heartbeats import ServiceHeartbeats

log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 2.0


class ReportedOutage(Outage):
    """
    One log line when it begins and one when it ends, with its length, however often it is tried.

    The counters `backend_disconnects` and `backend_away_seconds` say the same to the exporter.

    Args:
        name: What is away, at the beginning of a log line.
        beats: Where it is counted.
        clock: What tells the time.
        longest_wait_s: The longest pause between two attempts.
    """

    def __init__(
        self,
        name: str,
        beats: ServiceHeartbeats,
        clock: Clock,
        longest_wait_s: float = LONGEST_WAIT_S,
    ) -> None:
        super().__init__(FIRST_WAIT_S, longest_wait_s, clock.monotonic_s)
        self._name = name
        self._beats = beats
        for counter in ("backend_disconnects", "backend_away_seconds"):
            beats.count(counter, 0)

    def fail(self, why: str, **facts: object) -> bool:
        """
        Note that it is away, and *facts* for the log if that is news; tells whether it is.
        """
        begins = super().fail(why)
        if begins:
            self._beats.count("backend_disconnects")
            log.warning("%s is away", self._name, extra={"why": why, **facts})
        return begins

    def end(self, **facts: object) -> float | None:
        """
        Note that it is there, and *facts* for the log if that is news; tells how long it was away.
        """
        away_s = super().end()
        if away_s is not None:
            self._beats.count("backend_away_seconds", away_s)
            log.info("%s is back", self._name, extra={"away_s": round(away_s, 3), **facts})
        return away_s
