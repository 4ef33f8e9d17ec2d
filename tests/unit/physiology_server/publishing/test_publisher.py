"""From the outbox to a backend that comes and goes."""

import asyncio

from services.physiology_server.envelopes import Outgoing
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.publisher import Publisher
from tests.support.memory_backend import MemoryBackend
from tests.support.patience import PATIENCE_S
from vitalrig.clock import ManualClock, SystemClock
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats


class Parts:
    def __init__(self, tmp_path, max_envelopes=100, clock=None):
        clock = clock or SystemClock()
        self.outbox = Outbox(max_envelopes, clock)
        self.backend = MemoryBackend()
        self.beats = ServiceHeartbeats("probe")
        self.health = Health(tmp_path / "health")
        self.publisher = Publisher(self.outbox, self.backend, self.beats, self.health, clock)

    def put(self, count):
        for number in range(count):
            self.outbox.put(Outgoing("edge_metrics", str(number).encode()))

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
            until(lambda: "streaming_backend" in parts.health.failing), timeout=PATIENCE_S
        )
        parts.put(3)
        parts.backend.away = False
        await asyncio.wait_for(flushing, timeout=PATIENCE_S)
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
            until(lambda: "streaming_backend" in parts.health.failing), timeout=PATIENCE_S
        )
        during = parts.health.failing["streaming_backend"]
        parts.backend.away = False
        await asyncio.wait_for(flushing, timeout=PATIENCE_S)
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


def test_what_the_backend_refuses_is_counted_and_costs_nothing_else(tmp_path):
    """
    One envelope that no reader could know does not end the server.
    """

    async def run():
        parts = Parts(tmp_path)
        parts.put(1)
        parts.outbox.put(Outgoing("nonsense", b"?"))
        parts.put(1)
        await parts.publisher.flush()
        sent = [numbered.seq for numbered in parts.backend.sent]
        return sent, parts.counters()["envelopes_refused"]

    assert ([1, 3], 1) == asyncio.run(run())


def test_after_an_absence_the_newest_picture_is_sent(tmp_path):
    """
    Not the one that was the newest when the backend went away.
    """

    async def run():
        parts = Parts(tmp_path)
        parts.backend.away = True
        parts.outbox.put(Outgoing("frame", b"old"))
        flushing = asyncio.create_task(parts.publisher.flush())
        await asyncio.wait_for(
            until(lambda: "streaming_backend" in parts.health.failing), timeout=PATIENCE_S
        )
        parts.outbox.put(Outgoing("frame", b"new"))
        parts.backend.away = False
        await asyncio.wait_for(flushing, timeout=PATIENCE_S)
        return [numbered.outgoing.envelope for numbered in parts.backend.sent]

    assert [b"new"] == asyncio.run(run())


def test_the_time_from_the_outbox_until_sent_is_measured(tmp_path):
    """
    For each envelope, in the counter and in the summary of the last seconds.
    """

    async def run():
        clock = ManualClock()
        parts = Parts(tmp_path, clock=clock)
        parts.put(1)
        clock.advance(0.25)
        parts.put(1)
        clock.advance(0.5)
        await parts.publisher.flush()
        summary = parts.publisher.latencies.summary()
        return parts.counters()["publish_latency_seconds"], summary.p50_ms, summary.max_ms

    assert (1.25, 500.0, 750.0) == asyncio.run(run())


def test_pictures_are_counted_apart_from_envelopes(tmp_path):
    """
    Throughput of measurements is not mixed with that of pictures.
    """

    async def run():
        parts = Parts(tmp_path)
        parts.put(2)
        parts.outbox.put(Outgoing("frame", b"p"))
        await parts.publisher.flush()
        steps = parts.beats.report()["steps"]
        return steps["envelopes_published"]["count"], steps["pictures_published"]["count"]

    assert (2, 1) == asyncio.run(run())


def test_the_first_retry_comes_at_once(tmp_path):
    """
    A connection that was merely closed meanwhile costs no waiting.
    """

    async def run():
        parts = Parts(tmp_path)
        tries = []
        send = parts.backend.send

        async def fail_first(batch):
            tries.append(asyncio.get_running_loop().time())
            parts.backend.away = len(tries) == 1
            await send(batch)

        parts.backend.send = fail_first
        parts.put(1)
        await parts.publisher.flush()
        return tries[1] - tries[0]

    assert asyncio.run(run()) < 0.05


def test_while_nothing_can_be_kept_the_newest_is_shown(tmp_path):
    """
    Who watches a patient goes on seeing, and what is shown is sent later all the same.
    """

    async def run():
        parts = Parts(tmp_path, 1_000)
        parts.backend.away = True
        parts.put(200)
        flushing = asyncio.create_task(parts.publisher.flush())
        await until(lambda: parts.backend.shown)
        shown = [numbered.seq for numbered in parts.backend.shown]
        parts.backend.away = False
        await flushing
        return shown, [numbered.seq for numbered in parts.backend.sent]

    assert ([*range(137, 201)], [*range(1, 201)]) == asyncio.run(run())
