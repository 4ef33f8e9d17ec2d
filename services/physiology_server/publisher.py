"""From the outbox to the backend, through any absence of the other side."""

import logging

import stamina

from services.physiology_server.outbox import Outbox
from services.physiology_server.streaming.base import Backend
from vitalrig.beats import Beats
from vitalrig.clock import Clock
from vitalrig.errors import Unavailable
from vitalrig.health import Health

log = logging.getLogger(__name__)

BATCH = 64
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 2.0


class Publisher:
    """
    Sends what the outbox holds, in order, and keeps trying while the backend is away.

    An absence is one log line when it begins and one when it ends, with its length; the counters
    `backend_disconnects` and `backend_away_seconds` say the same to the exporter.
    """

    def __init__(
        self, outbox: Outbox, backend: Backend, beats: Beats, health: Health, clock: Clock
    ) -> None:
        self._outbox = outbox
        self._backend = backend
        self._beats = beats
        self._health = health
        self._clock = clock
        self._step = beats.step("envelopes_published")
        for name in ("backend_disconnects", "backend_away_seconds", "envelopes_lost"):
            beats.count(name, 0)
        self._lost_counted = 0

    async def run(self) -> None:
        """
        Send until cancelled.
        """
        while True:
            await self._outbox.wait()
            await self.flush()

    async def flush(self) -> None:
        """
        Send until the outbox is empty.
        """
        while batch := self._outbox.take(BATCH):
            began_s = self._clock.monotonic_s()
            away_since_s: float | None = None
            async for attempt in stamina.retry_context(
                on=Unavailable,
                attempts=None,
                timeout=None,
                wait_initial=FIRST_WAIT_S,
                wait_max=LONGEST_WAIT_S,
                wait_jitter=FIRST_WAIT_S,
            ):
                with attempt:
                    try:
                        await self._backend.send(batch)
                    except Unavailable as exc:
                        away_since_s = self._away(exc, away_since_s)
                        raise
            self._outbox.done()
            self._back(away_since_s)
            busy_s = self._clock.monotonic_s() - began_s if away_since_s is None else 0.0
            for numbered in batch:
                self._step.beat(busy_s / len(batch), len(numbered.outgoing.envelope))
            self._count_lost()

    def _away(self, error: Unavailable, since_s: float | None) -> float:
        self._health.fail("streaming_backend", str(error))
        self._count_lost()
        if since_s is not None:
            return since_s
        self._beats.count("backend_disconnects")
        log.warning("backend is away", extra={"why": str(error), "waiting": len(self._outbox)})
        return self._clock.monotonic_s()

    def _back(self, away_since_s: float | None) -> None:
        self._health.ok("streaming_backend")
        if away_since_s is not None:
            away_s = self._clock.monotonic_s() - away_since_s
            self._beats.count("backend_away_seconds", away_s)
            log.info(
                "backend is back",
                extra={"away_s": round(away_s, 3), "lost": self._outbox.lost},
            )

    def _count_lost(self) -> None:
        self._beats.count("envelopes_lost", self._outbox.lost - self._lost_counted)
        self._lost_counted = self._outbox.lost
