"""What happened in a session besides measurements: recording on and off, changes of status."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartspectra.ipc.session.moments import moment_of_us
from smartspectra.ipc.wire.channels import RECORDING_STATE, STATUS
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, recording_of, session_id_of
from vitalrig.harmless import harmless
from vitalrig.sessions.store.lines import Advance, no_progress, whole_lines

_WORDS = {True: "recording started", False: "recording stopped", None: "recording state"}
_MARKS = (f'"{RECORDING_STATE}"'.encode(), f'"{STATUS}"'.encode())


@dataclass(frozen=True, slots=True)
class Event:
    """
    One of them.

    Attributes:
        timestamp_us: When it was published, microseconds since 1970.
        kind: ``recording_state`` or ``status``.
        text: What happened, for people.
    """

    timestamp_us: int
    kind: str
    text: str


def events(jsonl: Path, advance: Advance = no_progress) -> Iterator[Event]:
    """
    Every event in a JSONL, in the order of the file; one without a possible time is left out.

    Raises:
        OSError: If the file cannot be read.
    """
    for line in whole_lines(jsonl, advance):
        # Few lines are events; the others are passed over unparsed.
        if not any(mark in line for mark in _MARKS):
            continue
        try:
            envelope = Envelope.parse(line)
        except BadEnvelope:
            continue
        at_us = envelope.timestamp_us
        if envelope.type not in {RECORDING_STATE, STATUS} or at_us is None:
            continue
        if moment_of_us(at_us) is not None:
            yield Event(at_us, envelope.type, harmless(_text(envelope)))


def _text(envelope: Envelope) -> str:
    if envelope.type == STATUS:
        return f"status {_value(envelope.payload)}"
    word = _WORDS[recording_of(envelope.payload)]
    session_id = session_id_of(envelope.payload)
    return f"{word} {session_id}" if session_id else word


def _value(payload: Any) -> Any:  # noqa: ANN401
    for key in ("value", "status", "code"):
        if isinstance(payload, dict) and key in payload:
            return payload[key]
    return payload
