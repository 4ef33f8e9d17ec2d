"""The metrics of a single frame, as the vendor's Edge computes them on the device."""

from typing import Any

from services.physiology_server.signals.frame import Frame, Signals, SourceKind
from services.physiology_server.signals.periodic import Periodic
from services.physiology_server.signals.wire_samples import Sample, SampleStamp

EDA_FIRST_AFTER_S = 35.0
"""Seconds of frames before the first value of electrodermal activity."""

EDA_EVERY_S = 0.2
"""Seconds between values of electrodermal activity, which changes slowly."""


class Edge:
    """
    Makes of each frame one `Metrics` payload (the vendor's schema of 2025-09, JSON form).

    Breathing and micromotion have a sample a frame; blinking and talking have one when they
    begin or end, and at first. There is no pulse: only Core has it. What a frame lacks is left out.

    Of a synthetic or replayed source each payload also has the key `source`, which is ours: a
    reader that does not know it skips it, and nobody takes the numbers for live ones.

    Args:
        enable_eda: Send electrodermal activity.
        enable_micromotion: Send micromotion.
        source_kind: What the frames are made of.
    """

    def __init__(
        self,
        *,
        enable_eda: bool = False,
        enable_micromotion: bool = False,
        source_kind: SourceKind,
    ) -> None:
        self._enable_eda = enable_eda
        self._enable_micromotion = enable_micromotion
        self._source = None if source_kind in ("camera", "upload") else source_kind
        self.reset()

    def reset(self) -> None:
        """
        Begin the warm-up again.
        """
        self._eda_due = Periodic(EDA_EVERY_S, EDA_FIRST_AFTER_S)
        self._face: dict[str, bool | None] = {}

    def payload(self, frame: Frame, timestamp_us: int) -> dict[str, Any]:
        """
        Make the payload of *frame*, which was captured at *timestamp_us* (since the epoch).
        """
        signals, stamp = frame.signals, SampleStamp.of(frame, timestamp_us)
        payload: dict[str, Any] = {}
        if part := _measured(
            stamp, "upper_trace", signals.upper_breathing, "lower_trace", signals.lower_breathing
        ):
            payload["breathing"] = part
        if self._enable_micromotion and (
            part := _measured(stamp, "glutes", signals.glutes, "knees", signals.knees)
        ):
            payload["micromotion"] = part
        if (
            self._enable_eda
            and self._eda_due.due(frame.time_s)
            and (part := _measured(stamp, "trace", signals.eda))
        ):
            payload["eda"] = part
        if changes := self._changes(signals, stamp):
            payload["face"] = changes
        if self._source is not None:
            payload["source"] = self._source
        return payload

    def _changes(self, signals: Signals, stamp: SampleStamp) -> dict[str, list[Sample]]:
        """
        What the face has begun or ended.
        """
        changes: dict[str, list[Sample]] = {}
        if signals.blinking is self._face.get("blinking") and (
            signals.talking is self._face.get("talking")
        ):
            return changes
        for name, now in (("blinking", signals.blinking), ("talking", signals.talking)):
            if now is not None and now != self._face.get(name):
                changes[name] = [stamp.detection(detected=now)]
            self._face[name] = now
        return changes


def _measured(
    stamp: SampleStamp,
    first: str,
    first_value: float | None,
    second: str = "",
    second_value: float | None = None,
) -> dict[str, list[Sample]]:
    """
    One sample for each value that is there.
    """
    samples: dict[str, list[Sample]] = {}
    if first_value is not None:
        samples[first] = [stamp.measurement(first_value)]
    if second_value is not None:
        samples[second] = [stamp.measurement(second_value)]
    return samples
