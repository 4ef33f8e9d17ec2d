"""The signals of a camera as they are judged: by which of their series."""

from dataclasses import dataclass

from vitalrig import signals
from vitalrig.signals import SIGNALS, Signal


@dataclass(frozen=True, slots=True)
class JudgedSignal:
    """
    One signal.

    Attributes:
        name: Its name in labels.
        series: Where it may be, as channel and series; the first that is there counts. The
            others are names that documents of the vendor use.
        is_slow: Whether its numbers come seldom, so that it has a limit of its own.
    """

    name: str
    series: tuple[str, ...]
    is_slow: bool


_INSTEAD = {
    signals.PULSE.name: (signals.PULSE_STRICT,),
    signals.BREATHING.name: (signals.BREATHING_STRICT,),
}
"""Signals whose number counts where a signal's own is absent."""


def judged(signal: Signal) -> JudgedSignal:
    """
    Tell where the number of a signal of the catalogue may be.
    """
    them = (signal, *_INSTEAD.get(signal.name, ()))
    series = tuple(f"{each.channel}/{name}" for each in them for name in each.series)
    return JudgedSignal(signal.name, series, signal.is_slow)


JUDGED_SIGNALS = tuple(judged(signal) for signal in SIGNALS)
"""All of the catalogue."""
