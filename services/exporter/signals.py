"""The signals of a camera: their metrics, and the series that they stand in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """
    One signal.

    Attributes:
        name: Its name in labels.
        metric: The metric of its number.
        series: Where it may stand, as channel and series; the first that is there counts. The
            others are names that documents of the vendor use.
        confidence: The metric of its confidence; empty where the server gives none.
        is_slow: Whether its numbers come seldom, so that it has a limit of its own.
    """

    name: str
    metric: str
    series: tuple[str, ...]
    confidence: str = ""
    is_slow: bool = False


SIGNALS = (
    Signal(
        "pulse",
        "vitalrig_pulse_rate_beats_per_minute",
        ("core_metrics/pulse.rate", "core_metrics/pulse.strict"),
        confidence="vitalrig_pulse_confidence_ratio",
    ),
    Signal(
        "breathing",
        "vitalrig_breathing_rate_breaths_per_minute",
        ("core_metrics/breathing.rate", "core_metrics/breathing.strict"),
        confidence="vitalrig_breathing_confidence_ratio",
        is_slow=True,
    ),
    Signal(
        "phasic_blood_pressure",
        "vitalrig_phasic_blood_pressure_arbitrary_units",
        (
            "core_metrics/blood_pressure.phasic",
            "core_metrics/bloodPressure.phasic",
            "core_metrics/pressure.phasic",
            "core_metrics/phasic",
        ),
    ),
    Signal(
        "eda",
        "vitalrig_eda_arbitrary_units",
        ("edge_metrics/eda.trace", "edge_metrics/eda_trace", "edge_metrics/eda"),
    ),
    Signal(
        "micromotion_glutes",
        "vitalrig_micromotion_glutes_arbitrary_units",
        ("edge_metrics/micromotion.glutes",),
    ),
    Signal(
        "micromotion_knees",
        "vitalrig_micromotion_knees_arbitrary_units",
        ("edge_metrics/micromotion.knees",),
    ),
)

NEEDED_SERIES = tuple(name for signal in SIGNALS for name in signal.series)
"""All series that a signal may stand in."""
