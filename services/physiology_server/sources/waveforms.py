"""The shapes of one beat and one breath, as tables over their phase."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_POINTS = 2048
_REST_PERIOD_S = 60 / 72
INHALE_FRACTION = 0.4  # inspiration to expiration as 1 to 1.5
# Between rates that are no further apart than this the shape is drawn linearly.
_FAMILY_STEP_HZ = 10 / 60


class Wave:
    """A periodic shape that is read at a phase counted in cycles."""

    def __init__(self, table: Floats) -> None:
        self._phase = np.linspace(0.0, 1.0, len(table) + 1)
        self._table = np.append(table, table[0])

    def at(self, phase: Floats) -> Floats:
        """
        The shape at *phase*, of which only the fraction counts.
        """
        shape: Floats = np.interp(phase - np.floor(phase), self._phase, self._table)
        return shape


class WaveFamily:
    """
    A shape that changes with the rate, for rates between two.

    Args:
        shape: Makes the shape of one period in s.
        low_hz: The lowest rate.
        high_hz: The highest rate.
    """

    def __init__(self, shape: Callable[[float], Wave], low_hz: float, high_hz: float) -> None:
        count = 1 + math.ceil((high_hz - low_hz) / _FAMILY_STEP_HZ)
        self._rates_hz = np.linspace(low_hz, high_hz, count)
        self._waves = [shape(1 / rate_hz) for rate_hz in self._rates_hz.tolist()]

    def at(self, phase: Floats, rate_hz: Floats) -> Floats:
        """
        The shape at *phase*, in cycles, of a beat at *rate_hz*.
        """
        if len(self._waves) == 1:
            return self._waves[0].at(phase)
        place = np.interp(rate_hz, self._rates_hz, np.arange(len(self._waves)))
        lower = np.minimum(place.astype(np.int64), len(self._waves) - 2)
        shape = np.empty_like(phase)
        for below in np.unique(lower).tolist():
            here = lower == below
            share = place[here] - below
            shape[here] = (1 - share) * self._waves[below].at(phase[here])
            shape[here] += share * self._waves[below + 1].at(phase[here])
        return shape


def pulse_wave(period_s: float) -> Wave:
    """
    Blood volume in the skin over one beat: upstroke, systolic peak, dicrotic notch, run-off.

    Zero mean, 1 from foot to peak. The foot is at phase 0.
    """
    time_s = _beat_time(period_s)
    shape = _bump(time_s, period_s, centre_s=0.19, rise_s=0.058, fall_s=0.095)
    shape += 0.40 * _bump(time_s, period_s, centre_s=0.475, rise_s=0.062, fall_s=0.13)
    return Wave(_unit(shape))


def pressure_wave(period_s: float) -> Wave:
    """
    Arterial pressure over one beat: steeper than the pulse in the skin, with a sharp incisura.

    Zero mean, 1 from foot to peak. The foot is at phase 0.
    """
    time_s = _beat_time(period_s)
    shape = _bump(time_s, period_s, centre_s=0.14, rise_s=0.042, fall_s=0.12)
    shape += 0.55 * _bump(time_s, period_s, centre_s=0.33, rise_s=0.10, fall_s=0.24)
    shape -= 0.20 * _bump(time_s, period_s, centre_s=0.345, rise_s=0.028, fall_s=0.028)
    return Wave(_unit(shape))


def breath_wave() -> Wave:
    """
    Displacement over one breath: in by a smooth ramp, out faster at first, then a pause.

    0 at both ends, 1 at the end of inspiration, so that breaths of different depth join.
    """
    phase = np.arange(_POINTS) / _POINTS
    inhale = 0.5 - 0.5 * np.cos(np.pi * phase / INHALE_FRACTION)
    out = np.clip((phase - INHALE_FRACTION) / (1 - INHALE_FRACTION), 0.0, 1.0)
    exhale = 0.5 + 0.5 * np.cos(np.pi * out**0.8)
    return Wave(np.where(phase < INHALE_FRACTION, inhale, exhale))


def _beat_time(period_s: float) -> Floats:
    """
    Seconds of a beat at rest for each phase of a beat of *period_s*.

    Systole shortens with the square root of the period (Bazett 1920), so a fast beat shows a
    longer part of the same wave.
    """
    phase = np.arange(_POINTS) / _POINTS
    time_s: Floats = phase * period_s / np.sqrt(period_s / _REST_PERIOD_S)
    return time_s


def _bump(time_s: Floats, period_s: float, centre_s: float, rise_s: float, fall_s: float) -> Floats:
    """
    A bell with a steeper rise than fall, and what its neighbours in the train add to it.
    """
    spacing_s = period_s / np.sqrt(period_s / _REST_PERIOD_S)
    total = np.zeros_like(time_s)
    for beat in range(-3, 4):
        distance_s = time_s - centre_s - beat * spacing_s
        width_s = np.where(distance_s < 0, rise_s, fall_s)
        total += np.exp(-0.5 * (distance_s / width_s) ** 2)
    return total


def _unit(shape: Floats) -> Floats:
    """
    *shape* with mean 0 and a height of 1.
    """
    scaled: Floats = (shape - shape.mean()) / np.ptp(shape)
    return scaled
