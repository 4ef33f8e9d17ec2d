"""The signals that are on the page: their metrics, and the series that each may be in."""

from dataclasses import dataclass

from vitalrig import signals
from vitalrig.judged_signals import JudgedSignal, judged
from vitalrig.signals import Signal


@dataclass(frozen=True, slots=True)
class ExportedSignal(JudgedSignal):
    """
    One signal.

    Attributes:
        metric: The metric of its number.
        confidence: The metric of its confidence; empty where the server gives none.
    """

    metric: str
    confidence: str = ""


def _exported(metric: str, signal: Signal, confidence: str = "") -> ExportedSignal:
    found = judged(signal)
    return ExportedSignal(found.name, found.series, found.is_slow, metric, confidence)


EXPORTED_SIGNALS = (
    _exported(
        "vitalrig_pulse_rate_beats_per_minute",
        signals.PULSE,
        confidence="vitalrig_pulse_confidence_ratio",
    ),
    _exported(
        "vitalrig_breathing_rate_breaths_per_minute",
        signals.BREATHING,
        confidence="vitalrig_breathing_confidence_ratio",
    ),
    _exported("vitalrig_phasic_blood_pressure_arbitrary_units", signals.PHASIC),
    _exported("vitalrig_eda_arbitrary_units", signals.EDA),
    _exported("vitalrig_micromotion_glutes_arbitrary_units", signals.GLUTES),
    _exported("vitalrig_micromotion_knees_arbitrary_units", signals.KNEES),
)

NEEDED_SERIES = tuple(name for signal in EXPORTED_SIGNALS for name in signal.series)
"""All series that a signal may be in."""
