"""Single breaths in a breathing trace: how deep, how long, and whether there are any."""

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Generic, NamedTuple, TypeVar

Mark = TypeVar("Mark")

# A turn of the trace counts when it has come back by this share of a breath's usual depth.
_TURN = 0.35
_KEPT_BREATHS = 8
# Depth of a sine wave in deviations.
_SINE_DEPTH = 2 * 2**0.5


@dataclass(frozen=True, slots=True)
class Breath(Generic[Mark]):
    """
    One breath, from trough to trough.

    Depths are in units of twice the deviation of the window that the rate was found in; a
    breath like a sine wave is 1.41 deep and its trough at -0.71.

    Attributes:
        end: What came with the sample of the trough at its end.
        amplitude: From the mean of both troughs to the peak.
        baseline: The trough at its end.
        inhale_exhale_ratio: Duration of the way up over that of the way down.
    """

    end: Mark
    amplitude: float
    baseline: float
    inhale_exhale_ratio: float


class _Turn(NamedTuple, Generic[Mark]):
    time_s: float
    value: float
    mark: Mark


class BreathDetector(Generic[Mark]):
    """
    Follows a breathing trace from turn to turn.

    It does nothing before `calibrate` has told it how deep a breath is, which happens where the
    rate estimator finds breathing; so noise has no breaths.
    """

    def __init__(self) -> None:
        self._mean = 0.0
        self._deviation = 0.0
        self._rising = True
        self._extreme: _Turn[Mark] | None = None
        self._turns: list[_Turn[Mark]] = []
        self._depths: deque[float] = deque(maxlen=_KEPT_BREATHS)
        self._usual_depth: float | None = None

    @property
    def deviation(self) -> float:
        """
        How far the trace goes from its middle; 0 before the first calibration.
        """
        return self._deviation

    def calibrate(self, mean: float, deviation: float) -> None:
        """
        Say where the middle of the trace is, and how far it goes from there.
        """
        self._mean, self._deviation = mean, deviation

    @property
    def usual_depth(self) -> float | None:
        """
        Median depth of the last breaths, in the trace's units; None before the second one.
        """
        return self._usual_depth

    def add(self, time_s: float, value: float, mark: Mark) -> Breath[Mark] | None:
        """
        Take one sample with what belongs to it; return the breath that has just become complete.
        """
        if not self._deviation:
            return None
        extreme = self._extreme
        if extreme is None or (value > extreme.value if self._rising else value < extreme.value):
            self._extreme = _Turn(time_s, value, mark)
            return None
        if abs(value - extreme.value) < _TURN * _SINE_DEPTH * self._deviation:
            return None
        self._turns = [*self._turns[-2:], extreme]
        self._rising = not self._rising
        self._extreme = _Turn(time_s, value, mark)
        # Rising again after three turns: they were trough, peak, trough.
        return self._breath(*self._turns) if self._rising and len(self._turns) > 2 else None  # noqa: PLR2004

    def _breath(self, start: _Turn[Mark], peak: _Turn[Mark], end: _Turn[Mark]) -> Breath[Mark]:
        depth = peak.value - (start.value + end.value) / 2
        self._depths.append(depth)
        if len(self._depths) > 1:
            self._usual_depth = median(self._depths)
        unit = 2 * self._deviation
        return Breath(
            end=end.mark,
            amplitude=depth / unit,
            baseline=(end.value - self._mean) / unit,
            inhale_exhale_ratio=(peak.time_s - start.time_s) / (end.time_s - peak.time_s),
        )
