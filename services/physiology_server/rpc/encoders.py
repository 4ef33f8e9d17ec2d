"""What is made of an envelope for the readers of one RPC: bytes, made once for all of them."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.physiology_server.publishing.subscribers import Delivery
from services.physiology_server.rpc import message_shapes as shapes
from services.physiology_server.rpc.payloads import fill_payload
from services.physiology_server.rpc.reply_builder import fill_facts
from smartspectra.ipc.wire.envelope import BadEnvelope
from vitalrig.statuses import StatusCode

log = logging.getLogger(__name__)

Encoder = Callable[[Delivery, int], bytes]
"""Gets an envelope and how many were missed before it; raises `BadEnvelope` if it is none."""


def encoder(verb: str, output: Descriptor, source: str) -> Encoder:
    """
    What turns envelopes into messages of the type *output*.

    Args:
        verb: Our name of the RPC.
        output: The type of its messages.
        source: What frames are, for messages that can say it.
    """
    kind: type[Message] = message_factory.GetMessageClass(output)
    test = {
        "StreamCoreMetrics": shapes.is_core_metrics,
        "StreamEdgeMetrics": shapes.is_edge_metrics,
    }.get(verb)
    path = None if test is None else shapes.path_to(output, test)

    def make(delivery: Delivery, missed: int) -> bytes:
        parsed, message = delivery.parsed(), kind()
        facts: dict[str, Any] = {
            "timestamp_us": parsed.timestamp_us, "seq": delivery.seq, "missed": missed,
            "source": source,
        }  # fmt: skip
        if path is None:
            fill_facts(message, facts | _plain(verb, parsed.payload))
            return message.SerializeToString()
        if path:
            fill_facts(message, facts, depth=0)
        part = getattr(message, path[0]) if path else message
        part.CopyFrom(_metrics(delivery, type(part), parsed.payload))
        return message.SerializeToString()

    def once(delivery: Delivery, missed: int) -> bytes:
        encoded: bytes = delivery.once((kind, missed), lambda: make(delivery, missed))
        return encoded

    return once


def _metrics(delivery: Delivery, kind: type[Message], payload: Mapping[str, Any]) -> Message:
    """
    The payload as a message, which several wrappers may share.
    """

    def make() -> Message:
        message = kind()
        if misfits := fill_payload(message, payload):
            log.debug("fields did not fit", extra={"fields": misfits, "seq": delivery.seq})
        return message

    made: Message = delivery.once((kind, "payload"), make)
    return made


def _plain(verb: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """
    A status or a line of the log as facts.
    """
    try:
        stamp = int(payload["timestamp"])
        if verb != "StreamStatus":
            return {**payload, "timestamp": stamp}
        return {"status": StatusCode[payload["value"]], "status_timestamp_us": stamp}
    except (KeyError, TypeError, ValueError) as exc:
        raise BadEnvelope("no_payload") from exc
