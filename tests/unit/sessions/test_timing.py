"""How a series is spaced in time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sessions import every, samples
from vitalrig.sessions.reading.timing import timing_of

FRAME_US = 1e6 / 30


def spaced(timestamps_us):
    return timing_of(samples(timestamps_us, np.zeros(len(timestamps_us))))


@pytest.mark.parametrize("rate_hz", [0.2, 1, 5, 25, 29.97, 30, 120])
def test_the_rate_of_an_even_series_is_measured(rate_hz):
    """
    As it is, not as it is called.
    """
    timing = spaced(every(1e6 / rate_hz, 200))

    assert (True, pytest.approx(rate_hz, rel=1e-5)) == (timing.is_even, timing.rate_hz)


def test_a_series_with_the_jitter_of_a_camera_is_even():
    """
    Frames come a few milliseconds early or late.
    """
    jitter_us = np.random.default_rng(1).uniform(-6_000, 6_000, 500)

    assert spaced(every(FRAME_US, 500) + np.rint(jitter_us)).is_even


def test_a_slow_series_that_is_stamped_by_frames_is_even():
    """
    Twice in 0.95 s, as apnea comes: 0.467 s and 0.5 s in turns.
    """
    steps_us = np.tile([466_667, 466_667, 500_000], 30)

    assert spaced(np.cumsum(steps_us)).is_even


def test_breaths_are_happenings():
    """
    They have no rate at which values between them would mean something.
    """
    steps_us = np.random.default_rng(1).normal(3.8e6, 0.4e6, 60)

    assert not spaced(np.cumsum(steps_us)).is_signal


@given(st.lists(st.tuples(st.integers(2, 60), st.integers(2, 600)), max_size=6))
def test_every_pause_of_two_samples_or_more_is_a_gap(pauses):
    """
    And the rate is measured without them.
    """
    kept, expected = list(range(100)), []
    for length, missing in pauses:
        expected.append(len(kept) - 1)
        begin = kept[-1] + missing + 1
        kept += range(begin, begin + length)
    timing = spaced(np.rint(np.array(kept) * FRAME_US))

    assert (expected, pytest.approx(30, rel=1e-4)) == (timing.gaps.tolist(), timing.rate_hz)


def test_one_lost_frame_is_no_gap():
    """
    A line may cross it; the timestamp differences still show it.
    """
    assert [] == spaced(np.delete(every(FRAME_US, 100), 50)).gaps.tolist()


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_samples_have_no_rate(count):
    """
    Nothing is divided by nothing.
    """
    timing = spaced(every(FRAME_US, count))

    assert (True, False) == (np.isnan(timing.rate_hz), timing.is_signal)
