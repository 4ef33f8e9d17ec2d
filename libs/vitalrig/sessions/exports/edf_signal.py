"""One series on EDF's terms: a regular grid of 16-bit numbers between two limits."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitalrig.sessions.reading.series import Floats, Samples
from vitalrig.sessions.reading.timing import Timing

DIGITAL_MIN = -32768
"""Stands for "no data" here; values have the numbers above it."""

DIGITAL_MAX = 32767

_LOWEST_VALUE = DIGITAL_MIN + 1
_FIELD_LETTERS = 8
_SMALLEST = 1e-4
_LARGEST = 99_999_999.0
_GRID_STEP_HZ = 0.1
_NEAR = 0.01
_SLOW_HZ = 2.5


@dataclass(frozen=True, slots=True)
class Range:
    """
    The physical values of the lowest and highest digital number.

    Both have at most eight letters, so that a file's header holds them as they are.
    """

    low: float
    high: float

    @property
    def step(self) -> float:
        """The physical difference between neighbouring digital numbers."""
        return (self.high - self.low) / (DIGITAL_MAX - DIGITAL_MIN)


def range_of(values: Floats) -> Range:
    """
    The narrowest range that holds *values* and leaves the lowest number for "no data".

    Raises:
        ValueError: If they are beyond what eight letters can say.
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    if max(abs(low), abs(high)) > _LARGEST / 10:
        raise ValueError(f"values up to {max(abs(low), abs(high)):g} do not fit EDF")
    if low == high:
        low, high = low - 0.5, high + 0.5
    # A margin below for "no data", and one above so that rounding cannot overflow.
    margin = max((high - low) / 60_000, abs(high) * 1e-6, abs(low) * 1e-6, 1e-6)
    return Range(_fitting(low - 2 * margin, down=True), _fitting(high + margin, down=False))


def _fitting(number: float, *, down: bool) -> float:
    """
    The nearest number that is not on the wrong side and that edfio writes as it is.

    It writes at most eight letters, as many decimals as go with them, and rounds what it is given;
    a number close to 0 would have an exponent, which EDF does not know.
    """
    outward: Callable[[float], int] = math.floor if down else math.ceil
    if abs(number) < _SMALLEST:
        return outward(number / _SMALLEST) * _SMALLEST
    for decimals in range(_FIELD_LETTERS - 2, -1, -1):
        scale = 10.0**decimals
        scaled = outward(number * scale)
        while outward(scaled / scale * scale) != scaled:
            scaled += -1 if down else 1
        if len(f"{scaled / scale:.{decimals}f}") <= _FIELD_LETTERS:
            return scaled / scale
    return float(outward(number))


def grid_rate_hz(timing: Timing) -> float:
    """
    The rate a series is resampled to: its own, in whole tenths of a hertz.
    """
    whole_hz = max(1.0, round(timing.rate_hz))
    if abs(timing.rate_hz - whole_hz) <= _NEAR * whole_hz:
        return whole_hz
    return max(_GRID_STEP_HZ, round(timing.rate_hz / _GRID_STEP_HZ) / 10)


def resampled(
    samples: Samples, timing: Timing, *, start_us: float, rate_hz: float, count: int
) -> Floats:
    """
    The series at *count* regular times from *start_us*; NaN where it has no data.

    A trace is interpolated along lines, and not across gaps. Slow series, and those that
    only say yes and no, keep their values: each grid point has the nearest sample's, if
    there is one within half an interval.
    """
    at_us = start_us + np.arange(count, dtype=np.float64) * (1e6 / rate_hz)
    values = samples.values
    if rate_hz < _SLOW_HZ or bool(np.all((values == 0) | (values == 1))):
        return _nearest(samples, timing, at_us)
    return _along_lines(samples, timing, at_us)


def _nearest(samples: Samples, timing: Timing, at_us: Floats) -> Floats:
    stamps = samples.timestamps_us
    index = np.searchsorted((stamps[:-1] + stamps[1:]) / 2, at_us)
    grid = samples.values[index]
    grid[np.abs(at_us - stamps[index]) > timing.interval_us / 2 + _slack_us(timing)] = np.nan
    return grid


def _along_lines(samples: Samples, timing: Timing, at_us: Floats) -> Floats:
    stamps, slack_us = samples.timestamps_us, _slack_us(timing)
    grid = np.interp(at_us, stamps, samples.values)
    outside = (at_us < stamps[0] - slack_us) | (at_us > stamps[-1] + slack_us)
    for last in timing.gaps:
        begin, end = np.searchsorted(at_us, (stamps[last] + slack_us, stamps[last + 1] - slack_us))
        outside[begin:end] = True
    grid[outside] = np.nan
    return grid


def _slack_us(timing: Timing) -> float:
    """A grid point that is off by rounding alone belongs to the sample beside it."""
    return timing.interval_us / 100


def digital(grid: Floats, limits: Range) -> NDArray[np.int16]:
    """The grid as digital numbers; :data:`DIGITAL_MIN` where there is no data."""
    numbers = np.rint((grid - limits.low) / limits.step + DIGITAL_MIN)
    numbers = np.clip(numbers, _LOWEST_VALUE, DIGITAL_MAX)
    numbers[np.isnan(numbers)] = DIGITAL_MIN
    return numbers.astype(np.int16)
