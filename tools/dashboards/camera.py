"""
One camera: numerics, confidence, states.
"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import panels
from dashboards.document import make

CAMERA = 'camera="$camera"'


def dashboard() -> Dashboard:
    """
    Return the dashboard of the camera that is chosen.
    """
    now = [
        panels.number(
            "Pulse",
            "Beats a minute now; -- while there is no valid measurement.",
            panels.PER_MINUTE,
            {"pulse": _now("vitalrig_pulse_rate_beats_per_minute")},
        ),
        panels.number(
            "Pulse confidence",
            "How sure the estimate of pulse is; below 50 % it is of little use.",
            panels.RATIO,
            {"pulse": _now("vitalrig_pulse_confidence_ratio")},
            bad_below=0.5,
        ),
        panels.number(
            "Breathing",
            "Breaths a minute now; -- while there is no valid measurement.",
            panels.PER_MINUTE,
            {"breathing": _now("vitalrig_breathing_rate_breaths_per_minute")},
        ),
        panels.number(
            "Breathing confidence",
            "How sure the estimate of breathing is; below 50 % it is of little use.",
            panels.RATIO,
            {"breathing": _now("vitalrig_breathing_confidence_ratio")},
            bad_below=0.5,
        ),
        panels.words(
            "Picture",
            "What the server says of the picture: OK, or why nothing can be measured.",
            f"vitalrig_camera_status_info{{{CAMERA}}}",
            "status",
        ),
        panels.words(
            "Source",
            "Where the frames come from. Numbers of a synthetic source are made up.",
            f"vitalrig_source_info{{{CAMERA}}}",
            "source",
        ),
    ]
    rates = [
        panels.lines(
            "Pulse",
            "Beats a minute. Absent while there is no valid measurement.",
            panels.PER_MINUTE,
            {"pulse": f"vitalrig_pulse_rate_beats_per_minute{{{CAMERA}}}"},
        ),
        panels.lines(
            "Breathing",
            "Breaths a minute. Absent while there is no valid measurement.",
            panels.PER_MINUTE,
            {"breathing": f"vitalrig_breathing_rate_breaths_per_minute{{{CAMERA}}}"},
        ),
        panels.lines(
            "Confidence",
            "How sure the estimates are, 0 to 100 %. Absent while there is no valid measurement.",
            panels.RATIO,
            {
                "pulse": f"vitalrig_pulse_confidence_ratio{{{CAMERA}}}",
                "breathing": f"vitalrig_breathing_confidence_ratio{{{CAMERA}}}",
            },
            top=1,
        ),
        panels.lines(
            "Electrodermal activity, trend",
            "Slow changes only, not calibrated. Waves are not shown here: see the session's files.",
            panels.NO_UNIT,
            {"eda": f"vitalrig_eda_arbitrary_units{{{CAMERA}}}"},
        ),
    ]
    quality = [
        panels.states(
            "States of the signals",
            "lost: nobody is there; settling: no number yet; stale: the newest number is too old; "
            "held: the server calls it unstable; valid: it can be relied upon.",
            {"{{signal}}": panels.state_number("signal", CAMERA)},
        ),
        panels.lines(
            "Age of the newest sample",
            "Seconds since the newest sample of each signal was taken.",
            panels.SECONDS,
            {"{{signal}}": f"time() - vitalrig_last_sample_timestamp_seconds{{{CAMERA}}}"},
        ),
        panels.lines(
            "Samples",
            "Samples of each signal that arrive, a second.",
            panels.PER_SECOND,
            {"{{signal}}": f"rate(vitalrig_samples_total{{{CAMERA}}}[$__rate_interval])"},
        ),
    ]
    return make(
        "vitalrig-camera",
        "One camera",
        "Numerics, confidence and states of one camera. For wellness and research; "
        "not a medical device.",
        [("Now", now), ("Numerics", rates), ("States", quality)],
        many_cameras=False,
    )


def _now(metric: str) -> str:
    return f"max by (camera) ({metric}{{{CAMERA}}})"
