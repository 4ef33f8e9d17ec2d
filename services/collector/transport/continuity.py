"""
Whether a server that only publishes goes on, as far as its stamps tell.

Such a server gives no numbers: one that is killed in a recording and started again says nothing of
what it made and never sent. But while it measures it stamps some envelope at least every second or
so. A hole in its stamps, or stamps that go back, mean that something may be missing. That is not
proof: a clock that was set looks the same.
"""

from typing import Final

from services.collector.transport.base import ReceivedEnvelope
from smartspectra.ipc.wire.channels import EDGE_METRICS, RECORDING_STATE, STATUS
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, recording_of

HOLE_US = 2_000_000
"""A server that measures is never silent for so long; none starts in less."""

BACK_US = 1_000_000

HOLE = "the server's stamps have a hole; it may have been restarted"
WENT_BACK = "the server's stamps go back; it may have been restarted"
NOT_MEASURING = "PROCESSING_NOT_STARTED"

_TOLD_IN_ORDER = frozenset({EDGE_METRICS, STATUS, RECORDING_STATE})
"""Core's metrics come late by design, and tell nothing."""

_NOTHING: Final = ("", 0.0)


class Continuity:
    """
    Follows the stamps of one server.
    """

    def __init__(self) -> None:
        self._edge_us: int | None = None
        self._began_us: int | None = None
        self._is_one_clock = False
        self._is_measuring = True

    def look(self, arrival: ReceivedEnvelope) -> tuple[str, float]:
        """
        Look at what came; gives why something before it may be missing, and in how many seconds.

        Before the start of a recording nothing that was to be recorded can be missing, and a server
        that said that it does not measure may be silent.
        """
        if arrival.channel not in _TOLD_IN_ORDER:
            return _NOTHING
        try:
            envelope = Envelope.of(arrival.document())
        except BadEnvelope:
            return _NOTHING
        stamp_us = envelope.timestamp_us
        if stamp_us is None:
            return _NOTHING
        if arrival.channel == EDGE_METRICS:
            return self._look_at_edge(stamp_us)
        if arrival.channel == RECORDING_STATE and recording_of(envelope.payload) is True:
            self._edge_us, self._began_us, self._is_measuring = None, stamp_us, True
            return _NOTHING
        found = self._look_at_other(stamp_us)
        if arrival.channel == STATUS:
            self._is_measuring = not _says_not_measuring(envelope.payload)
        return found

    def _look_at_edge(self, stamp_us: int) -> tuple[str, float]:
        if self._edge_us is None:
            self._is_one_clock = _is_near(stamp_us, self._began_us)
        found = self._step(stamp_us)
        self._edge_us, self._is_measuring = stamp_us, True
        return found

    def _look_at_other(self, stamp_us: int) -> tuple[str, float]:
        """States may have another clock than the pictures of a replayed recording."""
        if _is_near(stamp_us, self._edge_us):
            self._is_one_clock = True
            return _NOTHING
        return self._step(stamp_us) if self._is_one_clock else _NOTHING

    def _step(self, stamp_us: int) -> tuple[str, float]:
        if self._edge_us is None or not self._is_measuring:
            return _NOTHING
        step_us = stamp_us - self._edge_us
        if step_us < -BACK_US:
            return WENT_BACK, 0.0
        return (HOLE, step_us / 1_000_000) if step_us > HOLE_US else _NOTHING


def _is_near(stamp_us: int, other_us: int | None) -> bool:
    return other_us is not None and abs(stamp_us - other_us) <= HOLE_US


def _says_not_measuring(payload: object) -> bool:
    value = payload.get("value") if isinstance(payload, dict) else payload
    return value == NOT_MEASURING
