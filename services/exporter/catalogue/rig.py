"""Metrics of what the rig needs: Redis, the disk, and the exporter itself."""

from vitalrig.metrics.metric import Metric, counter, gauge

REDIS = (
    gauge("vitalrig_redis_up", "1 if Redis answers the exporter, 0 if not."),
    gauge(
        "vitalrig_redis_refusing",
        "1 for each reason for which a Redis that answers refuses now: oom, its memory is full; "
        "misconf, it cannot write its disk; readonly, it is a replica; loading, it has just "
        "started.",
        "reason",
    ),
    counter(
        "vitalrig_redis_refused_commands_total",
        "Commands that Redis has refused since it started, by reason.",
        "reason",
    ),
    gauge("vitalrig_redis_memory_used_bytes", "Memory that Redis uses.", unit="bytes"),
    gauge(
        "vitalrig_redis_memory_max_bytes",
        "Memory that Redis may use; 0 is without limit.",
        unit="bytes",
    ),
    gauge("vitalrig_redis_connected_clients", "Clients that Redis serves now."),
    gauge(
        "vitalrig_redis_write_failing",
        "1 if Redis failed the last time that it wrote its data to disk, else 0.",
    ),
    counter(
        "vitalrig_redis_evicted_keys_total", "Keys that Redis threw away to stay within memory."
    ),
    counter(
        "vitalrig_redis_rejected_connections_total",
        "Connections that Redis refused because it has too many.",
    ),
    counter(
        "vitalrig_redis_slow_clients_dropped_total",
        "Clients that Redis cut off because they did not take what was published for them.",
    ),
)

DISK = (
    gauge(
        "vitalrig_recording_filesystem_avail_bytes",
        "Room left on the disk of session files.",
        unit="bytes",
    ),
    gauge(
        "vitalrig_recording_filesystem_size_bytes",
        "Size of the disk of session files.",
        unit="bytes",
    ),
    gauge(
        "vitalrig_session_files",
        "Session files by kind; torn is what crashes cut off.",
        "kind",
    ),
    gauge(
        "vitalrig_session_files_size_bytes",
        "Bytes in session files, by kind.",
        "kind",
        unit="bytes",
    ),
    gauge(
        "vitalrig_session_files_unreadable",
        "Folders of cameras, and files, that cannot be read, and so are not counted.",
    ),
)

EXPORTER = (
    gauge(
        "vitalrig_exporter_source_up",
        "1 if a source of metrics could be read at this scrape, 0 if not.",
        "source",
    ),
    gauge(
        "vitalrig_exporter_source_duration_seconds",
        "How long reading a source of metrics took at this scrape.",
        "source",
        unit="seconds",
    ),
    gauge(
        "vitalrig_exporter_reports",
        "Reports that a source found at this scrape: shown; stale, so not shown; refused, because "
        "they make no sense; left_out, because there are more than allowed.",
        "source",
        "outcome",
    ),
    counter(
        "vitalrig_exporter_http_requests_total",
        "Requests that the exporter has answered.",
        "path",
        "code",
    ),
)

RIG: tuple[Metric, ...] = (*REDIS, *DISK, *EXPORTER)
"""Metrics of the rig, in the order of the page."""
