"""From a trace to a rate, or to the knowledge that there is none in it."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.physiology_server.signals.periodic import Periodic
from services.physiology_server.signals.sample_window import SampleWindow

Floats = NDArray[np.float64]

EVERY_S = 1.0
"""Seconds between estimates."""

LONGEST_GAP_S = 0.5
"""After a longer time without samples a trace begins anew: what was before is another."""

_HARMONICS = 3
# A weaker peak is the fundamental if its harmonics explain this much more than the strongest's.
_BETTER = 1.15
# How much stronger than its fundamental a harmonic may be.
_STRONGEST_HARMONIC = 10.0
# A Hann window spreads a line over two bins of 1 / window_s to each side; most is within 1.5.
_HALF_WIDTH_BINS = 1.5
_WIDER_PER_HARMONIC = 0.5
# Below this deviation a trace of the usual height (about 0.1) is nothing but rounding.
_LEAST_DEVIATION = 1e-6

_sum = np.add.reduce


@dataclass(frozen=True, slots=True)
class RateKind:
    """
    What a rate of one kind looks like, and what it takes to believe it.

    Attributes:
        band_per_minute: Lowest and highest rate that is looked for.
        window_s: Length of trace that one estimate is made from.
        first_after_s: Length of trace before the first estimate.
        whiten_hz: Up to here drifts and steps are flattened, as differencing would.
        noise_to_hz: Up to here power that the rate does not explain counts against it.
        least_fundamental: Power that a peak needs to be the fundamental of the strongest one, as
            a share of that one's. A beat may have strong harmonics and a weak fundamental. Of
            breaths that alternate in depth a weak fundamental would be found where there is none.
        least_confidence: Below it there is no rate.
    """

    band_per_minute: tuple[float, float]
    window_s: float
    first_after_s: float
    whiten_hz: float
    noise_to_hz: float
    least_fundamental: float
    least_confidence: float


PULSE = RateKind(
    band_per_minute=(40.0, 200.0),
    window_s=12.0,
    first_after_s=12.0,
    whiten_hz=2.5,
    noise_to_hz=10.0,
    least_fundamental=0.1,
    least_confidence=0.6,
)
BREATHING = RateKind(
    band_per_minute=(4.0, 45.0),
    window_s=30.0,
    first_after_s=25.0,
    whiten_hz=1.5,
    noise_to_hz=3.0,
    least_fundamental=1.0,
    least_confidence=0.65,
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    A rate, and how much of the trace it explains.

    Attributes:
        rate_per_minute: Events a minute.
        confidence: 0 to 1, see `RateEstimator`.
    """

    rate_per_minute: float
    confidence: float


class RateEstimator:
    """
    Finds the rate in a trace about once a second, and says nothing where there is none.

    The window is freed of its mean, slope and bend, tapered (Hann) and transformed. Power is
    weighed with f^2 / (f^2 + whiten_hz^2), so that drift is not a peak. The fundamental is the
    strongest peak in the band, or the one of which that is the second or third harmonic, if this
    explains clearly more power; so neither half nor double the rate wins. Its place is refined by
    a parabola through the logarithms of three bins.

    The confidence is the share of the weighed power (up to noise_to_hz) that lies at the rate and
    its first three harmonics: with a signal-to-noise ratio r it is r / (1 + r), so 1 for a clean
    trace, 0.9 at 10 dB and 0.5 where signal and noise are equal. Noise has peaks too, and those
    explain some of it; least_confidence is above what white, pink and brown noise reach.

    Times need not be even: the window is interpolated to even spacing. After more than half a
    second without samples, or a step back in time, it starts over, warm-up included.

    Args:
        kind: Band, window, warm-up and threshold.
    """

    def __init__(self, kind: RateKind) -> None:
        self.kind = kind
        self._samples = SampleWindow(kind.window_s)
        self._due = Periodic(EVERY_S, kind.first_after_s)
        self._last_s = -math.inf

    def add(self, time_s: float, value: float) -> Estimate | None:
        """
        Take one sample; return an estimate when one is due and can be believed.

        Args:
            time_s: When it was taken, rising.
            value: The trace; one that is not finite is passed over like a missing one.
        """
        if not math.isfinite(value):
            return None
        if not 0 < time_s - self._last_s <= LONGEST_GAP_S:
            self._samples.clear()
            self._due = Periodic(EVERY_S, self.kind.first_after_s)
        self._last_s = time_s
        self._samples.add(time_s, value)
        if not self._due.due(time_s):
            return None
        found = find_rate(*self.window(), self.kind)
        if found is None or found.confidence < self.kind.least_confidence:
            return None
        return found

    def window(self) -> tuple[Floats, Floats]:
        """
        Times and values of the samples in the window.
        """
        return self._samples.columns()


def mean_and_deviation(values: Floats) -> tuple[float, float]:
    """
    What `values.mean()` and `values.std()` give, to the bit, at a third of the cost.
    """
    mean = _sum(values) / len(values)
    centred = values - mean
    return float(mean), math.sqrt(_sum(centred * centred) / len(values))


def find_rate(time_s: Floats, values: Floats, kind: RateKind) -> Estimate | None:
    """
    The likeliest rate of a stretch of trace, however unlikely it is.

    Returns:
        None only where there is nothing to choose from: no peak in the band, or no change.
    """
    count = len(values)
    if count < 16:  # noqa: PLR2004 - nothing fits into so few
        return None
    span_s = float(time_s[-1] - time_s[0])
    step_s = span_s / (count - 1)
    grid = _grid(count)
    trace = _detrended(np.interp(time_s[0] + step_s * grid.numbers, time_s, values), grid)
    if math.sqrt(float(trace @ trace) / count) < _LEAST_DEVIATION:
        return None
    return _Spectrum(trace * grid.taper, step_s, kind).best()


@dataclass(frozen=True, slots=True)
class _Grid:
    """
    What depends on the number of samples in a window alone.

    Attributes:
        numbers: 0, 1, 2 and so on.
        taper: A Hann window.
        slope: A line of mean 0.
        slope_power: Its squares added up.
        bend: A parabola of mean 0.
        bend_power: Its squares added up.
    """

    numbers: Floats
    taper: Floats
    slope: Floats
    slope_power: float
    bend: Floats
    bend_power: float


@lru_cache(maxsize=64)
def _grid(count: int) -> _Grid:
    slope = np.linspace(-1.0, 1.0, count)
    bend = slope * slope - (slope @ slope) / count
    return _Grid(
        numbers=np.arange(count, dtype=np.float64),
        taper=np.hanning(count + 2)[1:-1],
        slope=slope,
        slope_power=float(slope @ slope),
        bend=bend,
        bend_power=float(bend @ bend),
    )


@lru_cache(maxsize=8)
def _bins(count: int) -> Floats:
    return np.arange(count, dtype=np.float64)


class _Spectrum:
    """The power spectrum of one window, as it is and whitened."""

    def __init__(self, tapered: Floats, step_s: float, kind: RateKind) -> None:
        self._kind = kind
        size = 1 << math.ceil(math.log2(4 * len(tapered)))
        count = size // 2 + 1
        self._bin_hz = 1 / (size * step_s)
        low_hz, high_hz = kind.band_per_minute[0] / 60, kind.band_per_minute[1] / 60
        self._low = max(2, math.ceil(low_hz / self._bin_hz))
        self._high = min(count - 2, int(high_hz / self._bin_hz))
        self._from = int(0.5 * low_hz / self._bin_hz)
        self._to = min(count - 1, int(kind.noise_to_hz / self._bin_hz))
        self._half_width = _HALF_WIDTH_BINS / (len(tapered) * step_s) / self._bin_hz
        # Nobody looks further than this.
        wanted = min(count, max(self._to, self._high + 2) + 2)
        self._power = np.abs(np.fft.rfft(tapered, size)[:wanted]) ** 2
        frequency2_hz = (_bins(count)[:wanted] * self._bin_hz) ** 2
        self._white = self._power * (frequency2_hz / (frequency2_hz + kind.whiten_hz**2))

    def best(self) -> Estimate | None:
        """
        The peak in the band that explains the most.
        """
        peaks = self._peaks()
        total = float(_sum(self._white[self._from : self._to]))
        if not len(peaks) or total <= 0:
            return None
        peak, lines = self._fundamental(peaks)
        explained = 0.0
        for line in lines:
            explained += float(_sum(self._white[line.first : line.last]))
        confidence = min(1.0, explained / total)
        rate_per_minute = 60 * self._bin_hz * self._refined(peak)
        low, high = self._kind.band_per_minute
        # What whitening has tilted into the band from below is not in it.
        return Estimate(rate_per_minute, confidence) if low <= rate_per_minute <= high else None

    def _peaks(self) -> NDArray[np.int64]:
        inside = self._white[self._low : self._high + 1]
        before = self._white[self._low - 1 : self._high]
        after = self._white[self._low + 1 : self._high + 2]
        peaks: NDArray[np.int64] = np.flatnonzero((inside > before) & (inside >= after))
        return peaks + self._low

    def _fundamental(self, peaks: NDArray[np.int64]) -> tuple[int, list["_Line"]]:
        """
        The strongest peak, or the one of which it is the second or third harmonic; and its lines.
        """
        power = self._power
        strongest = int(peaks[self._white[peaks].argmax()])
        chosen, lines = strongest, self._lines(strongest)
        most = _power_of(lines) * _BETTER
        others = peaks.tolist()
        for part in range(2, _HARMONICS + 1):
            for peak in others:
                if abs(peak - strongest / part) > self._half_width:
                    continue
                if power[peak] < self._kind.least_fundamental * power[strongest]:
                    continue
                of_peak = self._lines(peak)
                if (explained := _power_of(of_peak)) > most:
                    chosen, lines, most = peak, of_peak, explained
        return chosen, lines

    def _lines(self, peak: int) -> list["_Line"]:
        """
        What is around *peak* and its harmonics, which vary the more the higher they are.

        A line that is far stronger than the fundamental is not a harmonic: flickering light, maybe.
        """
        lines: list[_Line] = []
        done, most = self._from, math.inf
        for harmonic in range(1, _HARMONICS + 1):
            reach = self._half_width * (1 + _WIDER_PER_HARMONIC * (harmonic - 1))
            first = max(done, round(harmonic * peak - reach))
            last = min(self._to, round(harmonic * peak + reach) + 1)
            if first >= last:
                break
            own = float(_sum(self._power[first:last]))
            if harmonic == 1:
                most = own * _STRONGEST_HARMONIC
            if own <= most:
                lines.append(_Line(first, last, own))
            done = last
        return lines

    def _refined(self, peak: int) -> float:
        """
        Where the maximum near *peak* lies, in bins: top of a parabola through three logarithms.

        Whitening tilts a peak upwards; so the untilted one is looked for, and taken if it is
        near and is a peak.
        """
        power = self._power
        reach = max(1, round(self._half_width))
        near = max(1, peak - reach)
        top = near + int(power[near : peak + 2].argmax())
        if not power[top - 1] < power[top] >= power[top + 1]:
            top, power = peak, self._white
        before, middle, after = np.log(power[top - 1 : top + 2] + 1e-300)
        bend = before - 2 * middle + after
        return top + (0.5 * float((before - after) / bend) if bend < 0 else 0.0)


class _Line(NamedTuple):
    """
    A stretch of the spectrum, and the power in it.

    Attributes:
        first: Its first bin.
        last: The bin behind its last one.
        power: What is in it.
    """

    first: int
    last: int
    power: float


def _power_of(lines: list[_Line]) -> float:
    power = 0.0
    for line in lines:
        power += line.power
    return power


def _detrended(values: Floats, grid: _Grid) -> Floats:
    """
    *values* without mean, slope and bend.
    """
    centred: Floats = values - _sum(values) / len(values)
    centred -= grid.slope * (centred @ grid.slope) / grid.slope_power
    centred -= grid.bend * (centred @ grid.bend) / grid.bend_power
    return centred
