"""
The lines of the spool's files, and what is read of them after a crash.

Each line is a JSON object. The first of a file is the run's state; then come envelopes, marks of
what was sent, and at last the mark of a stop.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import orjson

from services.physiology_server.envelopes import Numbered, Outgoing
from smartspectra.ipc.wire.channels import RECORDING_STATE
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, recording_of, session_id_of

_BYTES_AS_TEXT = "latin-1"
"""Any bytes there and back; an envelope need not be good JSON."""


@dataclass(frozen=True, slots=True)
class RunState:
    """
    What is known of a run.

    Attributes:
        run: Its id.
        boot: The machine's boot in which it ran.
        follows: What its first entry says of the run before.
        seq: The last number that it gave.
        position: The place of that one in the order of sending.
        sent: The place up to which everything was sent.
        recording: The session id of the recording that runs, which may be empty; None without.
        ended: Whether it stopped in order.
    """

    run: str
    boot: str
    follows: str = ""
    seq: int = 0
    position: int = 0
    sent: int = 0
    recording: str | None = None
    ended: bool = False

    @classmethod
    def parse(cls, line: bytes) -> Self | None:
        """
        Understand the first line of a file; None if it is none.
        """
        try:
            state = orjson.loads(line)["state"]
            return cls(
                run=str(state["run"]),
                boot=str(state["boot"]),
                follows=str(state["follows"]),
                seq=int(state["seq"]),
                position=int(state["position"]),
                sent=int(state["sent"]),
                recording=None if state["recording"] is None else str(state["recording"]),
                ended=bool(state["ended"]),
            )
        except (ValueError, TypeError, KeyError):
            return None

    def line(self) -> bytes:
        """
        The first line of a file.
        """
        return orjson.dumps({"state": asdict(self)}) + b"\n"

    def after(self, document: Mapping[str, Any]) -> "RunState":
        """
        The state after one more line.
        """
        match document:
            case {"position": int(position), "seq": int(seq)}:
                numbered = parse_envelope(document, self.run)
                recording = self.recording
                if numbered is not None:
                    recording = recording_after(numbered.outgoing, recording)
                return replace(
                    self,
                    position=max(position, self.position),
                    seq=max(seq, self.seq),
                    recording=recording,
                )
            case {"sent": int(sent)}:
                return replace(self, sent=sent)
            case {"ended": bool(ended)}:
                return replace(self, ended=ended)
        return self


def recording_after(outgoing: Outgoing, before: str | None) -> str | None:
    """
    Give the session that is recorded after *outgoing* was made; None for none.
    """
    if outgoing.channel != RECORDING_STATE:
        return before
    try:
        payload = Envelope.parse(outgoing.envelope).payload
    except BadEnvelope:
        return before
    recording = recording_of(payload)
    if recording is None:
        return before
    return session_id_of(payload) or "" if recording else None


def envelope_line(numbered: Numbered) -> bytes:
    """
    The line of one envelope.
    """
    document: dict[str, Any] = {
        "position": numbered.position,
        "seq": numbered.seq,
        "channel": numbered.outgoing.channel,
        "envelope": numbered.outgoing.envelope.decode(_BYTES_AS_TEXT),
    }
    if numbered.follows:
        document["follows"] = numbered.follows
    return orjson.dumps(document) + b"\n"


def parse_envelope(document: Mapping[str, Any], run: str) -> Numbered | None:
    """
    Understand a line as an envelope of *run*; None if it is none.
    """
    match document:
        case {
            "position": int(position),
            "seq": int(seq),
            "channel": str(channel),
            "envelope": str(envelope),
        }:
            outgoing = Outgoing(channel, envelope.encode(_BYTES_AS_TEXT, errors="replace"))
            follows = str(document.get("follows", ""))
            return Numbered(seq, outgoing, None, run, follows, position)
    return None


def sent_line(position: int) -> bytes:
    """
    The line that says up to where everything was sent.
    """
    return b'{"sent":%d}\n' % position


ENDED_LINE = b'{"ended":true}\n'


def parse(line: bytes) -> Mapping[str, Any] | None:
    """
    Understand one line; None for what a crash or a power cut left of one.
    """
    try:
        document = orjson.loads(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


@dataclass(frozen=True, slots=True)
class Found:
    """
    What a file says at its end.

    Attributes:
        state: The run's last state.
        torn: Whether something was begun that is not wholly there.
    """

    state: RunState
    torn: bool


def read_state(path: Path) -> Found | None:
    """
    Read the state at the end of one file; None if it has no first line that can be understood.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        first = file.readline()
        state = RunState.parse(first)
        if state is None:
            return None
        torn = not first.endswith(b"\n")
        for line in file:
            document = parse(line)
            torn = torn or document is None or not line.endswith(b"\n")
            state = state.after(document or {})
        return Found(state, torn)
