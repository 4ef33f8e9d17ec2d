"""
Extremes, percentiles, and the last seconds.
"""

import statistics
from math import fsum

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vitalrig.heartbeat import Heartbeat, Span, Summary
from vitalrig.heartbeat.stats import percentile


class Seconds:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_a_summary_is_of_the_window():
    """
    Values that have left it do not count.
    """
    hbt = Heartbeat(5, 1, (1,))
    for number in (99, 4, 1, 3, 2, 5):
        hbt.heartbeat(0, (1,), ((number,),))

    assert Summary(5, 1, 5, 3.0, {0: 1, 50: 3, 75: 4, 100: 5}) == hbt.get_summary(
        0, (0, 50, 75, 100)
    )
    assert [4, 1, 3, 2, 5] == hbt.get_window_values(0)


def test_without_beats_there_is_no_summary():
    """
    None, rather than numbers that nobody measured.
    """
    assert None is Heartbeat(5).get_summary()


@given(st.lists(st.floats(-1e6, 1e6), min_size=2))
@example([1.0, 2.0])
def test_percentiles_are_those_of_the_statistics_module(numbers):
    """
    The inclusive method, which reaches from the smallest to the largest value.
    """
    cuts = statistics.quantiles(numbers, n=100, method="inclusive")
    ordered = sorted(numbers)

    assert cuts == pytest.approx([percentile(ordered, at) for at in range(1, 100)], abs=1e-6)
    assert (ordered[0], ordered[-1]) == (percentile(ordered, 0), percentile(ordered, 100))


def test_a_percentile_between_the_largest_floats_is_a_float():
    """
    Though their difference is not.
    """
    assert 0.0 == percentile([-1.7e308, 1.7e308], 50)


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1], -1), ([1], 101)])
def test_a_percentile_needs_values_and_a_percentage(values, percent):
    """
    Neither can be guessed.
    """
    with pytest.raises(ValueError):
        percentile(values, percent)


@pytest.fixture
def clock():
    return Seconds()


@pytest.fixture
def hbt(clock):
    """
    A beat a second from second 101 to 120, with the fields 0 to 19, in a window of 10.
    """
    hbt = Heartbeat(10, 1, (1,), clock=clock)
    for number in range(20):
        clock.now += 1.0
        hbt.heartbeat(number, (0.5,), ((number,),))
    return hbt


def test_a_span_is_the_last_seconds(hbt):
    """
    Beats and amounts after the instant at which it begins.
    """
    assert Span(4.0, 4, 16 + 17 + 18 + 19, complete=True) == hbt.get_span(4.0, 0)
    assert (1.0, 17.5) == (hbt.get_span(4.0).beats_per_s, hbt.get_span(4.0, 0).total_per_s)


def test_a_span_goes_on_while_nothing_beats(hbt, clock):
    """
    Unlike the window's rate, it falls to nothing.
    """
    clock.now += 2.0
    assert (0.5, 1.0) == (hbt.get_span(4.0).beats_per_s, hbt.get_span(4.0).total)

    clock.now += 2.0
    assert Span(4.0, 0, 0, complete=True) == hbt.get_span(4.0)


def test_a_span_longer_than_the_window_says_so(hbt):
    """
    It covers what is known: from the oldest beat in the window, which is not counted itself.
    """
    span = hbt.get_span(60.0, 0)

    assert Span(9.0, 9, sum(range(11, 20)), complete=False) == span
    assert 1.0 == span.beats_per_s


def test_a_span_longer_than_the_heartbeat_is_old_is_cut(clock):
    """
    Rates are over the time there has been.
    """
    hbt = Heartbeat(10, clock=clock)
    hbt.heartbeat(0, (0.1,))
    clock.now += 2.0
    hbt.heartbeat(1, (0.2,))

    assert Span(2.0, 2, fsum((0.1, 0.2)), complete=True) == hbt.get_span(60.0)


def test_a_span_of_no_length_has_no_rate(clock):
    """
    And divides nothing by zero.
    """
    hbt = Heartbeat(10, clock=clock)
    hbt.heartbeat(0, (0.1,))

    assert (1, 0.0, 0.0) == (
        hbt.get_span(1.0).beats,
        hbt.get_span(1.0).beats_per_s,
        hbt.get_span(1.0).total_per_s,
    )


@pytest.mark.parametrize("looks", [True, False], ids=["read at once", "read at the end"])
def test_stamps_rise_though_the_clock_goes_back(clock, looks):
    """
    Threads may put down their beats in the other order than they looked at the clock.
    """
    hbt = Heartbeat(10, clock=clock)
    for now in (105.0, 103.0, 107.0, 106.0):
        clock.now = now
        hbt.heartbeat(0, (1,))
        if looks:
            assert hbt.last_beat_s >= max(now, 105.0)
    clock.now = 108.0

    assert [2, 4] == [hbt.get_span(seconds).beats for seconds in (2.0, 4.0)]


def test_a_span_ends_no_earlier_than_the_last_beat(clock):
    """
    Also by a clock that went back.
    """
    hbt = Heartbeat(10, clock=clock)
    for clock.now in (102.0, 105.0):
        hbt.heartbeat(0, (1,))
    clock.now = 103.0

    assert Span(2.0, 1, 1, complete=True) == hbt.get_span(2.0)


def test_the_last_beat_is_known_by_the_clock(clock):
    """
    None before the first one, and without a clock.
    """
    hbt = Heartbeat(10, clock=clock)
    clockless = Heartbeat(10)
    clockless.heartbeat(0, (1,))
    assert [None, None] == [hbt.last_beat_s, clockless.last_beat_s]

    clock.now = 111.0
    hbt.heartbeat(0, (1,))

    assert (100.0, 111.0) == (hbt.started_s, hbt.last_beat_s)


def test_a_span_needs_a_clock_and_a_length(clock):
    """
    Neither can be guessed.
    """
    with pytest.raises(ValueError, match="clock"):
        Heartbeat(10).get_span(1.0)
    with pytest.raises(ValueError, match="seconds"):
        Heartbeat(10, clock=clock).get_span(0.0)
