"""From the outbox to a backend that comes and goes."""

import asyncio

from services.physiology_server.envelopes import Outgoing
from services.physiology_server.outbox import Outbox
from services.physiology_server.publisher import Publisher
from services.physiology_server.streaming.memory import MemoryBackend
from vitalrig.beats import Beats
from vitalrig.clock import SystemClock
from vitalrig.health import Health


class Parts:
    def __init__(self, tmp_path, max_envelopes=100):
        self.outbox = Outbox(max_envelopes)
        self.backend = MemoryBackend()
        self.beats = Beats("probe")
        self.health = Health(tmp_path / "health")
        self.publisher = Publisher(
            self.outbox, self.backend, self.beats, self.health, SystemClock()
        )

    def put(self, count):
        for number in range(count):
            self.outbox.put(Outgoing("c", str(number).encode()))

    def counters(self):
        return self.beats.report()["counters"]


async def until(condition):
    while not condition():  # noqa: ASYNC110  health has no event to wait for
        await asyncio.sleep(0)


def test_everything_is_sent_in_order(tmp_path):
    """
    The usual case, over several batches.
    """

    async def run():
        parts = Parts(tmp_path, 1_000)
        parts.put(200)
        await parts.publisher.flush()
        return [numbered.seq for numbered in parts.backend.sent]

    assert list(range(1, 201)) == asyncio.run(run())


def test_an_absence_of_the_backend_costs_nothing_and_is_counted_once(tmp_path):
    """
    However often sending was tried meanwhile.
    """

    async def run():
        parts = Parts(tmp_path)
        parts.backend.away = True
        parts.put(3)
        flushing = asyncio.create_task(parts.publisher.flush())
        await asyncio.wait_for(
            until(lambda: "streaming_backend" in parts.health.failing), timeout=5
        )
        parts.put(3)
        parts.backend.away = False
        await asyncio.wait_for(flushing, timeout=5)
        return len(parts.backend.sent), parts.counters()["backend_disconnects"]

    assert (6, 1) == asyncio.run(run())


def test_health_names_the_backend_while_it_is_away(tmp_path):
    """
    The probe says what to look at, and forgets it afterwards.
    """

    async def run():
        parts = Parts(tmp_path)
        parts.backend.away = True
        parts.put(1)
        flushing = asyncio.create_task(parts.publisher.flush())
        await asyncio.wait_for(
            until(lambda: "streaming_backend" in parts.health.failing), timeout=5
        )
        during = parts.health.failing["streaming_backend"]
        parts.backend.away = False
        await asyncio.wait_for(flushing, timeout=5)
        return during, "streaming_backend" in parts.health.failing

    assert ("switched off", False) == asyncio.run(run())


def test_what_a_full_outbox_lost_is_counted(tmp_path):
    """
    The operator sees how many, not only that.
    """

    async def run():
        parts = Parts(tmp_path, max_envelopes=5)
        parts.put(8)
        await parts.publisher.flush()
        return parts.counters()["envelopes_lost"]

    assert 3 == asyncio.run(run())
