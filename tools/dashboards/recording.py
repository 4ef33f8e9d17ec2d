"""
Recording and disk: what is written, and for how long there is room.
"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import panels
from dashboards.document import make

CAMERA = 'camera=~"$camera"'


def dashboard() -> Dashboard:
    """
    Return the dashboard of recordings and their disk.
    """
    now = [
        panels.number(
            "Recording",
            "Cameras whose session is open.",
            panels.COUNT,
            {"recording": f"sum(vitalrig_recording_active{{{CAMERA}}})"},
        ),
        panels.number(
            "Waiting for the disk",
            "Cameras whose session is open and cannot be written, for instance to a full disk.",
            panels.COUNT,
            {"waiting": f"sum(vitalrig_recording_paused{{{CAMERA}}})"},
            bad_from=1,
        ),
        panels.number(
            "Behind",
            "How far the recording that is furthest behind is from the newest envelope of its "
            "camera.",
            panels.SECONDS,
            {"behind": f"max(vitalrig_recording_lag_seconds{{{CAMERA}}})"},
            bad_from=10,
        ),
        panels.number(
            "Write failures",
            "Envelopes that could not be written since the collector started.",
            panels.COUNT,
            {"failures": f"sum(vitalrig_recording_write_failures_total{{{CAMERA}}})"},
            bad_from=1,
        ),
        panels.number(
            "Disk free",
            "Share of the disk of session files that is free.",
            panels.RATIO,
            {"{{instance}}": "instance:vitalrig_recording_filesystem_avail:ratio"},
            bad_below=0.05,
        ),
        panels.number(
            "Room left",
            "Bytes that are free on the disk of session files.",
            panels.BYTES,
            {"{{instance}}": "vitalrig_recording_filesystem_avail_bytes"},
        ),
        panels.number(
            "Room for",
            "How long the room lasts at the rate of the last minute; without end while nothing "
            "is recorded.",
            panels.SECONDS,
            {
                "{{instance}}": "max by (instance) (vitalrig_recording_filesystem_avail_bytes)"
                " / sum by (instance) (instance_camera:vitalrig_recording_bytes:rate1m)"
            },
        ),
    ]
    recording = [
        panels.lines(
            "Sessions",
            "1 while a session of a camera is recorded.",
            panels.NO_UNIT,
            {"{{camera}}": f"vitalrig_recording_active{{{CAMERA}}}"},
            top=1,
        ),
        panels.lines(
            "Written",
            "Bytes a second that are written to session files. Zero while a session is open is "
            "what VitalrigRecordingStalled is about.",
            panels.BYTES_PER_SECOND,
            {"{{camera}}": f"instance_camera:vitalrig_recording_bytes:rate1m{{{CAMERA}}}"},
        ),
        panels.lines(
            "Records",
            "Envelopes a second that are written to session files.",
            panels.PER_SECOND,
            {"{{camera}}": f"rate(vitalrig_recording_records_total{{{CAMERA}}}[$__rate_interval])"},
        ),
        panels.lines(
            "Since the last sync",
            "Seconds since what was written was last made to survive a power cut. It grows while "
            "nothing is recorded.",
            panels.SECONDS,
            {"{{camera}}": f"time() - vitalrig_recording_last_sync_timestamp_seconds{{{CAMERA}}}"},
        ),
    ]
    disk = [
        panels.lines(
            "Disk",
            "Room left on the disk of session files, and its size.",
            panels.BYTES,
            {
                "free": "vitalrig_recording_filesystem_avail_bytes",
                "size": "vitalrig_recording_filesystem_size_bytes",
            },
        ),
        panels.lines(
            "Disk in six hours",
            "Room that is left in six hours if the last hour goes on; below zero it is full.",
            panels.BYTES,
            {"free": "instance:vitalrig_recording_filesystem_avail_bytes:predict6h"},
        ),
        panels.lines(
            "Session files",
            "Session files by kind; torn is what crashes cut off.",
            panels.COUNT,
            {"{{kind}}": "vitalrig_session_files"},
        ),
        panels.lines(
            "Size of session files",
            "Bytes in session files, by kind.",
            panels.BYTES,
            {"{{kind}}": "vitalrig_session_files_size_bytes"},
        ),
    ]
    return make(
        "vitalrig-recording",
        "Recording and disk",
        "What is written to session files, and for how long there is room.",
        [("Now", now), ("Recording", recording), ("Disk", disk)],
        many_cameras=True,
    )
