"""A series in a few numbers."""

from dataclasses import dataclass

import numpy as np

from vitalrig.sessions.reading.series import Samples
from vitalrig.sessions.reading.timing import timing_of


@dataclass(frozen=True, slots=True)
class Statistics:
    """
    What there is to say of a series at a glance.

    Attributes:
        count: Samples.
        rate_hz: Samples per second between gaps; None below two samples.
        gaps: Pauses in which at least two samples are missing.
        longest_gap_s: The longest of them.
        mean: The mean value; None without samples, as are the next four.
        sd: The standard deviation.
        minimum: The least value.
        median: The median value.
        maximum: The greatest value.
    """

    count: int
    rate_hz: float | None
    gaps: int
    longest_gap_s: float
    mean: float | None
    sd: float | None
    minimum: float | None
    median: float | None
    maximum: float | None


def statistics_of(samples: Samples) -> Statistics:
    """
    Look at one series, in any order; values that are not numbers do not count.
    """
    samples = samples.ordered()
    timing = timing_of(samples)
    steps_s = np.diff(samples.timestamps_us)[timing.gaps] / 1e6
    values = samples.values[np.isfinite(samples.values)]
    some = len(values) > 0
    return Statistics(
        count=len(samples),
        rate_hz=timing.rate_hz if len(samples) > 1 else None,
        gaps=len(timing.gaps),
        longest_gap_s=float(steps_s.max()) if len(steps_s) else 0.0,
        mean=float(values.mean()) if some else None,
        sd=float(values.std()) if some else None,
        minimum=float(values.min()) if some else None,
        median=float(np.median(values)) if some else None,
        maximum=float(values.max()) if some else None,
    )
