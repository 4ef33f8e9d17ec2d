"""What readers of the status are told, and in which order."""

import asyncio

from services.physiology_server.control import Control
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.subscribers import Subscribers
from services.physiology_server.rpc.stream_service import StreamService
from services.physiology_server.state import ServerState
from vitalrig.clock import ManualClock
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.statuses import StatusCode


class Context:
    """What a stream needs of gRPC."""

    def __init__(self):
        self.trailing = ()

    def peer(self):
        return "a test"

    async def send_initial_metadata(self, metadata):
        self.initial = metadata

    def set_trailing_metadata(self, metadata):
        self.trailing = metadata


class Parts:
    def __init__(self):
        self.control = Control(ManualClock())
        self.outbox = Outbox(100)
        drops = DroppedFrames(ServiceHeartbeats("physiology_server"))
        self.state = ServerState(self.control, self.outbox, {}, drops)
        self.hub = Subscribers()
        streams = StreamService(self.state, "synthetic", self.hub)
        answer = streams.answer("StreamStatus", pb.StatusUpdate.DESCRIPTOR)
        self.replies = answer(None, Context())

    def see(self, status, timestamp_us):
        self.control.see(status, timestamp_us)
        self.state.announce()

    def send(self):
        """As the publisher does, some time later."""
        for numbered in self.outbox.take(100):
            outgoing = numbered.outgoing
            self.hub.offer(outgoing.channel, outgoing.envelope, numbered.seq)
        self.outbox.done()

    async def told(self):
        return pb.StatusUpdate.FromString(await anext(self.replies)).status.value


def test_a_status_from_before_is_not_told_after_the_present_one():
    """
    What waits on its way out when a reader comes is older than what it is told first.
    """

    async def scenario():
        parts = Parts()
        parts.see(StatusCode.IMAGE_TOO_DARK, 1)
        parts.see(StatusCode.OK, 2)
        told = [await parts.told()]
        parts.send()
        parts.see(StatusCode.IMAGE_TOO_BRIGHT, 3)
        parts.send()
        return [*told, await parts.told()]

    assert [StatusCode.OK, StatusCode.IMAGE_TOO_BRIGHT] == asyncio.run(scenario())


def test_the_present_status_is_told_once():
    """
    Also when nobody has announced it yet.
    """

    async def scenario():
        parts = Parts()
        parts.control.see(StatusCode.OK, 2)
        told = [await parts.told()]
        parts.see(StatusCode.IMAGE_TOO_BRIGHT, 3)
        parts.send()
        return [*told, await parts.told()]

    assert [StatusCode.OK, StatusCode.IMAGE_TOO_BRIGHT] == asyncio.run(scenario())
