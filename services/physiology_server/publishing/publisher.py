"""From the outbox to the backend, through any absence of the other side."""

import asyncio
import logging
from collections.abc import Sequence

from services.physiology_server.envelopes import NO_NUMBER, Numbered
from services.physiology_server.publishing.backend import Backend
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.send_latency import SendLatencies
from vitalrig.clock import Clock
from vitalrig.errors import BadMessage, Unavailable
from vitalrig.reported_outage import ReportedOutage
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.unkept import NEWEST

log = logging.getLogger(__name__)

BATCH = 64
SAY_LOST_EVERY_S = 60.0


class Publisher:
    """
    Sends what the outbox holds, in order, and keeps trying while the backend is away.

    Attributes:
        latencies: How long the envelopes of the last seconds took from the outbox until they
            were sent. The counter `publish_latency_seconds` is the sum over all.
    """

    def __init__(
        self,
        outbox: Outbox,
        backend: Backend,
        beats: ServiceHeartbeats,
        health: Health,
        clock: Clock,
    ) -> None:
        self._outbox = outbox
        self._backend = backend
        self._beats = beats
        self._health = health
        self._clock = clock
        self._outage = ReportedOutage("backend", beats, clock)
        self._step = beats.step("envelopes_published")
        self._pictures = beats.step("pictures_published")
        self.latencies = SendLatencies(clock)
        for name in (
            "envelopes_lost", "envelopes_refused", "publish_latency_seconds", "pictures_replaced",
        ):  # fmt: skip
            beats.count(name, 0)
        self._lost_counted = 0
        self._lost_said = 0
        self._lost_said_at_s = float("-inf")
        self._replaced_counted = 0
        self._on_its_way: asyncio.Task[None] | None = None

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

        A batch that is on its way when this is cancelled is finished all the same, and who calls
        it next waits for that; so a stop sends nothing twice.
        """
        while self._on_its_way is not None or (batch := self._outbox.take(BATCH)):
            if self._on_its_way is None:
                self._on_its_way = asyncio.create_task(self._deliver(batch))
            await asyncio.shield(self._on_its_way)

    async def close(self) -> None:
        """
        Send no more. What was not sent waits for the next run, or is lost where no disk keeps it.
        """
        if self._on_its_way is not None:
            self._on_its_way.cancel()
            await asyncio.wait([self._on_its_way])
        waiting = await self._outbox.close()
        self._lost_said_at_s = float("-inf")
        self._count_lost()
        if waiting:
            log.warning("envelopes wait for the next start", extra={"envelopes": waiting})

    async def _deliver(self, batch: list[Numbered]) -> None:
        """
        Send one batch, whenever that is possible.
        """
        try:
            began_s = self._clock.monotonic_s()
            try:
                await self._send(batch)
            except Unavailable as exc:
                batch = await self._send_when_back(exc)
                busy_s = 0.0
            else:
                busy_s = self._clock.monotonic_s() - began_s
            self._outbox.done()
            self._health.ok("streaming_backend")
            self._count(batch, busy_s)
        finally:
            self._on_its_way = None

    async def _send_when_back(self, error: Unavailable) -> list[Numbered]:
        """
        Keep trying, first at once, each time with what is the oldest batch then.
        """
        self._note_away(error)
        while True:
            batch = self._outbox.take(BATCH)
            try:
                await self._send(batch)
            except Unavailable as exc:
                self._note_away(exc)
                await self._backend.show(self._outbox.newest(NEWEST))
                await asyncio.sleep(self._outage.left_s)
            else:
                self._outage.end(lost=self._outbox.lost)
                return batch

    def _note_away(self, error: Unavailable) -> None:
        self._outage.fail(str(error), waiting=len(self._outbox))
        self._health.fail("streaming_backend", str(error))
        self._count_lost()

    async def _send(self, batch: Sequence[Numbered]) -> None:
        """
        Send *batch* without what the backend refuses for good.
        """
        try:
            await self._backend.send(batch)
        except BadMessage:
            for numbered in batch:
                try:
                    await self._backend.send([numbered])
                except BadMessage as exc:
                    self._beats.count("envelopes_refused")
                    log.error("envelope refused", extra={"why": str(exc), "seq": numbered.seq})

    def _count(self, batch: Sequence[Numbered], busy_s: float) -> None:
        now_s = self._clock.monotonic_s()
        share_s = busy_s / len(batch)
        latency_s = 0.0
        for numbered in batch:
            size_bytes = len(numbered.outgoing.envelope)
            if numbered.seq == NO_NUMBER:
                self._pictures.beat(share_s, size_bytes)
                continue
            self._step.beat(share_s, size_bytes)
            if numbered.put_at_s is not None:
                self.latencies.add(now_s, now_s - numbered.put_at_s)
                latency_s += now_s - numbered.put_at_s
        self._beats.count("publish_latency_seconds", latency_s)
        self._count_lost()

    def _may_say_lost(self) -> bool:
        now_s = self._clock.monotonic_s()
        if now_s - self._lost_said_at_s < SAY_LOST_EVERY_S:
            return False
        self._lost_said_at_s = now_s
        return True

    def _count_lost(self) -> None:
        outbox = self._outbox
        self._beats.facts["envelopes_waiting"] = len(outbox)
        if outbox.lost != self._lost_counted:
            lost = outbox.lost - self._lost_counted
            self._beats.count("envelopes_lost", lost)
            self._lost_counted = outbox.lost
        if outbox.lost != self._lost_said and self._may_say_lost():
            extra = {"envelopes": outbox.lost - self._lost_said, "in_all": outbox.lost}
            log.error("envelopes lost", extra=extra)
            self._lost_said = outbox.lost
        if outbox.pictures_replaced != self._replaced_counted:
            self._beats.count(
                "pictures_replaced", outbox.pictures_replaced - self._replaced_counted
            )
            self._replaced_counted = outbox.pictures_replaced
