"""A service's report on a page: counters, and rates only of what still moves."""

from vitalrig.metrics.families import Families
from vitalrig.metrics.service_catalogue import BY_REASON, COUNTERS, FRAMES_DROPPED
from vitalrig.metrics.service_report import ServiceReport, StepReport, StreamReport
from vitalrig.metrics.validate import OTHER

USUAL_INTERVALS = 3.0
"""A step that is silent for more of its usual intervals stands still."""

_US = 1_000_000


def add_service_metrics(
    families: Families, report: ServiceReport, age_s: float, stale_after_s: float
) -> None:
    """
    Add what a service's steps and counters say: counters, and the three rates besides.

    Args:
        families: The page.
        report: What the service says.
        age_s: How old that is.
        stale_after_s: A step that was silent for longer, and for longer than is usual for it,
            has no rate.
    """
    labels = (report.service, report.instance)
    for name, step in report.steps.items():
        _step(step, age_s, stale_after_s, families, (*labels, name))
    _counters(report, families, labels)
    families.add("vitalrig_service_last_report_timestamp_seconds", report.updated_us / _US, *labels)


def add_build_info(families: Families, report: ServiceReport) -> None:
    """
    Add which version a service is.
    """
    families.add("vitalrig_build_info", 1, report.service, report.instance, report.version)


def add_source_info(families: Families, report: ServiceReport) -> None:
    """
    Add where a service's frames come from, and how many a second they are, if it takes any.
    """
    if report.source:
        families.add("vitalrig_source_info", 1, report.camera, report.source)
        families.add_known("vitalrig_camera_frame_rate_hertz", report.frame_rate_hz, report.camera)


def add_envelopes_waiting(families: Families, report: ServiceReport) -> None:
    """
    Add what a camera's server has made and Redis has not taken.
    """
    if report.camera:
        families.add_known("vitalrig_envelopes_waiting", report.envelopes_waiting, report.camera)


def add_stream_metrics(families: Families, camera: str, stream: StreamReport) -> None:
    """
    Add what a camera's stream holds.
    """
    families.add("vitalrig_stream_held_seconds", stream.held_s, camera)
    families.add("vitalrig_stream_size_bytes", stream.size_bytes, camera)


def add_event_log(families: Families, report: ServiceReport) -> None:
    """
    Add how the event log is, if the service keeps it.
    """
    families.add_known("vitalrig_event_log_failing", report.log_failing)
    families.add_known("vitalrig_event_log_behind_seconds", report.log_behind_s)


def _step(
    step: StepReport,
    age_s: float,
    stale_after_s: float,
    families: Families,
    labels: tuple[str, str, str],
) -> None:
    families.add("vitalrig_pipeline_heartbeats_total", step.count, *labels)
    families.add("vitalrig_pipeline_heartbeat_busy_seconds_total", step.busy_s, *labels)
    families.add("vitalrig_pipeline_heartbeat_work_bytes_total", step.size_bytes, *labels)
    if step.last_beat_us is None:
        return
    families.add(
        "vitalrig_pipeline_last_heartbeat_timestamp_seconds", step.last_beat_us / _US, *labels
    )
    families.add_known(
        "vitalrig_pipeline_heartbeat_global_rate_hertz", step.global_rate_hz, *labels
    )
    if _moves(step, age_s, stale_after_s):
        families.add_known(
            "vitalrig_pipeline_heartbeat_window_rate_hertz", step.window_rate_hz, *labels
        )
        families.add_known(
            "vitalrig_pipeline_heartbeat_instant_rate_hertz", step.instant_rate_hz, *labels
        )


def _moves(step: StepReport, age_s: float, stale_after_s: float) -> bool:
    """
    Say whether the step still beats.

    These rates change only with a beat, so they would look live for ever after the last one.
    """
    usual_s = USUAL_INTERVALS / step.window_rate_hz if step.window_rate_hz else 0.0
    if step.since_beat_s is None:
        return False
    return step.since_beat_s + age_s <= max(stale_after_s, usual_s)


def _counters(report: ServiceReport, families: Families, labels: tuple[str, str]) -> None:
    counters = report.counters
    for key, metric in COUNTERS.items():
        families.add_known(metric.name, counters.get(key), *labels)
    counts_frames = "frames_dropped" in counters
    for key, (metric, reason) in BY_REASON.items():
        # Who counts dropped frames has dropped none for the reasons that it does not name.
        nothing = 0.0 if metric is FRAMES_DROPPED and counts_frames else None
        families.add_known(metric.name, counters.get(key, nothing), *labels, reason)
    if counts_frames:
        named = [key for key in counters if key.startswith("frames_dropped_")]
        unknown = [key for key in named if key not in BY_REASON]
        others = sum(counters[key] for key in unknown) if named else counters["frames_dropped"]
        families.add(FRAMES_DROPPED.name, others, *labels, OTHER)
