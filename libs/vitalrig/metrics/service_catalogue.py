"""Metrics of our services, from the report that each makes."""

from vitalrig.metrics.metric import Metric, counter, gauge, info
from vitalrig.statuses import DROP_REASONS

_OF_STEP = ("service", "camera", "step")
_OF_SERVICE = ("service", "camera")

STEPS = (
    counter("vitalrig_pipeline_heartbeats_total", "Units of work that a step has done.", *_OF_STEP),
    counter(
        "vitalrig_pipeline_heartbeat_busy_seconds_total",
        "Seconds that a step has spent working.",
        *_OF_STEP,
        unit="seconds",
    ),
    counter(
        "vitalrig_pipeline_heartbeat_work_bytes_total",
        "Bytes that a step has moved.",
        *_OF_STEP,
        unit="bytes",
    ),
    gauge(
        "vitalrig_pipeline_last_heartbeat_timestamp_seconds",
        "When a step last did a unit of work, Unix time.",
        *_OF_STEP,
        unit="seconds",
    ),
    gauge(
        "vitalrig_pipeline_heartbeat_global_rate_hertz",
        "Throughput of a step since its start; prefer rate() of the counter.",
        *_OF_STEP,
        unit="hertz",
    ),
    gauge(
        "vitalrig_pipeline_heartbeat_window_rate_hertz",
        "Throughput of a step over its last 100 units of work; prefer rate() of the counter. "
        "Absent when the step stands still.",
        *_OF_STEP,
        unit="hertz",
    ),
    gauge(
        "vitalrig_pipeline_heartbeat_instant_rate_hertz",
        "Throughput of a step at its last unit of work; prefer rate() of the counter. "
        "Absent when the step stands still.",
        *_OF_STEP,
        unit="hertz",
    ),
)

COUNTERS = {
    "backend_disconnects": counter(
        "vitalrig_redis_disconnects_total",
        "Times that a service lost its connection to Redis.",
        *_OF_SERVICE,
    ),
    "backend_away_seconds": counter(
        "vitalrig_redis_away_seconds_total",
        "Seconds during which a service could not reach Redis.",
        *_OF_SERVICE,
        unit="seconds",
    ),
    "envelopes_lost": counter(
        "vitalrig_envelopes_lost_total",
        "Envelopes that were lost because Redis was away for longer than the outbox and the spool "
        "hold.",
        *_OF_SERVICE,
    ),
    "stream_made_room": counter(
        "vitalrig_stream_room_made_total",
        "Times that the oldest part of a camera's stream was removed because Redis was full.",
        *_OF_SERVICE,
    ),
    "envelopes_refused": counter(
        "vitalrig_envelopes_refused_total",
        "Envelopes that the streaming backend refused for good.",
        *_OF_SERVICE,
    ),
    "publish_latency_seconds": counter(
        "vitalrig_publish_latency_seconds_total",
        "Seconds that envelopes took from being made until they were sent, summed; over the "
        "heartbeats of envelopes_published it is the mean.",
        *_OF_SERVICE,
        unit="seconds",
    ),
    "camera_disconnects": counter(
        "vitalrig_camera_disconnects_total",
        "Times that a camera was there and gave no more pictures.",
        *_OF_SERVICE,
    ),
    "camera_away_seconds": counter(
        "vitalrig_camera_away_seconds_total",
        "Seconds without a camera.",
        *_OF_SERVICE,
        unit="seconds",
    ),
    "camera_stalls": counter(
        "vitalrig_camera_stalls_total",
        "Times that a camera that was there hung.",
        *_OF_SERVICE,
    ),
    "clock_jumps": counter(
        "vitalrig_clock_jumps_total",
        "Times that the wall clock was set while the service ran.",
        *_OF_SERVICE,
    ),
    "events_sent": counter(
        "vitalrig_events_sent_total",
        "Events that a service has said and that were taken, by Redis or by its spool.",
        *_OF_SERVICE,
    ),
    "events_spooled": counter(
        "vitalrig_events_spooled_total",
        "Events that a service has kept on disk because Redis was away.",
        *_OF_SERVICE,
    ),
    "events_lost": counter(
        "vitalrig_events_lost_total",
        "Events that a service could not keep: Redis was away for too long.",
        *_OF_SERVICE,
    ),
    "events_refused": counter(
        "vitalrig_events_refused_total",
        "Events in Redis that the event log cannot keep, since they make no sense.",
        *_OF_SERVICE,
    ),
    "events_missed": counter(
        "vitalrig_events_missed_total",
        "Events that left Redis before the event log had read them.",
        *_OF_SERVICE,
    ),
    "log_events": counter(
        "vitalrig_event_log_events_total",
        "Events that the event log has kept, whoever said them.",
        *_OF_SERVICE,
    ),
    "log_refused": counter(
        "vitalrig_event_log_refused_total",
        "Events that the event log could not write to its disk.",
        *_OF_SERVICE,
    ),
    "log_torn_ends": counter(
        "vitalrig_event_log_torn_ends_total",
        "Ends of the event log's files that a crash had torn, set aside.",
        *_OF_SERVICE,
    ),
}
"""Counters of services' reports that have a metric of their own, by their name in the report."""

FRAMES_DROPPED = counter(
    "vitalrig_frames_dropped_total",
    "Frames that were left out, for instance because processing came too late.",
    *_OF_SERVICE,
    "reason",
)
PICTURES_LOST = counter(
    "vitalrig_pictures_lost_total",
    "Pictures for the preview that were due and not sent; the measurement does without them.",
    *_OF_SERVICE,
    "reason",
)

BY_REASON = {
    **{f"frames_dropped_{reason}": (FRAMES_DROPPED, reason) for reason in DROP_REASONS},
    "pictures_skipped": (PICTURES_LOST, "skipped"),
    "pictures_failed": (PICTURES_LOST, "failed"),
    "pictures_replaced": (PICTURES_LOST, "replaced"),
    "pictures_too_large": (PICTURES_LOST, "too_large"),
    "pictures_unwritable": (PICTURES_LOST, "unwritable"),
}
"""Counters that share a metric, by their name in the report: the metric, and the reason."""

FACTS = (
    gauge(
        "vitalrig_service_last_report_timestamp_seconds",
        "When a service last reported, Unix time.",
        *_OF_SERVICE,
        unit="seconds",
    ),
    info(
        "vitalrig_build_info",
        "Versions of the services that report.",
        *_OF_SERVICE,
        "version",
    ),
    info(
        "vitalrig_source_info",
        "1 for the source that a camera's frames come from; synthetic is made up.",
        "camera",
        "source",
    ),
    gauge(
        "vitalrig_camera_frame_rate_hertz",
        "Frames a second that a camera's source gives, by the times of its frames.",
        "camera",
        unit="hertz",
    ),
)

STREAM = (
    gauge(
        "vitalrig_envelopes_waiting",
        "Envelopes that a camera's server has made and Redis has not taken yet.",
        "camera",
    ),
    gauge(
        "vitalrig_stream_held_seconds",
        "Seconds between the oldest and the newest entry of a camera's stream: so long may the "
        "collector be away.",
        "camera",
        unit="seconds",
    ),
    gauge(
        "vitalrig_stream_size_bytes",
        "Memory that a camera's stream takes in Redis, as Redis estimates it.",
        "camera",
        unit="bytes",
    ),
)

EVENT_LOG = (
    gauge(
        "vitalrig_event_log_failing",
        "1 if the event log cannot be written, or did not answer for a second, else 0.",
    ),
    gauge(
        "vitalrig_event_log_behind_seconds",
        "Seconds of events in Redis that the event log has not read yet.",
        unit="seconds",
    ),
)

SERVICES: tuple[Metric, ...] = (
    *STEPS,
    *COUNTERS.values(),
    FRAMES_DROPPED,
    PICTURES_LOST,
    *FACTS,
    *STREAM,
    *EVENT_LOG,
)
"""Metrics of services, in the order of the page."""
