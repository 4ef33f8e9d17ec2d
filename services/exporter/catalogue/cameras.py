"""Metrics of cameras: vital signs, their states, and what became of the envelopes."""

from vitalrig.metrics.latency import LIMITS_S
from vitalrig.metrics.metric import Metric, counter, gauge, histogram, info
from vitalrig.signal_state import STATES

_OF_SIGNAL = ("camera", "signal")

VITALS = (
    gauge(
        "vitalrig_pulse_rate_beats_per_minute",
        "The person's pulse; absent unless valid.",
        "camera",
        unit="beats_per_minute",
    ),
    gauge(
        "vitalrig_pulse_confidence_ratio",
        "How sure the estimate of pulse is, 0 to 1; absent unless valid.",
        "camera",
        unit="ratio",
    ),
    gauge(
        "vitalrig_breathing_rate_breaths_per_minute",
        "The person's breathing rate; absent unless valid.",
        "camera",
        unit="breaths_per_minute",
    ),
    gauge(
        "vitalrig_breathing_confidence_ratio",
        "How sure the estimate of breathing is, 0 to 1; absent unless valid.",
        "camera",
        unit="ratio",
    ),
    gauge(
        "vitalrig_phasic_blood_pressure_arbitrary_units",
        "Phasic blood pressure, not calibrated; absent unless valid.",
        "camera",
        unit="arbitrary_units",
    ),
    gauge(
        "vitalrig_eda_arbitrary_units",
        "Electrodermal activity, not calibrated; absent unless valid.",
        "camera",
        unit="arbitrary_units",
    ),
    gauge(
        "vitalrig_micromotion_glutes_arbitrary_units",
        "Small movements of the glutes; absent unless valid.",
        "camera",
        unit="arbitrary_units",
    ),
    gauge(
        "vitalrig_micromotion_knees_arbitrary_units",
        "Small movements of the knees; absent unless valid.",
        "camera",
        unit="arbitrary_units",
    ),
)

EXPORTED_SIGNALS = (
    Metric(
        "vitalrig_signal_state",
        "stateset",
        "Whether a signal's number can be relied upon now: lost without a person, settling before "
        "its first number, stale when its newest is too old, held when the server calls it "
        "unstable or two servers publish under one prefix, otherwise valid.",
        _OF_SIGNAL,
        states=STATES,
    ),
    gauge(
        "vitalrig_last_sample_timestamp_seconds",
        "When the newest sample of a signal was taken, Unix time.",
        *_OF_SIGNAL,
        unit="seconds",
    ),
    counter("vitalrig_samples_total", "Samples of a signal that arrived.", *_OF_SIGNAL),
    info(
        "vitalrig_camera_status_info",
        "1 for what the server last said of the picture, such as OK or NO_FACES_FOUND.",
        "camera",
        "status",
    ),
    gauge(
        "vitalrig_camera_last_report_timestamp_seconds",
        "When the collector last reported on a camera, Unix time.",
        "camera",
        unit="seconds",
    ),
    gauge(
        "vitalrig_camera_conflict",
        "1 while two servers publish under a camera's prefix, so that no number of it is valid; "
        "only the first is recorded.",
        "camera",
    ),
)

ENVELOPES = (
    counter(
        "vitalrig_envelopes_received_total",
        "Envelopes that arrived at the collector.",
        "camera",
        "channel",
    ),
    counter(
        "vitalrig_envelopes_rejected_total",
        "Envelopes that could not be understood.",
        "camera",
        "reason",
    ),
    counter(
        "vitalrig_envelopes_missing_total",
        "Envelopes of a camera that never reached the collector, proven by their numbers.",
        "camera",
    ),
    counter(
        "vitalrig_gaps_total",
        "Gaps in what came of a camera: holes in its numbers and, in a session, times in which "
        "nobody knows what was published.",
        "camera",
    ),
    counter(
        "vitalrig_envelopes_duplicate_total",
        "Envelopes that came twice and were kept once.",
        "camera",
    ),
    counter(
        "vitalrig_envelopes_foreign_total",
        "Envelopes of a second server under a camera's prefix, which are not recorded.",
        "camera",
    ),
    counter("vitalrig_timestamp_resets_total", "Times that a camera's clock went back.", "camera"),
    counter(
        "vitalrig_samples_rejected_total",
        "Samples of recorded envelopes that are in no series, though the envelope is in the file: "
        "duplicate, because their time had passed; unusable, without a finite value or a possible "
        "time.",
        "camera",
        "reason",
    ),
    histogram(
        "vitalrig_pipeline_latency_seconds",
        "Seconds from the stamp of an envelope with metrics, which is its frame's capture, until "
        "the collector had received it.",
        "camera",
        unit="seconds",
        limits=LIMITS_S,
    ),
    counter(
        "vitalrig_envelopes_off_clock_total",
        "Envelopes with metrics whose stamp is ahead of the collector's clock, or more than a day "
        "behind it, so that no latency can be told; those of a replayed session are such.",
        "camera",
    ),
)

RECORDING = (
    gauge(
        "vitalrig_recording_active", "1 while a session of a camera is recorded, else 0.", "camera"
    ),
    gauge(
        "vitalrig_recording_paused",
        "1 while nothing can be written: a session is open on a full disk, for instance, or the "
        "camera's folder cannot be made.",
        "camera",
    ),
    gauge(
        "vitalrig_recording_last_sync_timestamp_seconds",
        "When what was written was last made to survive a power cut, Unix time.",
        "camera",
        unit="seconds",
    ),
    gauge(
        "vitalrig_recording_lag_seconds",
        "How far the recording of a camera is behind the newest envelope in its stream: after an "
        "absence of the collector, with a slow disk, or with more cameras than it can take.",
        "camera",
        unit="seconds",
    ),
    counter("vitalrig_recording_records_total", "Envelopes written to session files.", "camera"),
    counter(
        "vitalrig_recording_bytes_total",
        "Bytes written to session files.",
        "camera",
        unit="bytes",
    ),
    counter(
        "vitalrig_recording_write_failures_total",
        "Envelopes that could not be written, for instance to a full disk.",
        "camera",
    ),
)

SNAPSHOTS = (
    gauge(
        "vitalrig_snapshot_written_timestamp_seconds",
        "When another collector wrote the snapshot that a camera is shown from, Unix time.",
        "camera",
        unit="seconds",
    ),
    gauge(
        "vitalrig_snapshot_size_bytes",
        "Size of the snapshot that a camera is shown from.",
        "camera",
        unit="bytes",
    ),
    gauge(
        "vitalrig_snapshot_read_duration_seconds",
        "How long reading that snapshot took, beside the scrapes.",
        "camera",
        unit="seconds",
    ),
    gauge(
        "vitalrig_snapshot_files",
        "Snapshots of other collectors that are fresh: read; too_large for snapshot_max_bytes; "
        "unreadable, because they are broken or half written; left_out beyond the newest few.",
        "outcome",
    ),
)

CAMERAS: tuple[Metric, ...] = (*VITALS, *EXPORTED_SIGNALS, *ENVELOPES, *RECORDING, *SNAPSHOTS)
"""Metrics of cameras, in the order of the page."""
