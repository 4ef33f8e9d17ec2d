"""The rate estimator: right to a beat, silent at first, never half or double."""

import itertools
from functools import cache

import numpy as np
import pytest

from services.physiology_server.signals.rate_estimator import (
    BREATHING,
    PULSE,
    RateEstimator,
    find_rate,
)
from services.physiology_server.sources.synthetic_source import SyntheticSource

FPS = 30.0
SEEDS = (1, 2, 3)
RATES = ((45.0, 6.0), (60.0, 10.0), (72.0, 15.0), (110.0, 24.0), (180.0, 35.0))
KINDS = pytest.mark.parametrize("kind", [PULSE, BREATHING], ids=["pulse", "breathing"])


@cache
def person(seed, pulse, breathing, seconds=120):
    source = SyntheticSource(seed, FPS, pulse_per_minute=pulse, breathing_per_minute=breathing)
    frames = list(itertools.islice(source.frames(), int(seconds * FPS)))
    return (
        [frame.signals.pulse for frame in frames],
        [frame.signals.upper_breathing for frame in frames],
    )


def estimates(kind, trace, fps=FPS, start_s=0.0):
    """
    What a fresh estimator says of *trace*, as (time, estimate).
    """
    estimator = RateEstimator(kind)
    found = [(start_s + n / fps, estimator.add(start_s + n / fps, v)) for n, v in enumerate(trace)]
    return [(time_s, estimate) for time_s, estimate in found if estimate is not None]


def rates(found):
    return [estimate.rate_per_minute for _, estimate in found]


def wave(kind, rate_per_minute, *harmonics, noise=0.0, windows=1.0):
    """
    A trace with the given amplitudes at the rate and its multiples, as long as a window or more.
    """
    time_s = np.arange(int(windows * kind.window_s * FPS)) / FPS
    phase = 2 * np.pi * rate_per_minute / 60 * time_s
    trace = sum(size * np.sin(n * phase + 0.7 * n) for n, size in enumerate(harmonics, start=1))
    return time_s, 0.1 * (trace + noise * np.random.default_rng(1).normal(size=len(time_s)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("pulse", "breathing"), RATES)
def test_the_pulse_rate_is_found_in_the_trace(seed, pulse, breathing):
    """
    The median over two minutes is right to one beat a minute, and no single one is off by three.
    """
    found = rates(estimates(PULSE, person(seed, pulse, breathing)[0]))

    assert pytest.approx(pulse, abs=1.0) == np.median(found)
    assert max(abs(rate - pulse) for rate in found) < 3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("pulse", "breathing"), RATES)
def test_the_breathing_rate_is_found_in_the_trace(seed, pulse, breathing):
    """
    The median is right to half a breath a minute, and no single one is off by two.
    """
    found = rates(estimates(BREATHING, person(seed, pulse, breathing)[1]))

    assert pytest.approx(breathing, abs=0.5) == np.median(found)
    assert max(abs(rate - breathing) for rate in found) < 2


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("pulse", "breathing"), RATES)
def test_a_clean_trace_gives_a_rate_each_second(seed, pulse, breathing):
    """
    Once warm there are no holes: 108 seconds of pulse are 109 estimates, 95 of breathing 96.
    """
    beats, breaths = person(seed, pulse, breathing, seconds=121)

    assert 109 == len([t for t, _ in estimates(PULSE, beats) if t <= 120])
    assert 96 == len([t for t, _ in estimates(BREATHING, breaths) if t <= 120])


@pytest.mark.parametrize(
    ("kind", "at_s"), [(PULSE, 12.0), (BREATHING, 25.0)], ids=["pulse", "breathing"]
)
def test_the_first_rate_comes_when_the_warm_up_is_over(kind, at_s):
    """
    Counted from the first sample, wherever the clock stands; then once a second.
    """
    beats, breaths = person(1, 72.0, 15.0)
    found = estimates(kind, beats if kind is PULSE else breaths, start_s=1000.0)

    assert pytest.approx([1000 + at_s, 1001 + at_s, 1002 + at_s]) == [t for t, _ in found[:3]]


@KINDS
@pytest.mark.parametrize(
    "harmonics",
    [(1.0,), (1.0, 0.5, 0.3), (1.0, 0.8, 0.4)],
    ids=["sine", "harmonics", "strong harmonics"],
)
@pytest.mark.parametrize("noise", [0.02, 0.3])
def test_neither_half_nor_double_the_rate_is_found(kind, harmonics, noise):
    """
    Whatever the shape and some noise, over the whole band the fundamental is found.
    """
    low, high = kind.band_per_minute
    asked = np.linspace(1.6 * low, 0.9 * high, 12)

    found = [find_rate(*wave(kind, rate, *harmonics, noise=noise), kind) for rate in asked]

    assert pytest.approx(asked, rel=0.02, abs=0.5) == [e.rate_per_minute for e in found]


def test_a_pulse_whose_second_harmonic_is_twice_the_first_is_not_doubled():
    """
    A strong dicrotic wave must not make two beats of one.
    """
    asked = (45.0, 60.0, 75.0, 90.0)

    found = [find_rate(*wave(PULSE, rate, 1.0, 2.0, noise=0.1), PULSE) for rate in asked]

    assert pytest.approx(asked, abs=1.0) == [e.rate_per_minute for e in found]


@KINDS
def test_events_of_alternating_height_are_not_halved(kind):
    """
    Every other beat (or breath) a third less: still that many a minute.
    """
    rate = 80.0 if kind is PULSE else 16.0
    time_s, trace = wave(kind, rate, 1.0, 0.4, noise=0.05)
    lower = np.where(np.floor(time_s * rate / 60) % 2, 0.67, 1.0)

    assert pytest.approx(rate, rel=0.02) == find_rate(time_s, lower * trace, kind).rate_per_minute


@KINDS
def test_confidence_falls_as_noise_grows(kind):
    """
    From above 0.95 for a clean trace, always downwards, to below the threshold.
    """
    rate = 70.0 if kind is PULSE else 14.0
    heard = [
        find_rate(*wave(kind, rate, 1.0, 0.4, noise=noise), kind).confidence
        for noise in (0.0, 0.2, 0.5, 3.0)
    ]

    assert sorted(heard, reverse=True) == heard
    assert heard[0] > 0.95
    assert heard[-1] < kind.least_confidence


@KINDS
def test_confidence_does_not_depend_on_the_unit(kind):
    """
    A trace in other units has the same rate with the same confidence.
    """
    time_s, trace = wave(kind, 75.0 if kind is PULSE else 14.0, 1.0, 0.4, noise=0.5)
    small, large = find_rate(time_s, trace, kind), find_rate(time_s, 1e4 * trace - 3e5, kind)

    assert pytest.approx(small.confidence) == large.confidence
    assert pytest.approx(small.rate_per_minute) == large.rate_per_minute


def test_drift_and_a_step_do_not_hide_the_pulse():
    """
    Light that changes by ten times the pulse leaves the rate where it is.
    """
    time_s, trace = wave(PULSE, 66.0, 1.0, 0.4)
    drift = 1.0 * np.sin(2 * np.pi * time_s / 40)

    assert pytest.approx(66.0, abs=1.0) == find_rate(time_s, trace + drift, PULSE).rate_per_minute


@KINDS
def test_a_rate_that_changes_is_followed_within_a_window(kind):
    """
    From one window after the change on, nothing is left of what was before.
    """
    slow, fast = (60.0, 90.0) if kind is PULSE else (10.0, 18.0)
    (_, before), (time_s, after) = (wave(kind, r, 1.0, 0.4, windows=2) for r in (slow, fast))

    found = estimates(kind, np.concatenate([before, after]))

    changed_s = time_s[-1] + 1 / FPS
    late = [e.rate_per_minute for at_s, e in found if at_s > changed_s + kind.window_s]
    assert pytest.approx([fast] * len(late), abs=0.5) == late
    assert late


@pytest.mark.parametrize("fps", [10.0, 15.0, 25.0, 60.0])
def test_other_frame_rates_give_the_same_rate(fps):
    """
    From 10 frames a second on.
    """
    time_s = np.arange(int(20 * fps)) / fps
    trace = 0.1 * np.sin(2 * np.pi * 1.2 * time_s)

    assert pytest.approx(72.0, abs=0.3) == np.median(rates(estimates(PULSE, trace, fps)))


def test_dropped_frames_do_not_bend_the_rate():
    """
    With every fifth frame lost at random the rate stays within one beat a minute.
    """
    lost = np.random.default_rng(3).random(3600) < 0.2
    estimator = RateEstimator(PULSE)
    found = [
        estimator.add(n / FPS, value)
        for n, value in enumerate(person(1, 72.0, 15.0)[0])
        if not lost[n]
    ]

    assert pytest.approx(72.0, abs=1.0) == np.median([e.rate_per_minute for e in found if e])


def test_a_gap_starts_the_warm_up_again():
    """
    What came before a second without samples is another trace: 12 s pass before the next rate.
    """
    trace = person(1, 72.0, 15.0)[0]
    estimator = RateEstimator(PULSE)
    times_s = [n / FPS for n in range(900) if not 600 <= n < 630]
    found = [t for t, v in zip(times_s, trace, strict=False) if estimator.add(t, v)]

    assert [12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0] == pytest.approx(found[:8])
    assert [] == [t for t in found if 20.0 < t < 29.0]


def test_time_that_steps_back_starts_the_warm_up_again():
    """
    A source that begins anew is not mixed with what it was before.
    """
    estimator = RateEstimator(PULSE)
    trace = person(1, 72.0, 15.0)[0]
    for n in range(450):
        estimator.add(n / FPS, trace[n])

    again = [n / FPS for n in range(450) if estimator.add(n / FPS, trace[n])]

    assert pytest.approx(12.0) == again[0]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_passed_over(bad):
    """
    One broken sample costs one sample.
    """
    trace = list(person(1, 72.0, 15.0)[0][:450])
    trace[200] = bad

    assert pytest.approx(72.0, abs=2.0) == np.median(rates(estimates(PULSE, trace)))


@pytest.mark.parametrize(("pulse", "breathing"), [(32.0, 3.2), (36.0, 3.6), (215.0, 50.0)])
def test_a_person_whose_rates_are_outside_the_band_has_no_rate(pulse, breathing):
    """
    Neither the double of a slow rate nor the nearest rate that would be allowed.
    """
    beats, breaths = person(2, pulse, breathing)

    assert [] == estimates(PULSE, beats)
    assert [] == estimates(BREATHING, breaths)
