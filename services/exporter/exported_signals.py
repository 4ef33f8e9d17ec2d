"""The signals that are on the page: their metrics, and the series that each may be in."""

from dataclasses import dataclass

from vitalrig import signals
from vitalrig.signals import Signal


@dataclass(frozen=True, slots=True)
class ExportedSignal:
    """
    One signal.

    Attributes:
        name: Its name in labels.
        metric: The metric of its number.
        series: Where it may be, as channel and series; the first that is there counts. The
            others are names that documents of the vendor use.
        confidence: The metric of its confidence; empty where the server gives none.
        is_slow: Whether its numbers come seldom, so that it has a limit of its own.
    """

    name: str
    metric: str
    series: tuple[str, ...]
    confidence: str = ""
    is_slow: bool = False


def _exported(metric: str, signal: Signal, *others: Signal, confidence: str = "") -> ExportedSignal:
    """A signal of the catalogue, or where that is absent one of *others*."""
    series = tuple(f"{each.channel}/{name}" for each in (signal, *others) for name in each.series)
    return ExportedSignal(signal.name, metric, series, confidence, signal.is_slow)


EXPORTED_SIGNALS = (
    _exported(
        "vitalrig_pulse_rate_beats_per_minute",
        signals.PULSE,
        signals.PULSE_STRICT,
        confidence="vitalrig_pulse_confidence_ratio",
    ),
    _exported(
        "vitalrig_breathing_rate_breaths_per_minute",
        signals.BREATHING,
        signals.BREATHING_STRICT,
        confidence="vitalrig_breathing_confidence_ratio",
    ),
    _exported("vitalrig_phasic_blood_pressure_arbitrary_units", signals.PHASIC),
    _exported("vitalrig_eda_arbitrary_units", signals.EDA),
    _exported("vitalrig_micromotion_glutes_arbitrary_units", signals.GLUTES),
    _exported("vitalrig_micromotion_knees_arbitrary_units", signals.KNEES),
)

NEEDED_SERIES = tuple(name for signal in EXPORTED_SIGNALS for name in signal.series)
"""All series that a signal may be in."""
