"""
The way of frames and envelopes: heartbeats, latency, loss.
"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import panels
from dashboards.document import make

CAMERA = 'camera=~"$camera"'
SERVICE = 'camera=~"$camera|"'
"""Also the services that serve all cameras; their label is empty."""


def dashboard() -> Dashboard:
    """
    Return the dashboard of the pipeline.
    """
    heartbeats = [
        panels.lines(
            "Heartbeats",
            "Units of work a second of every step. This is throughput; the person's is pulse.",
            panels.HERTZ,
            {
                "{{service}} {{camera}} {{step}}": "instance_service_camera_step"
                f":vitalrig_pipeline_heartbeats:rate1m{{{SERVICE}}}"
            },
        ),
        panels.lines(
            "Busy",
            "Share of its time that each step works; near 100 % it cannot do more.",
            panels.RATIO,
            {
                "{{service}} {{camera}} {{step}}": "instance_service_camera_step"
                f":vitalrig_pipeline_heartbeat_busy_seconds:rate1m{{{SERVICE}}}"
            },
        ),
        panels.lines(
            "Frames",
            "Frames a second that are processed, and how many the camera gives.",
            panels.PER_SECOND,
            {
                "{{camera}}": f"instance_camera:vitalrig_frames:rate1m{{{CAMERA}}}",
                "{{camera}} gives": f"vitalrig_camera_frame_rate_hertz{{{CAMERA}}}",
            },
        ),
        panels.lines(
            "Since the last heartbeat",
            "Seconds since each step last did a unit of work.",
            panels.SECONDS,
            {
                "{{service}} {{camera}} {{step}}": "time() - "
                f"vitalrig_pipeline_last_heartbeat_timestamp_seconds{{{SERVICE}}}"
            },
        ),
    ]
    latency = [
        panels.lines(
            "Waiting to be sent",
            "How long an envelope waits in the server until it is sent, on average.",
            panels.SECONDS,
            {"{{camera}}": f"instance_camera:vitalrig_publish_latency_seconds:mean1m{{{CAMERA}}}"},
        ),
        panels.lines(
            "From the sample to the collector",
            "Age of the youngest sample at the moment at which the collector tells of it.",
            panels.SECONDS,
            {"{{camera}}": f"instance_camera:vitalrig_sample_age_seconds:min{{{CAMERA}}}"},
        ),
        panels.lines(
            "Not taken yet",
            "Envelopes that wait in each server's memory and spool for Redis to take them.",
            panels.COUNT,
            {"{{camera}}": f"vitalrig_envelopes_waiting{{{CAMERA}}}"},
        ),
    ]
    loss = [
        panels.lines(
            "Frames left out",
            "Frames a second that are left out, by reason.",
            panels.PER_SECOND,
            {
                "{{camera}} {{reason}}": "sum by (camera, reason) "
                f"(rate(vitalrig_frames_dropped_total{{{CAMERA}}}[$__rate_interval]))"
            },
        ),
        panels.lines(
            "Frames left out, share",
            "Share of the frames that are left out; VitalrigFramesDropping fires from 2 % on.",
            panels.RATIO,
            {"{{camera}}": f"instance_camera:vitalrig_frames_dropped:ratio_rate1m{{{CAMERA}}}"},
        ),
        panels.lines(
            "Envelopes received",
            "Envelopes that arrive at the collector, a second.",
            panels.PER_SECOND,
            {
                "{{camera}} {{channel}}": f"rate(vitalrig_envelopes_received_total{{{CAMERA}}}"
                "[$__rate_interval])"
            },
        ),
        panels.lines(
            "Envelopes lost",
            "All envelopes that were lost since the services started: missing is proven by their "
            "numbers, lost by the server is what its outbox and its spool could not hold.",
            panels.COUNT,
            {
                "{{camera}} missing": f"vitalrig_envelopes_missing_total{{{CAMERA}}}",
                "{{camera}} lost by the server": f"vitalrig_envelopes_lost_total{{{CAMERA}}}",
                "{{camera}} of a second server": f"vitalrig_envelopes_foreign_total{{{CAMERA}}}",
                "{{camera}} came twice": f"vitalrig_envelopes_duplicate_total{{{CAMERA}}}",
            },
        ),
    ]
    redis = [
        panels.lines(
            "Redis, memory",
            "What Redis uses, and may use at most (0: without limit).",
            panels.BYTES,
            {
                "used": "vitalrig_redis_memory_used_bytes",
                "at most": "vitalrig_redis_memory_max_bytes",
            },
        ),
        panels.lines(
            "Streams hold",
            "Seconds between the oldest and the newest entry of each camera's stream: so long may "
            "the collector be away.",
            panels.SECONDS,
            {"{{camera}}": f"vitalrig_stream_held_seconds{{{CAMERA}}}"},
        ),
        panels.lines(
            "Redis, refused",
            "Commands a second that Redis refuses, by reason.",
            panels.PER_SECOND,
            {
                "{{reason}}": "sum by (reason) "
                "(rate(vitalrig_redis_refused_commands_total[$__rate_interval]))"
            },
        ),
        panels.lines(
            "Redis, away",
            "Seconds for which each service has been without Redis since it started.",
            panels.SECONDS,
            {"{{service}} {{camera}}": f"vitalrig_redis_away_seconds_total{{{SERVICE}}}"},
        ),
        panels.lines(
            "Redis, lost",
            "How often each service has lost its connection to Redis since it started.",
            panels.COUNT,
            {"{{service}} {{camera}}": f"vitalrig_redis_disconnects_total{{{SERVICE}}}"},
        ),
        panels.lines(
            "Clocks",
            "How often a clock was set: the server's, and the camera's stamps that went back.",
            panels.COUNT,
            {
                "{{camera}} clock jumps": f"vitalrig_clock_jumps_total{{{CAMERA}}}",
                "{{camera}} stamps went back": f"vitalrig_timestamp_resets_total{{{CAMERA}}}",
            },
        ),
        panels.rows(
            "Services",
            "The services that report, with their versions.",
            {"Now": f"max by (service, camera, version) (vitalrig_build_info{{{SERVICE}}})"},
            hidden=("Value",),
        ),
    ]
    return make(
        "vitalrig-pipeline",
        "Pipeline",
        "The way of frames and envelopes: heartbeats of every step, latency, loss.",
        [
            ("Heartbeats", heartbeats),
            ("Latency", latency),
            ("Loss", loss),
            ("Redis, services, clocks", redis),
        ],
        many_cameras=True,
    )
