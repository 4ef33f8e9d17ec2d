"""What a camera publishes, read from its durable stream from the beginning on."""

import contextlib
from dataclasses import dataclass, field
from typing import Any, cast

from smartspectra.ipc.wire.channels import RECORDING_STATE
from smartspectra.ipc.wire.envelope import (
    BadEnvelope,
    Envelope,
    document_of,
    recording_of,
    session_id_of,
)
from vitalrig.redis_client import REDIS_ERRORS, describe_error
from vitalrig.redis_keys import (
    FIELD_CHANNEL,
    FIELD_ENVELOPE,
    FIELD_RUN,
    FIELD_SEQ,
    envelopes_stream,
)
from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.signal_history import SignalHistory

_AT_ONCE = 2_000
"""Entries of one answer."""


@dataclass(slots=True)
class PublishedRecording:
    """
    A recording as the camera published it, by the numbers of its envelopes.

    Attributes:
        session: What it is called.
        began_at_s: The camera's own time at its start.
        is_over: Whether its stop was published.
    """

    session: str
    began_at_s: float
    is_over: bool = False
    _numbers: dict[str, tuple[int, int]] = field(default_factory=dict)

    def count(self, run: str, seq: int) -> None:
        """
        Take one more envelope, the number *seq* of a run of the server.
        """
        first, _ = self._numbers.get(run, (seq, seq))
        self._numbers[run] = (first, seq)

    @property
    def published(self) -> int:
        """
        How many there were from its start to its stop, both included, also those that are lost.
        """
        return sum(last - first + 1 for first, last in self._numbers.values())


class CameraStream:
    """
    Reads a camera's envelopes in order and keeps what they said, not them.

    Args:
        address: Where Redis is.
        prefix: The camera's key prefix.

    Attributes:
        history: The states of its signals.
        recordings: Its recordings, in order.
        missed: Envelopes that had left the stream before they were read.
        trouble: Why Redis could not be read the last time; empty if it could.
    """

    def __init__(self, address: RigAddress, prefix: str) -> None:
        self.history = SignalHistory()
        self.recordings: list[PublishedRecording] = []
        self.missed = 0
        self.trouble = ""
        self._client = address.client()
        self._key = envelopes_stream(prefix)
        self._last_id = b"0"
        self._last_seq: dict[str, int] = {}

    def read(self, wait_s: float = 0.0) -> None:
        """
        Read all that has come.

        Args:
            wait_s: How long to wait for the first, in seconds.
        """
        block_ms = round(wait_s * 1000) or None
        try:
            while answer := self._client.xread({self._key: self._last_id}, _AT_ONCE, block_ms):
                ((_, entries),) = cast("list[tuple[bytes, list[Any]]]", answer)
                for entry_id, fields in entries:
                    self._last_id = entry_id
                    self._take(fields)
                block_ms = None
        except REDIS_ERRORS as exc:
            self.trouble = describe_error(exc)
        else:
            self.trouble = ""

    def _take(self, fields: dict[bytes, bytes]) -> None:
        channel, run = (fields[name.encode()].decode() for name in (FIELD_CHANNEL, FIELD_RUN))
        raw, seq = fields[FIELD_ENVELOPE.encode()], int(fields[FIELD_SEQ.encode()])
        before = self._last_seq.get(run, 0)
        if seq <= before:
            return  # it came twice: an answer of Redis was lost
        self.missed += seq - before - 1
        self._last_seq[run] = seq
        self.history.take(channel, raw, run)
        if channel == RECORDING_STATE:
            self._see_recording(raw, run, seq)
        elif self.recordings and not self.recordings[-1].is_over:
            self.recordings[-1].count(run, seq)

    def _see_recording(self, raw: bytes, run: str, seq: int) -> None:
        try:
            payload = Envelope.parse(raw).payload
        except BadEnvelope:
            return
        recording, session = recording_of(payload), session_id_of(payload) or ""
        newest = self.recordings[-1] if self.recordings else None
        if recording and (newest is None or newest.is_over or newest.session != session):
            newest = PublishedRecording(session, self.history.now_s)
            self.recordings.append(newest)
        if newest is not None and not newest.is_over:
            newest.count(run, seq)
            newest.is_over = not recording

    def envelopes(self) -> list[dict[str, Any]]:
        """
        Give all envelopes that the stream holds now, as documents; damaged ones are left out.

        Raises:
            redis.exceptions.RedisError: If Redis cannot be read.
        """
        found = []
        for _, fields in cast("list[Any]", self._client.xrange(self._key)):
            with contextlib.suppress(BadEnvelope):
                document = document_of(fields[FIELD_ENVELOPE.encode()])
                if isinstance(document, dict):
                    found.append(document)
        return found

    def forget_after(self, seconds: int) -> None:
        """
        Let Redis forget the stream after a while, and the connection go.
        """
        with contextlib.suppress(*REDIS_ERRORS):
            self._client.expire(self._key, seconds)
        self._client.close()
