"""How a series is spaced in time: its rate, whether it is even, and where it has gaps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitalrig.sessions.reading.series import Floats, Samples

GAP_INTERVALS = 2.5
"""A pause of more than so many usual intervals is a gap: at least two samples are missing."""

_JITTER_US = 40_000.0
"""A frame at 25 Hz: slow series are stamped with the frame they were found in."""

_JITTER_SHARE = 0.02
_MOST_JITTER_SHARE = 0.4
"""Below one half, at which any step would pass for some multiple of the interval."""
_EVEN_SHARE = 0.9
_DENSE_HZ = 2.0
_FEW = 4


@dataclass(frozen=True, slots=True)
class Timing:
    """
    What the time stamps of a series say.

    Attributes:
        interval_us: The usual time between two samples; NaN below two samples.
        rate_hz: Samples per second where there are no gaps; NaN below two samples.
        is_even: Whether the samples come at regular times, except for gaps.
        is_signal: Whether they are a course of values, even or dense, rather than single
            happenings such as breaths and blinks. Only a signal can have gaps.
        gaps: The index of the last sample before each gap.
    """

    interval_us: float
    rate_hz: float
    is_even: bool
    is_signal: bool
    gaps: NDArray[np.intp]


def timing_of(samples: Samples) -> Timing:
    """
    Look at the time stamps of one series, which rise strictly.
    """
    none = np.empty(0, dtype=np.intp)
    steps = np.diff(samples.timestamps_us)
    if not len(steps):
        return Timing(float("nan"), float("nan"), is_even=False, is_signal=False, gaps=none)
    interval_us = float(np.median(steps))
    is_even = len(samples) >= _FEW and _even_share(steps, interval_us) >= _EVEN_SHARE
    dense_hz = 1e6 * len(steps) / float(steps.sum())
    is_signal = is_even or (len(samples) >= _FEW and dense_hz >= _DENSE_HZ)
    gaps = np.flatnonzero(steps > GAP_INTERVALS * interval_us) if is_signal else none
    running = np.delete(steps, gaps)
    rate_hz = 1e6 * len(running) / float(running.sum())
    return Timing(interval_us, rate_hz, is_even, is_signal, gaps)


def _even_share(steps: Floats, interval_us: float) -> float:
    """The share of steps that are as long as a whole number of intervals."""
    allowed_us = min(_MOST_JITTER_SHARE * interval_us, max(_JITTER_US, _JITTER_SHARE * interval_us))
    intervals = np.maximum(1.0, np.rint(steps / interval_us))
    off_us = np.abs(steps - intervals * interval_us)
    return float(np.mean((off_us <= allowed_us) & (intervals < GAP_INTERVALS)))
