"""
Whether a server that only publishes goes on, as far as its envelopes tell.

Such a server gives no numbers: one that is killed in a recording and started again says nothing of
what it made and never sent. But while it measures it stamps some envelope at least every second or
so, and counts the time since its capture began. A hole in its stamps, stamps that go back, a
capture that begins anew, or that it has not begun to process: each means that something may be
missing. That is not proof. A clock that was set looks the same, and so does a server that was told
to begin anew.
"""

from collections.abc import Mapping
from typing import Any, Final

from services.collector.transport.base import ReceivedEnvelope
from smartspectra.ipc.wire.channels import CORE_METRICS, EDGE_METRICS, RECORDING_STATE, STATUS
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, recording_of

HOLE_US = 2_000_000
"""A server that measures is never silent for so long; none starts in less."""

BACK_US = 1_000_000

USUAL_AT_FIRST_US = 500_000
USUAL_TIMES = 10
"""
Where a server sends no edge metrics, a hole is so many times longer than what is usual for it:
core metrics come once a buffer, which may be long.
"""

HOLE = "the server's stamps have a hole; it may have been restarted"
WENT_BACK = "the server's stamps go back; it may have been restarted"
BEGAN_ANEW = "the server's capture began anew; it may have been restarted"
NOT_MEASURING = frozenset({"PROCESSING_NOT_STARTED", "8"})

_NOTHING: Final = ("", 0.0)

Found = tuple[str, float]


class Continuity:
    """
    Follows the stamps of one server.
    """

    def __init__(self) -> None:
        self._edge_us: int | None = None
        self._core_us: int | None = None
        self._began_us: int | None = None
        self._usual_us = USUAL_AT_FIRST_US
        self._captured_us: dict[str, float] = {}
        self._is_one_clock = False
        self._is_measuring = True
        self._is_recording = True

    def look(self, arrival: ReceivedEnvelope) -> Found:
        """
        Look at what came; gives why something before it may be missing, and in how many seconds.

        Outside of a recording nothing that was to be recorded can be missing, and a server that
        said that it does not measure may be silent from then on.
        """
        try:
            envelope = Envelope.of(arrival.document())
        except BadEnvelope:
            return _NOTHING
        stamp_us = envelope.timestamp_us
        if stamp_us is None:
            return _NOTHING
        if arrival.channel == RECORDING_STATE and recording_of(envelope.payload) is True:
            if not self._is_recording:
                self._captured_us.clear()
            self._edge_us = self._core_us = None
            self._began_us, self._is_measuring, self._is_recording = stamp_us, True, True
            return _NOTHING
        found = self._look_at(arrival.channel, stamp_us, envelope.payload)
        was_recording = self._is_recording
        if arrival.channel == RECORDING_STATE and recording_of(envelope.payload) is False:
            self._is_recording = False
        return found if was_recording else _NOTHING

    def _look_at(self, channel: str, stamp_us: int, payload: Any) -> Found:  # noqa: ANN401
        if channel == EDGE_METRICS:
            begins_anew = self._begins_anew(channel, _first_time_us(payload))
            return _first(self._edge(stamp_us), begins_anew)
        if channel == CORE_METRICS:
            captured_us = _number(_part(payload, "metadata"), "frame_timestamp")
            return _first(self._core(stamp_us), self._begins_anew(channel, captured_us))
        found = self._other(stamp_us)
        if channel == STATUS:
            was_measuring, self._is_measuring = self._is_measuring, not _is_not_measuring(payload)
            if was_measuring and not self._is_measuring:
                self._captured_us.clear()
                return _first(found, (BEGAN_ANEW, 0.0))
        return found

    def _begins_anew(self, channel: str, captured_us: float | None) -> Found:
        """Whether the time since the capture began goes back."""
        if captured_us is None:
            return _NOTHING
        before_us, self._captured_us[channel] = self._captured_us.get(channel, 0.0), captured_us
        return (BEGAN_ANEW, 0.0) if captured_us < before_us - BACK_US else _NOTHING

    def _edge(self, stamp_us: int) -> Found:
        if self._edge_us is None:
            self._is_one_clock = _is_near(stamp_us, self._began_us)
        found = self._step(stamp_us, self._edge_us)
        self._edge_us, self._is_measuring = stamp_us, True
        return found

    def _core(self, stamp_us: int) -> Found:
        """Beside edge metrics they come late by design, and tell nothing."""
        if self._edge_us is not None:
            return _NOTHING
        hole_us = max(HOLE_US, USUAL_TIMES * self._usual_us)
        found = self._step(stamp_us, self._core_us, hole_us)
        if self._core_us is not None and found == _NOTHING:
            self._usual_us += (max(0, stamp_us - self._core_us) - self._usual_us) // 8
        self._core_us = stamp_us
        return found

    def _other(self, stamp_us: int) -> Found:
        """States may have another clock than the pictures of a replayed recording."""
        if _is_near(stamp_us, self._edge_us):
            self._is_one_clock = True
            return _NOTHING
        return self._step(stamp_us, self._edge_us) if self._is_one_clock else _NOTHING

    def _step(self, stamp_us: int, last_us: int | None, hole_us: int = HOLE_US) -> Found:
        if last_us is None or not self._is_measuring:
            return _NOTHING
        step_us = stamp_us - last_us
        if step_us < -BACK_US:
            return WENT_BACK, 0.0
        return (HOLE, step_us / 1_000_000) if step_us > hole_us else _NOTHING


def _first(*found: Found) -> Found:
    return next((each for each in found if each[0]), _NOTHING)


def _is_near(stamp_us: int, other_us: int | None) -> bool:
    return other_us is not None and abs(stamp_us - other_us) <= HOLE_US


def _is_not_measuring(payload: object) -> bool:
    value = payload.get("value") if isinstance(payload, dict) else payload
    return isinstance(value, str | int) and str(value) in NOT_MEASURING


def _part(payload: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401
    part = payload.get(name) if isinstance(payload, dict) else None
    return part if isinstance(part, dict) else {}


def _number(part: Mapping[str, Any], name: str) -> float | None:
    """Of a time since a capture began, which may be text."""
    try:
        number = float(part[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number < float("inf") else None


def _first_time_us(payload: Any) -> float | None:  # noqa: ANN401
    """When the first sample that says so was captured: `{group: {leaf: [samples]}}`."""
    groups = payload.values() if isinstance(payload, dict) else ()
    for group in groups:
        for samples in group.values() if isinstance(group, dict) else (group,):
            if isinstance(samples, list) and samples and isinstance(samples[0], dict):
                seconds = _number(samples[0], "time")
                if seconds is not None:
                    return seconds * 1_000_000
    return None
