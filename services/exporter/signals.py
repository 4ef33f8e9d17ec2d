"""The signals of a camera, and whether the number of each can be relied upon now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["settling", "valid", "held", "stale", "lost"]
STATES: tuple[State, ...] = ("settling", "valid", "held", "stale", "lost")

SUBJECT_GONE = ("NO_FACES_FOUND", "PROCESSING_NOT_STARTED", "UNAUTHORIZED")
"""Status codes under which no signal can be there."""


@dataclass(frozen=True, slots=True)
class Signal:
    """
    One signal.

    Attributes:
        name: Its name in labels.
        series: Where it stands in the collector's view: channel, then series.
        metric: Its metric.
        help: What the metric says.
        has_confidence: Whether the server gives a confidence with it.
    """

    name: str
    series: str
    metric: str
    help: str
    has_confidence: bool = False


SIGNALS = (
    Signal(
        "pulse",
        "core_metrics/pulse.rate",
        "vitalrig_pulse_rate_beats_per_minute",
        "The person's pulse; absent unless valid.",
        has_confidence=True,
    ),
    Signal(
        "breathing",
        "core_metrics/breathing.rate",
        "vitalrig_breathing_rate_breaths_per_minute",
        "The person's breathing rate; absent unless valid.",
        has_confidence=True,
    ),
    Signal(
        "phasic_blood_pressure",
        "core_metrics/blood_pressure.phasic",
        "vitalrig_phasic_blood_pressure_arbitrary_units",
        "Phasic blood pressure, not calibrated; absent unless valid.",
    ),
    Signal(
        "eda",
        "edge_metrics/eda.trace",
        "vitalrig_eda_arbitrary_units",
        "Electrodermal activity, not calibrated; absent unless valid.",
    ),
    Signal(
        "micromotion_glutes",
        "edge_metrics/micromotion.glutes",
        "vitalrig_micromotion_glutes_arbitrary_units",
        "Small movements of the glutes; absent unless valid.",
    ),
    Signal(
        "micromotion_knees",
        "edge_metrics/micromotion.knees",
        "vitalrig_micromotion_knees_arbitrary_units",
        "Small movements of the knees; absent unless valid.",
    ),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a signal says now.

    Attributes:
        state: Whether the number can be relied upon.
        value: The newest number, however old; None if there never was one.
        confidence: How sure it is, 0 to 1; None where the server does not say.
    """

    state: State
    value: float | None = None
    confidence: float | None = None


def read_signal(signal: Signal, view: Mapping[str, Any], now_us: int, limit_s: float) -> Reading:
    """
    Judge one signal in the collector's *view* of a camera.

    `lost`: no person, or nothing is processed; `settling`: no value yet; `stale`: the newest is
    older than *limit_s*; `held`: the server calls it unstable; `valid`: otherwise.
    """
    series = view.get("series", {}).get(signal.series)
    if view.get("status") in SUBJECT_GONE:
        state: State = "lost"
    elif series is None:
        return Reading("settling")
    elif now_us - series["timestamp_us"] > limit_s * 1_000_000:
        state = "stale"
    elif series.get("stable") is False:
        state = "held"
    else:
        state = "valid"
    if series is None:
        return Reading(state)
    return Reading(state, series["value"], series.get("confidence"))
