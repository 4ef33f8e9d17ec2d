"""What subscribers are sent: metrics, status and the log."""

import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, TypeAlias

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.physiology_server.control import StatusChange
from services.physiology_server.envelopes import of_change
from services.physiology_server.publishing.subscribers import Delivery, Subscriber, Subscribers
from services.physiology_server.rpc.encoders import Encoder, encoder
from services.physiology_server.rpc.log_stream import CHANNEL as LOGS
from services.physiology_server.state import ServerState
from smartspectra.ipc.wire.channels import CORE_METRICS, EDGE_METRICS, STATUS
from smartspectra.ipc.wire.envelope import BadEnvelope

log = logging.getLogger(__name__)

SOURCE = "vitalrig-source"
MISSED = "vitalrig-missed"
CHANNELS = {
    "StreamCoreMetrics": CORE_METRICS,
    "StreamEdgeMetrics": EDGE_METRICS,
    "StreamStatus": STATUS,
    "StreamLogs": LOGS,
}
"""What each streaming RPC of ours reads."""

Context: TypeAlias = Any
"""A `grpc.aio.ServicerContext`, which has no type stubs."""


class StreamService:
    """
    Serves the readers of streams.

    A stream's initial metadata come as soon as it is subscribed to, and say what frames are
    (`vitalrig-source`); its trailing metadata say how many messages the reader has lost
    (`vitalrig-missed`). Messages that have a field for either say it too.

    Args:
        state: What is sent first, where the present matters.
        source: What frames are made of.
        subscribers: Where the messages come from.
    """

    def __init__(self, state: ServerState, source: str, subscribers: Subscribers) -> None:
        self._state = state
        self._source = source
        self._subscribers = subscribers

    def answer(
        self, verb: str, output: Descriptor
    ) -> Callable[[AsyncIterator[Message], Context], AsyncGenerator[bytes, None]]:
        """
        Make what serves one RPC.

        Args:
            verb: Our name of the RPC.
            output: The type of its messages.
        """
        channel, encode = CHANNELS[verb], encoder(verb, output, self._source)

        async def answer(
            _requests: AsyncIterator[Message], context: Context
        ) -> AsyncGenerator[bytes, None]:
            with self._subscribers.subscribe(channel, context.peer()) as reader:
                await context.send_initial_metadata(((SOURCE, self._source),))
                told_up_to = 0
                if verb == "StreamStatus":
                    told_up_to, present = self._present()
                    yield encode(present, 0)
                messages = _messages(reader, encode, told_up_to)
                try:
                    async with contextlib.aclosing(messages):
                        async for message in messages:
                            yield message
                finally:
                    context.set_trailing_metadata(((MISSED, str(reader.missed)),))

        return answer

    def _present(self) -> tuple[int, Delivery]:
        """
        The present status, and the number up to which changes are older than it.
        """
        state = self._state
        state.announce()
        change = StatusChange(state.control.status, state.control.status_timestamp_us)
        return state.outbox.accepted, Delivery(of_change(change).envelope, 0)


async def _messages(
    reader: Subscriber, encode: Encoder, told_up_to: int
) -> AsyncGenerator[bytes, None]:
    """
    What comes after number *told_up_to*; what cannot be understood counts as missed.
    """
    lost = 0
    while (got := await reader.next()) is not None:
        delivery, missed = got
        lost += missed
        if delivery.seq <= told_up_to:
            continue
        try:
            message = encode(delivery, lost)
        except BadEnvelope as exc:
            log.warning("no envelope", extra={"why": exc.reason, "seq": delivery.seq})
            reader.miss(1)
            continue
        yield message
        lost = 0
