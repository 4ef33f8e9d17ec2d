"""What the collector sees of each camera: numbers only while they are live."""

from collections.abc import Iterator
from typing import Any

import redis
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    StateSetMetricFamily,
)

from services.exporter.signals import SIGNALS, STATES, Signal, read_signal
from services.exporter.sources.reports import fresh_reports
from vitalrig import keys
from vitalrig.clock import Clock

CAMERA = ("camera",)
COUNTERS = {
    "missing": (
        "vitalrig_envelopes_missing",
        "Envelopes of a camera that never reached the collector, proven by their numbers.",
    ),
    "gaps": ("vitalrig_gaps", "Holes in the numbers of a camera's envelopes."),
    "duplicates": (
        "vitalrig_envelopes_duplicate",
        "Envelopes that came twice and were kept once.",
    ),
    "resets": ("vitalrig_timestamp_resets", "Times that a camera's clock went back."),
}
RECORDING_COUNTERS = {
    "records": ("vitalrig_recording_records", "Envelopes written to session files."),
    "size_bytes": ("vitalrig_recording_bytes", "Bytes written to session files."),
    "write_failures": (
        "vitalrig_recording_write_failures",
        "Envelopes that could not be written, for instance to a full disk.",
    ),
}


class CameraSource:
    """
    The collector's view in `vitalrig:cameras`.

    Args:
        client: Redis.
        clock: What tells the time.
        stale_after_s: A camera or a sample older than this is not shown as live.
        breath_stale_after_s: The same for breathing.
    """

    name = "cameras"

    def __init__(
        self,
        client: redis.Redis,
        clock: Clock,
        stale_after_s: float,
        breath_stale_after_s: float,
    ) -> None:
        self._client = client
        self._clock = clock
        self._stale_after_s = stale_after_s
        self._breath_stale_after_s = breath_stale_after_s

    def collect(self) -> Iterator[Metric]:
        """
        Yield vital signs, their states, and the figures of the recording.

        Raises:
            Unavailable: If Redis is away.
        """
        cameras = list(fresh_reports(self._client, keys.CAMERAS, self._clock, self._stale_after_s))
        for signal in SIGNALS:
            yield from self._signal(signal, cameras)
        yield from self._states(cameras)
        yield from _samples(cameras)
        yield from _recordings(cameras)
        yield from _counters(cameras)

    def _limit_s(self, signal: Signal) -> float:
        return self._breath_stale_after_s if signal.name == "breathing" else self._stale_after_s

    def _signal(
        self, signal: Signal, cameras: list[tuple[str, dict[str, Any]]]
    ) -> Iterator[Metric]:
        family = GaugeMetricFamily(signal.metric, signal.help, labels=CAMERA)
        confidence = GaugeMetricFamily(
            f"vitalrig_{signal.name}_confidence_ratio",
            f"How sure the estimate of {signal.name} is, 0 to 1.",
            labels=CAMERA,
        )
        for camera, view in cameras:
            reading = read_signal(signal, view, self._clock.wall_us(), self._limit_s(signal))
            if reading.state == "valid" and reading.value is not None:
                family.add_metric((camera,), reading.value)
                if reading.confidence is not None:
                    confidence.add_metric((camera,), reading.confidence)
        yield family
        if signal.has_confidence:
            yield confidence

    def _states(self, cameras: list[tuple[str, dict[str, Any]]]) -> Iterator[Metric]:
        family = StateSetMetricFamily(
            "vitalrig_signal_state",
            "Whether a signal's number can be relied upon now.",
            labels=("camera", "signal"),
        )
        for camera, view in cameras:
            for signal in SIGNALS:
                reading = read_signal(signal, view, self._clock.wall_us(), self._limit_s(signal))
                states = {str(state): state == reading.state for state in STATES}
                family.add_metric((camera, signal.name), states)
        yield family


def _samples(cameras: list[tuple[str, dict[str, Any]]]) -> Iterator[Metric]:
    last = GaugeMetricFamily(
        "vitalrig_last_sample_timestamp_seconds",
        "When the newest sample of a signal was taken, Unix time.",
        labels=("camera", "signal"),
    )
    samples = CounterMetricFamily(
        "vitalrig_samples", "Samples of a signal that arrived.", labels=("camera", "signal")
    )
    envelopes = CounterMetricFamily(
        "vitalrig_envelopes_received",
        "Envelopes that arrived at the collector.",
        labels=("camera", "channel"),
    )
    rejected = CounterMetricFamily(
        "vitalrig_envelopes_rejected",
        "Envelopes that could not be understood.",
        labels=("camera", "reason"),
    )
    for camera, view in cameras:
        for signal in SIGNALS:
            if (series := view.get("series", {}).get(signal.series)) is not None:
                last.add_metric((camera, signal.name), series["timestamp_us"] / 1_000_000)
                samples.add_metric((camera, signal.name), series["samples"])
        for channel, count in view.get("envelopes", {}).items():
            envelopes.add_metric((camera, channel), count)
        for reason, count in view.get("rejected", {}).items():
            rejected.add_metric((camera, reason), count)
    yield from (last, samples, envelopes, rejected)


def _recordings(cameras: list[tuple[str, dict[str, Any]]]) -> Iterator[Metric]:
    active = GaugeMetricFamily(
        "vitalrig_recording_active", "1 while a session of a camera is recorded.", labels=CAMERA
    )
    paused = GaugeMetricFamily(
        "vitalrig_recording_paused",
        "1 while a session is open but cannot be written, for instance to a full disk.",
        labels=CAMERA,
    )
    synced = GaugeMetricFamily(
        "vitalrig_recording_last_sync_timestamp_seconds",
        "When what was written was last made to survive a power cut, Unix time.",
        labels=CAMERA,
    )
    counters = {
        key: CounterMetricFamily(name, text, labels=CAMERA)
        for key, (name, text) in RECORDING_COUNTERS.items()
    }
    for camera, view in cameras:
        recording = view.get("recording", {})
        active.add_metric((camera,), 1 if recording.get("active") else 0)
        paused.add_metric((camera,), 1 if recording.get("paused") else 0)
        if recording.get("last_sync_us"):
            synced.add_metric((camera,), recording["last_sync_us"] / 1_000_000)
        for key, family in counters.items():
            family.add_metric((camera,), recording.get(key, 0))
    yield from (active, paused, synced, *counters.values())


def _counters(cameras: list[tuple[str, dict[str, Any]]]) -> Iterator[Metric]:
    for key, (name, text) in COUNTERS.items():
        family = CounterMetricFamily(name, text, labels=CAMERA)
        for camera, view in cameras:
            family.add_metric((camera,), view.get("counters", {}).get(key, 0))
        yield family
