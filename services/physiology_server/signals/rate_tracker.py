"""A rate as it goes out: found once a second, and its calmer twin, the strict one."""

import math
from collections import deque
from statistics import median

from services.physiology_server.signals.frame import Frame
from services.physiology_server.signals.rate_estimator import (
    Estimate,
    RateEstimator,
    RateKind,
    mean_and_deviation,
)
from services.physiology_server.signals.wire_samples import Sample, SampleStamp, shortest

_STRICT_S = 30.0
_STRICT_LEAST = 10
_FRESH_S = 1.5


class RateTracker:
    """
    The rate of one signal over time.

    Args:
        kind: What is looked for.
    """

    def __init__(self, kind: RateKind) -> None:
        self._estimator = RateEstimator(kind)
        self._past: deque[tuple[float, float]] = deque()
        self._unstable_until_s = -math.inf

    def add(self, frame: Frame, value: float) -> Estimate | None:
        """
        Take the value of *frame*; return an estimate when one is due and can be believed.
        """
        if not frame.usable:
            self._unstable_until_s = frame.time_s + self._estimator.kind.window_s
        found = self._estimator.add(frame.time_s, value)
        if found is not None:
            self._past.append((frame.time_s, found.rate_per_minute))
            while frame.time_s - self._past[0][0] > _STRICT_S:
                self._past.popleft()
        return found

    def sample(self, frame: Frame, stamp: SampleStamp, found: Estimate) -> Sample:
        """
        The estimate for the wire. It is stable when every frame of its window was.
        """
        sample = stamp.rate(found.rate_per_minute, found.confidence)
        sample["stable"] = frame.time_s > self._unstable_until_s
        return sample

    def spread(self) -> tuple[float, float]:
        """
        Mean and deviation of the trace in the estimator's window.
        """
        _, values = self._estimator.window()
        return mean_and_deviation(values)

    def latest(self, time_s: float) -> float | None:
        """
        The rate per minute, if it is no older than a second or so at *time_s*.
        """
        if not self._past or time_s - self._past[-1][0] > _FRESH_S:
            return None
        return self._past[-1][1]

    def strict(self) -> Sample | None:
        """
        Median of the rates of the last 30 s, as a `Strict`; None while there are fewer than ten.

        The vendor does not say how its strict rates are made; this is ours.
        """
        if len(self._past) < _STRICT_LEAST:
            return None
        return {"value": shortest(median(rate for _, rate in self._past))}
