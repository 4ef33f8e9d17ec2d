"""Single breaths: each counted once, measured in the unit that is promised."""

import itertools

import numpy as np
import pytest

from services.physiology_server.signals.breath_detector import BreathDetector
from services.physiology_server.signals.periodic import Periodic

FPS = 30.0


def breaths(trace, mean=0.0, deviation=1.0):
    tracker = BreathDetector()
    tracker.calibrate(mean, deviation)
    found = [tracker.add(n / FPS, value, n) for n, value in enumerate(trace)]
    return [breath for breath in found if breath is not None]


def sine(seconds=41.0, period_s=4.0, depth=2**0.5):
    return depth * np.sin(2 * np.pi * np.arange(int(seconds * FPS)) / FPS / period_s)


def test_each_breath_is_counted_once():
    """
    In 41 s of breaths of 4 s, nine lie between two troughs that can be seen.
    """
    assert 9 == len(breaths(sine()))


def test_a_breath_ends_at_its_trough():
    """
    What belongs to the trough's sample comes with the breath, one every 4 s.
    """
    ends = [breath.end for breath in breaths(sine())]

    assert pytest.approx([210 + 120 * n for n in range(9)], abs=1) == ends


def test_a_sine_wave_is_1_41_deep_with_its_trough_at_minus_0_71():
    """
    In units of twice the deviation.
    """
    breath = breaths(3 * sine() + 7, mean=7.0, deviation=3.0)[4]

    assert pytest.approx(1.414, abs=0.01) == breath.amplitude
    assert pytest.approx(-0.707, abs=0.01) == breath.baseline
    assert pytest.approx(1.0, abs=0.05) == breath.inhale_exhale_ratio


def test_the_ratio_is_time_in_over_time_out():
    """
    One second in and three out is a third.
    """
    one = np.concatenate([np.linspace(-1, 1, 30, endpoint=False), np.linspace(1, -1, 90, False)])

    found = [breath.inhale_exhale_ratio for breath in breaths(np.tile(one, 8), deviation=0.58)]

    assert pytest.approx([1 / 3] * len(found), abs=0.03) == found


def test_small_noise_makes_no_breaths():
    """
    Noise of a tenth of a breath's depth changes no count.
    """
    noise = np.random.default_rng(1).normal(scale=0.14, size=int(41 * FPS))

    assert 9 == len(breaths(sine() + noise))


def test_before_anyone_found_breathing_there_are_no_breaths():
    """
    Without calibration noise is not taken for breaths.
    """
    tracker = BreathDetector()

    assert {None} == {tracker.add(n / FPS, value, n) for n, value in enumerate(sine())}


def test_the_usual_depth_is_known_from_the_second_breath_on():
    """
    It is the median of the last eight, so one sigh does not change it.
    """
    tracker = BreathDetector()
    tracker.calibrate(0.0, 1.0)
    trace = np.concatenate([sine(20.0), 2 * sine(4.0), sine(20.0)])
    known = []
    for n, value in enumerate(trace):
        if tracker.add(n / FPS, value, n):
            known.append(tracker.usual_depth)

    assert known[0] is None
    assert pytest.approx([2.83] * (len(known) - 1), abs=0.05) == known[1:]


def test_a_cadence_does_not_drift():
    """
    In 1000 s of frames at 29.97 a second something due every 0.475 s is due 2106 times.
    """
    cadence = Periodic(0.475)

    assert 2106 == sum(cadence.due(n / 29.97) for n in range(29_970))


def test_a_cadence_does_not_catch_up_after_a_pause():
    """
    What was missed is missed.
    """
    cadence = Periodic(1.0, first_after_s=2.0)
    times_s = itertools.chain(range(4), range(10, 13))

    assert [2, 3, 10, 11, 12] == [time_s for time_s in times_s if cadence.due(float(time_s))]
