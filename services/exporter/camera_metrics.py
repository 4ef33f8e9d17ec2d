"""A camera's samples on the page."""

from services.exporter.camera_view import CameraView, SnapshotFile
from services.exporter.exported_signals import EXPORTED_SIGNALS
from vitalrig.metrics.families import Families
from vitalrig.metrics.validate import OTHER
from vitalrig.signal_state import Limits, newest, state_of
from vitalrig.statuses import StatusCode

_US = 1_000_000

_COUNTERS = {
    "missing": "vitalrig_envelopes_missing_total",
    "gaps": "vitalrig_gaps_total",
    "duplicates": "vitalrig_envelopes_duplicate_total",
    "foreign": "vitalrig_envelopes_foreign_total",
    "resets": "vitalrig_timestamp_resets_total",
    "off_clock": "vitalrig_envelopes_off_clock_total",
}


def add_camera_metrics(families: Families, view: CameraView, age_s: float, limits: Limits) -> None:
    """
    Add all of one camera.

    Args:
        families: The page.
        view: The camera.
        age_s: How old the view is.
        limits: How old what is shown may be.
    """
    camera = view.prefix
    _signals(families, view, age_s, limits)
    _recording(families, view)
    if view.status:
        status = view.status if view.status in StatusCode.__members__ else OTHER
        families.add("vitalrig_camera_status_info", 1, camera, status)
    families.add("vitalrig_camera_last_report_timestamp_seconds", view.updated_us / _US, camera)
    families.add_known("vitalrig_camera_conflict", view.conflict, camera)
    for channel, count in view.envelopes.items():
        families.add("vitalrig_envelopes_received_total", count, camera, channel)
    for reason, count in view.rejected.items():
        families.add("vitalrig_envelopes_rejected_total", count, camera, reason)
    for name, count in view.counters.items():
        families.add(_COUNTERS[name], count, camera)
    for reason, count in view.samples_rejected.items():
        families.add("vitalrig_samples_rejected_total", count, camera, reason)
    if (latency := view.latency) is not None:
        name = "vitalrig_pipeline_latency_seconds"
        families.add_histogram(name, latency.counts, latency.sum_s, camera)
    if view.snapshot is not None:
        _snapshot(families, camera, view.snapshot)


def _signals(families: Families, view: CameraView, age_s: float, limits: Limits) -> None:
    camera = view.prefix
    for signal in EXPORTED_SIGNALS:
        state = state_of(signal, view, age_s, limits.of(signal))
        families.add_state("vitalrig_signal_state", state, camera, signal.name)
        sample = newest(signal, view)
        if sample is None:
            continue
        families.add(
            "vitalrig_last_sample_timestamp_seconds",
            sample.timestamp_us / _US,
            camera,
            signal.name,
        )
        families.add("vitalrig_samples_total", sample.count, camera, signal.name)
        if state == "valid":
            families.add_known(signal.metric, sample.value, camera)
            if signal.confidence:
                families.add_known(signal.confidence, sample.confidence, camera)


def _recording(families: Families, view: CameraView) -> None:
    camera, recording = view.prefix, view.recording
    families.add("vitalrig_recording_active", recording.active, camera)
    families.add_known("vitalrig_recording_paused", recording.paused, camera)
    if recording.last_sync_us:
        families.add(
            "vitalrig_recording_last_sync_timestamp_seconds", recording.last_sync_us / _US, camera
        )
    families.add_known("vitalrig_recording_lag_seconds", recording.lag_s, camera)
    families.add_known("vitalrig_recording_records_total", recording.records, camera)
    families.add_known("vitalrig_recording_bytes_total", recording.size_bytes, camera)
    families.add_known("vitalrig_recording_write_failures_total", recording.write_failures, camera)


def _snapshot(families: Families, camera: str, snapshot: SnapshotFile) -> None:
    families.add("vitalrig_snapshot_written_timestamp_seconds", snapshot.written_us / _US, camera)
    families.add("vitalrig_snapshot_size_bytes", snapshot.size_bytes, camera)
    families.add("vitalrig_snapshot_read_duration_seconds", snapshot.read_s, camera)
