"""What a service says of itself, as a Redis hears it."""

import asyncio
import json

import pytest

from tests.support.eventually import eventually
from tests.support.subscriber import Subscriber
from vitalrig.clock import ManualClock
from vitalrig.errors import Unavailable
from vitalrig.heartbeat_publisher import HeartbeatPublisher, keep_publishing
from vitalrig.redis_client import RedisAddress, connect, connect_async
from vitalrig.redis_keys import CAMERAS, HEARTBEATS
from vitalrig.service.heartbeats import ServiceHeartbeats


@pytest.fixture
def heard(redis_server):
    """All that is published for whoever watches the rig, as channel and text."""
    with redis_server.client() as client:
        subscriber = Subscriber(client, "vitalrig:*")
        yield lambda: [(each["channel"].decode(), each["data"]) for each in subscriber.heard()]
        subscriber.close()


@pytest.fixture
def address(redis_server):
    return RedisAddress(port=redis_server.port)


@pytest.fixture
def client(address):
    with connect(address) as client:
        yield client


def test_heartbeats_are_published_once_a_second_with_what_goes_with_them(heard, client):
    """
    However often the loop turns.
    """
    clock = ManualClock()
    publisher = HeartbeatPublisher(
        client,
        ServiceHeartbeats("collector", clock=clock),
        clock,
        lambda: [(f"{CAMERAS}bed7", b"{}")],
    )

    published = [publisher.publish_if_due(), publisher.publish_if_due()]
    clock.advance(1.0)
    published.append(publisher.publish_if_due())

    channels = [channel for channel, _ in heard()]
    assert [True, False, True] == published
    assert [f"{CAMERAS}bed7", f"{HEARTBEATS}collector"] * 2 == channels


def test_an_event_loop_publishes_the_heartbeats_of_its_instance(heard, address):
    """
    Several servers are told apart by their cameras.
    """

    async def publish_until_heard():
        beats = ServiceHeartbeats("physiology_server", "bed7")
        publishing = asyncio.create_task(keep_publishing(connect_async(address), beats))
        found = await asyncio.to_thread(eventually, heard)
        publishing.cancel()
        await asyncio.wait([publishing])
        return found

    [(channel, text), *_] = asyncio.run(publish_until_heard())

    assert f"{HEARTBEATS}physiology_server@bed7" == channel
    assert "bed7" == json.loads(text)["instance"]


def test_heartbeats_that_redis_misses_are_not_tried_again(redis_server, client):
    """
    The next come in a second, and nobody wants to know how it was.
    """
    redis_server.stop()
    clock = ManualClock()
    publisher = HeartbeatPublisher(client, ServiceHeartbeats("relay"), clock)

    with pytest.raises(Unavailable):
        publisher.publish_if_due()

    assert not publisher.publish_if_due()
