"""Messages as they go out: exactly `type`, `timestamp` (us since the epoch) and `payload`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from services.physiology_server.control import Change, RecordingChange

NO_NUMBER = 0
"""What pictures have in place of a number, which may be left out at any time."""


class Outgoing(NamedTuple):
    """
    One envelope, with the channel (without prefix) that it belongs to.

    Attributes:
        channel: One of `smartspectra.ipc.wire.channels.KINDS`.
        envelope: The message, one compact line without its end.
        jpeg: On the channel `frame`: the picture itself, for backends that need no base64.
    """

    channel: str
    envelope: bytes
    jpeg: bytes | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """
    An envelope on its way to a backend.

    Attributes:
        seq: Its number in its run, from 1 without a hole; 0 for a picture.
        outgoing: The envelope, with its channel.
        put_at_s: When it was put into the outbox, on the monotonic clock; None for what was read
            from the spool.
        run: The run that made it.
        follows: On the first of a run: the run before and its last number, where that is sure.
        position: Its place in the order of sending, over all runs that the spool holds.
    """

    seq: int
    outgoing: Outgoing
    put_at_s: float | None = None
    run: str = ""
    follows: str = ""
    position: int = 0


def envelope(kind: str, timestamp_us: int, payload: Mapping[str, Any]) -> Outgoing:
    """
    Make the envelope of *payload* for the channel of its kind, as one compact line.
    """
    document = {"type": kind, "timestamp": timestamp_us, "payload": payload}
    return Outgoing(kind, orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY))


def of_change(change: Change) -> Outgoing:
    """
    Make the envelope that tells subscribers of *change*.

    The vendor's documents leave both payloads open. Ours: a status is a `StatusValue` by
    protobuf's JSON rules; a recording state carries the boolean, a word and the session's id.
    """
    stamp = str(change.timestamp_us)
    if isinstance(change, RecordingChange):
        payload: dict[str, Any] = {
            "recording": change.recording,
            "state": "started" if change.recording else "stopped",
            "timestamp": stamp,
        }
        if change.session_id:
            payload["session_id"] = change.session_id
        return envelope("recording_state", change.timestamp_us, payload)
    return envelope(
        "status", change.timestamp_us, {"value": change.status.name, "timestamp": stamp}
    )
