"""The four series of the plot, and how a series becomes a line with its gaps in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitalrig.sessions.reading.series import Floats, RecordedSession, Samples
from vitalrig.sessions.reading.timing import Timing, timing_of
from vitalrig.signals import EDA, EDGE, EDGE_UPPER_BREATHING, PHASIC, UPPER_BREATHING, Signal

_MOST_POINTS = 8_000


PLOTTED = (EDA, EDGE_UPPER_BREATHING, PHASIC, UPPER_BREATHING)


@dataclass(frozen=True, slots=True)
class Trace:
    """
    A signal that is plotted, as it was found.

    Attributes:
        signal: What was looked for.
        name: What it is called in the session; empty if it is not there.
        samples: Its samples.
        timing: How they are spaced.
    """

    signal: Signal
    name: str
    samples: Samples
    timing: Timing

    @property
    def title(self) -> str:
        """What it is called in the plot."""
        part = "Edge" if self.signal.channel == EDGE else "Core"
        return f"{part} {self.signal.label}"

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def z_scores(self) -> Samples:
        """The values as standard deviations from their mean; zero if they are all alike."""
        values = self.samples.values
        spread = float(values.std()) if len(values) else 0.0
        scores = (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)
        return Samples(self.samples.timestamps_us, scores, self.samples.relative_us)


def traces_of(session: RecordedSession) -> list[Trace]:
    """The four series; those that are not there are empty."""
    traces = []
    for signal in PLOTTED:
        series = session.find(signal.channel, *signal.series)
        none = np.empty(0)
        samples = series.load().ordered().finite() if series else Samples(none, none, none)
        name = series.name if series else ""
        traces.append(Trace(signal, name, samples, timing_of(samples)))
    return traces


def line(samples: Samples, timing: Timing) -> tuple[NDArray[np.datetime64], Floats]:
    """
    What to draw: times and values, with a NaN in each gap so that no line crosses it.

    A long series is reduced to the least and greatest values of short stretches, which
    look the same at any size that fits a screen.
    """
    stamps, values = _reduced(samples.timestamps_us, samples.values, timing)
    return stamps.round().astype("int64").astype("datetime64[us]"), values


def _reduced(stamps: Floats, values: Floats, timing: Timing) -> tuple[Floats, Floats]:
    pieces_t: list[Floats] = []
    pieces_v: list[Floats] = []
    stretch = max(1, -(-2 * len(stamps) // _MOST_POINTS))
    begins = [0, *(int(last) + 1 for last in timing.gaps)]
    ends = [*begins[1:], len(stamps)]
    for begin, end in zip(begins, ends, strict=True):
        kept = begin + _extremes(values[begin:end], stretch)
        pieces_t += [stamps[kept], stamps[end - 1 : end]]
        pieces_v += [values[kept], np.array([np.nan])]
    if not len(stamps):
        return stamps, values
    return np.concatenate(pieces_t[:-1]), np.concatenate(pieces_v[:-1])


def _extremes(values: Floats, stretch: int) -> NDArray[np.intp]:
    """Where the least and greatest of every *stretch* values are, in order."""
    count = len(values)
    if stretch <= 2:  # noqa: PLR2004  two of two is all of them
        return np.arange(count)
    whole = count - count % stretch
    rows = values[:whole].reshape(-1, stretch)
    starts = np.arange(0, whole, stretch)
    least, greatest = starts + rows.argmin(axis=1), starts + rows.argmax(axis=1)
    return np.unique(np.concatenate([least, greatest, np.arange(whole, count)]))
