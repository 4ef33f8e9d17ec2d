"""
No beat for some seconds is a stall.
"""

import pytest

from vitalrig.heartbeat import Heartbeat
from vitalrig.heartbeat.stall import StallDetector


class Seconds:
    def __init__(self):
        self.now = 50.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Seconds()


def test_a_heartbeat_with_the_clock_is_silent_since_its_last_beat(clock):
    """
    To the instant, however seldom somebody looks.
    """
    hbt = Heartbeat(5, clock=clock)
    detector = StallDetector(hbt, 3.0)
    clock.now += 1.0
    hbt.heartbeat(0, (1,))
    clock.now += 2.5

    assert (2.5, False) == (detector.silence_s, detector.stalled)
    clock.now += 0.5
    assert detector.stalled


def test_a_beat_ends_a_stall(clock):
    """
    And the silence begins anew.
    """
    hbt = Heartbeat(5, clock=clock)
    detector = StallDetector(hbt, 3.0)
    clock.now += 9.0
    assert detector.stalled

    hbt.heartbeat(0, (1,))

    assert (0.0, False) == (detector.silence_s, detector.stalled)


def test_a_heartbeat_that_never_beats_stalls_as_well(clock):
    """
    Silence is counted from when the detector was made.
    """
    hbt = Heartbeat(5, clock=clock)
    clock.now += 9.0
    detector = StallDetector(hbt, 3.0)
    clock.now += 2.0

    assert (2.0, False) == (detector.silence_s, detector.stalled)
    clock.now += 1.0
    assert detector.stalled


def test_a_heartbeat_without_a_clock_is_silent_since_the_look_that_found_a_beat(clock):
    """
    A stall is told late rather than early.
    """
    hbt = Heartbeat(5)
    detector = StallDetector(hbt, 3.0, clock)
    hbt.heartbeat(0, (1,))
    clock.now += 2.0
    assert 0.0 == detector.silence_s

    clock.now += 2.0

    assert (2.0, False) == (detector.silence_s, detector.stalled)
    clock.now += 1.0
    assert detector.stalled


def test_a_clock_that_goes_back_makes_no_negative_silence(clock):
    """
    Silence is at least none.
    """
    detector = StallDetector(Heartbeat(5, clock=clock), 3.0)
    clock.now -= 10.0

    assert 0.0 == detector.silence_s


def test_there_must_be_a_clock():
    """
    The heartbeat's or the detector's.
    """
    with pytest.raises(ValueError, match="clock"):
        StallDetector(Heartbeat(5), 3.0)


@pytest.mark.parametrize("limit_s", [0, -1.0, float("nan")])
def test_a_limit_is_positive(limit_s, clock):
    """
    Everything would be a stall otherwise, or nothing.
    """
    with pytest.raises(ValueError, match="limit_s"):
        StallDetector(Heartbeat(5), limit_s, clock)
