"""The metrics of a buffer of frames, as the vendor's Core computes them: the source of pulse."""

from datetime import UTC, datetime
from typing import Any

from services.physiology_server.signals.breathing_metrics import BreathingMetrics
from services.physiology_server.signals.frame import Frame, SourceKind
from services.physiology_server.signals.rate_estimator import PULSE
from services.physiology_server.signals.rate_tracker import RateTracker
from services.physiology_server.signals.wire_samples import Sample, SampleStamp
from vitalrig.clock import Clock


class Core:
    """
    Gathers frames, and makes of each full buffer one `MetricsBuffer` payload.

    Payloads are in the JSON form of the vendor's schema of 2025-09. Each holds only what is new
    since the one before; what is not known is left out and is not zero. Rates
    are estimated from the traces, whatever the source.

    `metadata.id` begins with the kind of source and `metadata.api_version` contains it, so a
    message made of synthetic or replayed frames says so wherever it ends up.

    Args:
        buffer_duration_s: Seconds of frames in one payload.
        enable_phasic_bp: Send phasic blood pressure, which is not calibrated.
        source_kind: What the frames are made of.
        run_id: What follows the kind in `metadata.id`. Where a run can be repeated, make it of
            what the frames depend on (`scenarios.identity.capture_id`), so that the same run
            gives the same bytes; `upload_timestamp` and `sent_at_s` are the wall clock's alone.
        version: Version of this program.
        clock: Tells when a payload was made.
    """

    def __init__(
        self,
        *,
        buffer_duration_s: float,
        enable_phasic_bp: bool = False,
        source_kind: SourceKind,
        run_id: str,
        version: str,
        clock: Clock,
    ) -> None:
        self._buffer_duration_s = buffer_duration_s
        self._enable_phasic_bp = enable_phasic_bp
        self._id = f"{source_kind}-{run_id}"
        self._api_version = f"vitalrig-{source_kind}/{version}"
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """
        Forget all frames, so that every warm-up begins again.
        """
        self._pulse_rate = RateTracker(PULSE)
        self._breathing = BreathingMetrics()
        self._pulse_trace: list[Sample] = []
        self._pulse: dict[str, Any] = {}
        self._phasic: list[Sample] = []
        self._frames = 0
        self._last_s: float | None = None
        self._due_s = 0.0

    def add(self, frame: Frame, timestamp_us: int) -> dict[str, Any] | None:
        """
        Take *frame*, which was captured at *timestamp_us* (since the epoch).

        Returns:
            The payload, when the buffer is full with this frame.
        """
        stamp = SampleStamp.of(frame, timestamp_us)
        self._breathing.add(frame, stamp)
        if frame.signals.pulse is not None:
            self._add_pulse(frame, frame.signals.pulse, stamp)
        if self._enable_phasic_bp and frame.signals.phasic is not None:
            # There is no measure of how right it is, so it has no confidence.
            self._phasic.append(stamp.measurement(frame.signals.phasic))
        self._frames += 1
        return self._flush(frame) if self._is_full(frame.time_s) else None

    def _add_pulse(self, frame: Frame, value: float, stamp: SampleStamp) -> None:
        self._pulse_trace.append(stamp.measurement(value))
        found = self._pulse_rate.add(frame, value)
        if found is None:
            return
        rate = self._pulse_rate.sample(frame, stamp, found)
        self._pulse.setdefault("rate", []).append(rate)
        breathing = self._breathing.rate.latest(frame.time_s)
        if breathing is not None:
            quotient = stamp.measurement(found.rate_per_minute / breathing)
            self._pulse.setdefault("pulse_respiration_quotient", []).append(quotient)
        if (strict := self._pulse_rate.strict()) is not None:
            self._pulse["strict"] = strict

    def _is_full(self, time_s: float) -> bool:
        """
        Whether this frame is the last one that belongs in the buffer.

        A frame lasts until the next one, and belongs where its greater part lies. Buffers are
        counted from the first frame, so that over time there are as many as there should be,
        whatever the frame rate.
        """
        if self._last_s is None:
            self._due_s = time_s + self._buffer_duration_s
            interval_s = 0.0
        else:
            interval_s = min(time_s - self._last_s, self._buffer_duration_s)
        self._last_s = time_s
        middle_of_next_s = time_s + 1.5 * interval_s
        if middle_of_next_s < self._due_s:
            return False
        self._due_s += self._buffer_duration_s * (
            1 + (middle_of_next_s - self._due_s) // self._buffer_duration_s
        )
        return True

    def _flush(self, frame: Frame) -> dict[str, Any]:
        now_us = self._clock.wall_us()
        parts: dict[str, Any] = {
            "pulse": {"trace": self._pulse_trace, **self._pulse} if self._pulse_trace else {},
            "breathing": self._breathing.take(),
            "blood_pressure": {"phasic": self._phasic} if self._phasic else {},
        }
        payload = {name: part for name, part in parts.items() if part}
        payload["metadata"] = {
            "id": self._id,
            "upload_timestamp": _iso(now_us),
            "api_version": self._api_version,
            "sent_at_s": now_us / 1e6,
            "frame_timestamp": str(round(frame.time_s * 1e6)),
            "frame_count": self._frames,
        }
        self._pulse_trace, self._pulse, self._phasic, self._frames = [], {}, [], 0
        return payload


def _iso(time_us: int) -> str:
    """
    *time_us* since the epoch as ISO 8601 in UTC, to the millisecond.
    """
    moment = datetime.fromtimestamp(time_us // 1000 / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
