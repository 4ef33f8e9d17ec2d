"""The times of live pictures."""

import pytest

from services.physiology_server.clocks.live import LiveClock
from tests.support.heard_events import HeardEvents
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def beats():
    return ServiceHeartbeats("physiology_server")


def test_time_begins_with_the_first_picture(clock, beats):
    """
    However long the camera was away before.
    """
    times = LiveClock(clock, beats)
    clock.advance(3600)

    assert (0.0, clock.wall_us()) == times.place(clock.monotonic_s())


def test_a_stamp_says_when_the_picture_was_taken(clock, beats):
    """
    Not when it was handled, a while later.
    """
    times = LiveClock(clock, beats)
    times.place(clock.monotonic_s())
    first_us = clock.wall_us()
    clock.advance(1.0)

    assert (pytest.approx(0.9), first_us + 900_000) == times.place(clock.monotonic_s() - 0.1)


def test_a_picture_that_is_not_later_is_refused(clock, beats):
    """
    Time never goes back, and never stands still.
    """
    times = LiveClock(clock, beats)
    now_s = clock.monotonic_s()
    times.place(now_s)

    assert [None, None] == [times.place(now_s), times.place(now_s - 1)]


def test_stamps_follow_a_wall_clock_that_is_set(clock, beats):
    """
    As those of every other source do, and the jump is counted.
    """
    times = LiveClock(clock, beats)
    times.place(clock.monotonic_s())
    clock.advance(1)
    clock.jump_wall(7200)

    assert (pytest.approx(1.0), clock.wall_us()) == times.place(clock.monotonic_s())
    assert 1 == beats.report()["counters"]["clock_jumps"]


def test_a_clock_that_is_set_is_said_with_how_far(clock, beats):
    """
    Back is negative.
    """
    events = HeardEvents()
    times = LiveClock(clock, beats, events)
    for by_s in (0, 7200, -60.5):
        clock.advance(1)
        clock.jump_wall(by_s)
        times.place(clock.monotonic_s())

    assert [("clock.moved", {"by_s": by_s}) for by_s in (7200, -60.5)] == events.said


def test_a_small_step_of_the_wall_clock_leaves_stamps_even(clock, beats):
    """
    NTP's little corrections are not seen in intervals.
    """
    times = LiveClock(clock, beats)
    times.place(clock.monotonic_s())
    first_us = clock.wall_us()
    clock.advance(1)
    clock.jump_wall(-0.4)

    assert first_us + 1_000_000 == times.place(clock.monotonic_s())[1]
