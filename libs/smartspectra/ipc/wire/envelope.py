"""The message every channel and JSONL line carries: type, time, payload."""

import json
import math
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from smartspectra.ipc.wire.channels import METRIC_KINDS, RECORDING_STATE
from smartspectra.ipc.wire.codec import codec

_LARGEST = 10**21
_MICROSECONDS_BELOW = ((10**11, 1_000_000), (10**14, 1_000), (10**17, 1))
"""Seconds until the year 5138, then milliseconds, microseconds; above: nanoseconds."""

_ON = frozenset({"start", "started", "starting", "recording", "on", "true", "active", "1"})
_OFF = frozenset(
    {"stop", "stopped", "stopping", "idle", "off", "false", "inactive", "not_recording", "0"}
)
_STATE_KEYS = ("recording", "is_recording", "isRecording", "active", "value", "state", "status")


RejectReason = Literal[
    "not_text", "not_utf8", "not_json", "too_deep", "not_an_object", "no_type", "no_payload"
]
REJECT_REASONS: tuple[RejectReason, ...] = get_args(RejectReason)
"""Why bytes are not an envelope."""


class BadEnvelope(ValueError):
    """
    These bytes are not an envelope. Count them, skip them, go on.

    Attributes:
        reason: Why, in a word that is fit for a counter.
    """

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason.replace("_", " "))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    One published message.

    Attributes:
        type: ``core_metrics``, ``edge_metrics``, ``status``, ``frame``,
            ``recording_state``, or a name this version does not know.
        timestamp_us: When it was published, in microseconds; None if it does not say.
        payload: The body as it came: an object for metrics, anything for other types.
    """

    type: str
    timestamp_us: int | None
    payload: Any

    @classmethod
    def parse(cls, raw: bytes | str) -> Self:
        """
        Understand one message.

        Raises:
            BadEnvelope: If *raw* is not an envelope.
        """
        return cls.of(document_of(raw))

    @classmethod
    def of(cls, document: Any) -> Self:  # noqa: ANN401
        """
        Understand a message whose JSON is already parsed.

        Raises:
            BadEnvelope: If it is not an envelope.
        """
        if not isinstance(document, dict):
            raise BadEnvelope("not_an_object")
        kind = document.get("type")
        if not isinstance(kind, str):
            raise BadEnvelope("no_type")
        if "payload" in document:
            payload = document["payload"]
        elif kind == RECORDING_STATE:
            payload = document
        else:
            raise BadEnvelope("no_payload")
        if kind in METRIC_KINDS and not isinstance(payload, dict):
            raise BadEnvelope("no_payload")
        return cls(kind, timestamp_us(document.get("timestamp")), payload)

    def dump(self) -> bytes:
        """One compact line without its newline, keys in the documented order."""
        document = {"type": self.type, "timestamp": self.timestamp_us, "payload": self.payload}
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def is_envelope(raw: bytes | str) -> bool:
    """Whether *raw* can be understood."""
    try:
        Envelope.parse(raw)
    except BadEnvelope:
        return False
    return True


def document_of(raw: bytes | str) -> Any:  # noqa: ANN401
    """
    The JSON document in *raw*.

    Raises:
        BadEnvelope: If it is not UTF-8, not JSON, or nested beyond reason.
    """
    try:
        return codec().loads(raw.encode() if isinstance(raw, str) else raw)
    except UnicodeError as exc:
        raise BadEnvelope("not_utf8") from exc
    except ValueError as exc:
        raise BadEnvelope("not_json") from exc
    except RecursionError as exc:
        raise BadEnvelope("too_deep") from exc


def timestamp_us(value: Any) -> int | None:  # noqa: ANN401
    """
    A wall-clock stamp of unknown unit as whole microseconds.

    Seconds, milliseconds, microseconds and nanoseconds since 1970 are told apart by
    magnitude. Numbers and numbers in text are understood; anything else is None.
    """
    number = _finite(value)
    if number is None:
        return None
    for bound, factor in _MICROSECONDS_BELOW:
        if abs(number) < bound:
            return round(number * factor)
    return round(number / 1000)


def _finite(value: Any) -> int | float | None:  # noqa: ANN401
    """A number, or one in text; integers stay exact."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    number: int | float
    try:
        number = _number_in(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return number if abs(number) <= _LARGEST and math.isfinite(number) else None


def _number_in(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def recording_of(payload: Any) -> bool | None:  # noqa: ANN401
    """
    Whether a ``recording_state`` payload says on or off; None if it says neither.

    The vendor's form is not public. Understood are a bare boolean, number or word,
    and objects that hold one under ``recording``, ``is_recording``, ``active``,
    ``value``, ``state`` or ``status``.
    """
    if isinstance(payload, dict):
        answers = (_on_or_off(payload.get(key)) for key in _STATE_KEYS)
        return next((answer for answer in answers if answer is not None), None)
    return _on_or_off(payload)


def _on_or_off(payload: Any) -> bool | None:  # noqa: ANN401
    if isinstance(payload, bool):
        return payload
    if isinstance(payload, int | float):
        return {0.0: False, 1.0: True}.get(payload)
    if isinstance(payload, str):
        word = payload.strip().lower()
        return True if word in _ON else False if word in _OFF else None
    return None


def session_id_of(payload: Any) -> str | None:  # noqa: ANN401
    """The session id that a ``recording_state`` payload names, if any."""
    value = payload.get("session_id") if isinstance(payload, dict) else None
    return value if isinstance(value, str) and value else None
