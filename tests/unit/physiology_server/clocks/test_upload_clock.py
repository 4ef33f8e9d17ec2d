"""The times of uploaded pictures."""

import pytest

from services.physiology_server.clocks.upload import UploadClock
from vitalrig.clock import ManualClock


@pytest.fixture
def clock():
    return ManualClock()


def test_the_first_picture_comes_now_and_the_next_by_the_client_s_own_intervals(clock):
    """
    A client's clock need not agree with ours.
    """
    times, now_us = UploadClock(clock), clock.wall_us()
    clock_offset_us = 5_000_000

    assert (0.0, now_us) == times.place(clock_offset_us, 1)
    assert (0.04, now_us + 40_000) == times.place(clock_offset_us + 40_000, 1)


@pytest.mark.parametrize("timestamp_us", [40_000, 39_999, -1])
def test_a_picture_that_is_not_later_is_refused(clock, timestamp_us):
    """
    Time rises for whoever reads the results.
    """
    times = UploadClock(clock)
    times.place(0, 1)
    times.place(40_000, 1)

    assert None is times.place(timestamp_us, 1)


def test_a_refused_picture_does_not_hold_up_those_after_it(clock):
    """
    One mistaken stamp costs one picture.
    """
    times = UploadClock(clock)
    times.place(40_000, 1)
    times.place(0, 1)

    assert 0.04 == times.place(80_000, 1)[0]


def test_another_client_goes_on_at_the_wall_clock(clock):
    """
    Its own count begins again at zero.
    """
    times = UploadClock(clock)
    times.place(0, 1)
    clock.advance(20)

    assert (20.0, clock.wall_us()) == times.place(0, 2)


def test_after_a_client_that_ran_ahead_time_still_rises(clock):
    """
    A file uploaded faster than real time ends in the future.
    """
    times = UploadClock(clock)
    times.place(0, 1)
    last_s, last_us = times.place(60_000_000, 1)
    next_s, next_us = times.place(0, 2)

    assert next_s > last_s
    assert next_us > last_us
