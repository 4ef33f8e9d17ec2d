"""
All cameras at a glance: who is measured, what is recorded, what is wrong.
"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import panels
from dashboards.document import make

CAMERA = 'camera=~"$camera"'


def dashboard() -> Dashboard:
    """
    Return the dashboard that Grafana opens with.
    """
    rig = [
        panels.number(
            "Exporter",
            "Whether Prometheus can scrape the exporter. If not, nothing below is news.",
            panels.NO_UNIT,
            {"{{instance}}": 'up{job="exporter"}'},
            values=panels.UP_DOWN,
        ),
        panels.number(
            "Redis",
            "Whether Redis answers the exporter. Without it nothing is published or recorded.",
            panels.NO_UNIT,
            {"{{instance}}": "vitalrig_redis_up"},
            values=panels.UP_DOWN,
        ),
        panels.number(
            "Cameras",
            "Cameras that the collector reports on.",
            panels.COUNT,
            {"cameras": f"count(vitalrig_camera_last_report_timestamp_seconds{{{CAMERA}}})"},
        ),
        panels.number(
            "Recording",
            "Cameras whose session is being recorded.",
            panels.COUNT,
            {"recording": f"sum(vitalrig_recording_active{{{CAMERA}}})"},
        ),
        panels.number(
            "Disk free",
            "Share of the disk of session files that is free.",
            panels.RATIO,
            {"{{instance}}": "instance:vitalrig_recording_filesystem_avail:ratio"},
            bad_below=0.05,
        ),
        panels.number(
            "Alerts",
            "Alerts that fire now, critical ones and warnings.",
            panels.COUNT,
            {
                "alerts": 'count(ALERTS{alertstate="firing", severity=~"critical|warning"})'
                " or vector(0)"
            },
            bad_from=1,
        ),
    ]
    cameras = [
        panels.rows(
            "Cameras now",
            "The live numbers of every camera. A number that is not live is not there.",
            {
                "Pulse (/min)": _of_camera("vitalrig_pulse_rate_beats_per_minute"),
                "Pulse confidence": _of_camera("vitalrig_pulse_confidence_ratio"),
                "Breathing (/min)": _of_camera("vitalrig_breathing_rate_breaths_per_minute"),
                "Breathing confidence": _of_camera("vitalrig_breathing_confidence_ratio"),
                "Recording": _of_camera("vitalrig_recording_active"),
                "Frames a second": _of_camera("instance_camera:vitalrig_frames:rate1m"),
            },
        ),
        panels.rows(
            "What the server says of the picture",
            "OK, or why nothing can be measured.",
            {"Now": f"max by (camera, status) (vitalrig_camera_status_info{{{CAMERA}}})"},
            width=8,
            hidden=("Value",),
        ),
        panels.rows(
            "Where the frames come from",
            "camera, replay, upload or synthetic. Synthetic numbers are made up.",
            {"Now": f"max by (camera, source) (vitalrig_source_info{{{CAMERA}}})"},
            width=8,
            hidden=("Value",),
        ),
        panels.rows(
            "Alerts that fire",
            "All of them. VitalrigWatchdog always does: it shows that alerting works.",
            {"Now": 'max by (alertname, severity, camera) (ALERTS{alertstate="firing"})'},
            width=8,
            hidden=("Value",),
        ),
    ]
    trends = [
        panels.states(
            "Pulse, state",
            "Whether the pulse of each camera can be relied upon.",
            {"{{camera}}": panels.state_number("camera", f'{CAMERA}, signal="pulse"')},
        ),
        panels.lines(
            "Pulse",
            "Beats a minute, per camera. Absent while there is no valid measurement.",
            panels.PER_MINUTE,
            {"{{camera}}": f"vitalrig_pulse_rate_beats_per_minute{{{CAMERA}}}"},
        ),
        panels.lines(
            "Breathing",
            "Breaths a minute, per camera. Absent while there is no valid measurement.",
            panels.PER_MINUTE,
            {"{{camera}}": f"vitalrig_breathing_rate_breaths_per_minute{{{CAMERA}}}"},
        ),
    ]
    return make(
        "vitalrig-fleet",
        "Fleet overview",
        "All cameras at a glance. For wellness and research; not a medical device.",
        [("The rig", rig), ("Cameras", cameras), ("Trends", trends)],
        many_cameras=True,
    )


def _of_camera(metric: str) -> str:
    return f"max by (camera) ({metric}{{{CAMERA}}})"
