"""When frames are due, and their stamps."""

import pytest

from services.physiology_server.clocks.paced import PacedClock
from vitalrig.clock import ManualClock


def test_a_frame_is_due_at_its_own_time():
    """
    The third frame of 30 a second comes after a tenth of a second.
    """
    clock = ManualClock()
    pacing = PacedClock(clock)
    clock.advance(0.04)

    assert 0.06 == pytest.approx(pacing.wait_s(0.1))


def test_stamps_are_even_though_processing_is_not():
    """
    A stamp says when the frame was taken, not when it was handled.
    """
    clock = ManualClock()
    start_us = clock.wall_us()
    pacing = PacedClock(clock)
    clock.advance(0.117)

    assert start_us + 100_000 == pacing.stamp_us(0.1)


def test_after_a_pause_frames_are_left_out():
    """
    A suspended machine does not wake up to a burst.
    """
    clock = ManualClock()
    pacing = PacedClock(clock)
    clock.advance(5)

    assert (True, False) == (pacing.too_late(3.9), pacing.too_late(4.1))


def test_stamps_follow_a_wall_clock_that_is_set():
    """
    A clock that was wrong at the start does not stay wrong.
    """
    clock = ManualClock()
    pacing = PacedClock(clock)
    clock.advance(1)
    clock.jump_wall(-3600)

    assert (clock.wall_us(), -3_600_000_000) == (pacing.stamp_us(1.0), pacing.moved_us)


def test_a_small_step_of_the_wall_clock_is_not_followed():
    """
    NTP's little corrections leave the stamps even.
    """
    clock = ManualClock()
    start_us = clock.wall_us()
    pacing = PacedClock(clock)
    clock.advance(1)
    clock.jump_wall(0.3)

    assert (start_us + 1_000_000, 0) == (pacing.stamp_us(1.0), pacing.moved_us)
