"""What a stop must not do: send anything twice."""

import asyncio

import pytest

from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.publisher import Publisher
from tests.support.backends import batch
from tests.support.patience import PATIENCE_S
from vitalrig.clock import SystemClock
from vitalrig.errors import Unavailable
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats


class SlowBackend:
    """Has a batch for good once it was given time; away for the first few attempts."""

    def __init__(self, absences):
        self.absences = absences
        self.sent = []
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def send(self, part):
        self.asked.set()
        if self.absences:
            self.absences -= 1
            raise Unavailable("not there yet")
        self.sent += [each.seq for each in part]
        await self.go_on.wait()

    async def close(self):
        pass


@pytest.mark.parametrize("absences", [0, 1], ids=["at once", "after an absence"])
def test_a_batch_that_is_on_its_way_is_not_sent_again(tmp_path, absences):
    """
    The publisher's loop is cancelled in the middle of a batch, and the rest is sent by the goodbye.
    """

    async def stopped():
        outbox, backend = Outbox(1_000), SlowBackend(absences)
        publisher = Publisher(
            outbox, backend, ServiceHeartbeats("probe"), Health(tmp_path / "health"), SystemClock()
        )
        for each in batch(1, 100):
            outbox.put(each.outgoing)
        loop = asyncio.create_task(publisher.run())
        await asyncio.wait_for(backend.asked.wait(), PATIENCE_S)
        loop.cancel()
        await asyncio.wait([loop], timeout=PATIENCE_S)
        goodbye = asyncio.create_task(publisher.flush())
        backend.go_on.set()
        await asyncio.wait_for(goodbye, PATIENCE_S)
        return backend.sent

    assert list(range(1, 101)) == asyncio.run(stopped())
