"""A rate that changes over time, with the number of cycles since the start in closed form."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Knot:
    """
    One point of a rate's course.

    Attributes:
        at_s: Seconds since the start.
        per_minute: The rate there.
    """

    at_s: float
    per_minute: float


class RateProfile:
    """
    A rate that is linear between knots. Two knots at one time are a step.

    Before the first knot the rate is that of the first, after the last that of the last. The
    phase is the integral of the rate, a parabola a stretch, so that it can be had for any time
    without going through the times before it.

    Args:
        knots: The course, by time.
        repeat_s: Where it begins again; None where it does not.

    Raises:
        ValueError: If there is no knot, if they are not in order, or if one lies behind *repeat_s*.
    """

    def __init__(self, knots: Sequence[Knot], repeat_s: float | None = None) -> None:
        times = [knot.at_s for knot in knots]
        if not knots or times != sorted(times) or times[0] < 0:
            raise ValueError("the knots of a rate must be in order, from 0 s on")
        if repeat_s is not None and not times[-1] <= repeat_s:
            raise ValueError(f"a knot at {times[-1]:g} s lies behind the end at {repeat_s:g} s")
        self.rates_per_minute = tuple(knot.per_minute for knot in knots)
        self.first_hz = knots[0].per_minute / 60
        self.is_constant = len(set(self.rates_per_minute)) == 1
        self._repeat_s = None if self.is_constant else repeat_s
        start_s = np.array([0.0, *times])
        rate_hz = np.array([knots[0].per_minute, *self.rates_per_minute]) / 60
        length_s = np.diff(start_s)
        change_hz = np.diff(rate_hz)
        self._start_s = start_s
        self._rate_hz = rate_hz
        # A step has no length, and its slope is never used.
        steps = np.where(length_s > 0, length_s, 1.0)
        self._slope = np.append(np.where(length_s > 0, change_hz / steps, 0.0), 0.0)
        cycles = length_s * (rate_hz[:-1] + change_hz / 2)
        self._cycles_before = np.append(0.0, np.cumsum(cycles))
        self._cycles_ahead = 0.0
        self._cycles_a_turn = 0.0
        if self._repeat_s is not None:
            self._cycles_a_turn = float(self._within(np.array([self._repeat_s]))[0])

    @classmethod
    def constant(cls, per_minute: float) -> "RateProfile":
        """
        A rate that never changes.
        """
        return cls([Knot(0.0, per_minute)])

    def hz(self, time_s: Floats) -> Floats:
        """
        The rate at each time, in cycles a second.
        """
        if self.is_constant:
            return np.full_like(time_s, self.first_hz)
        _, inside_s = self._turns(time_s)
        at = self._stretch(inside_s)
        rate: Floats = self._rate_hz[at] + self._slope[at] * (inside_s - self._start_s[at])
        return rate

    def cycles(self, time_s: Floats) -> Floats:
        """
        Cycles from the start to each time.
        """
        if self.is_constant:
            return time_s * self.first_hz + self._cycles_ahead
        turn, inside_s = self._turns(time_s)
        cycles: Floats = turn * self._cycles_a_turn + self._within(inside_s)
        return cycles + self._cycles_ahead

    def following(self, other: "RateProfile", at_s: float) -> "RateProfile":
        """
        The same course with the phase that *other* has at *at_s*, so that it can take over there.
        """
        at = np.array([at_s])
        joined = copy.copy(self)
        joined._cycles_ahead += float((other.cycles(at) - self.cycles(at))[0])  # noqa: SLF001
        return joined

    def _turns(self, time_s: Floats) -> tuple[Floats, Floats]:
        if self._repeat_s is None:
            return np.zeros_like(time_s), time_s
        turn = np.floor(time_s / self._repeat_s)
        return turn, time_s - turn * self._repeat_s

    def _within(self, time_s: Floats) -> Floats:
        at = self._stretch(time_s)
        since_s = time_s - self._start_s[at]
        cycles: Floats = self._cycles_before[at] + since_s * (
            self._rate_hz[at] + 0.5 * self._slope[at] * since_s
        )
        return cycles

    def _stretch(self, time_s: Floats) -> NDArray[np.int64]:
        return np.searchsorted(self._start_s, time_s, side="right") - 1
