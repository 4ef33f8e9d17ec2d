"""Frames a second, by the times of the frames."""

import pytest

from services.physiology_server.clocks.frame_rate import OVER_S, FrameRate


def measured(times_s, expected_fps=1_000.0):
    rate = FrameRate(expected_fps)
    for time_s in times_s:
        rate.add(time_s)
    return rate


def evenly(fps, seconds, start_s=0.0):
    return [start_s + number / fps for number in range(int(seconds * fps) + 1)]


@pytest.mark.parametrize("fps", [3.0, 14.0, 29.97, 120.0])
def test_the_rate_is_that_of_the_times_whatever_was_expected(fps):
    """
    A header or a driver may have said 1,000.
    """
    assert pytest.approx(fps) == measured(evenly(fps, 3)).fps


def test_until_there_is_enough_to_measure_the_expected_rate_is_given():
    """
    Two frames that came close together are not a rate.
    """
    assert 30.0 == measured([0.0, 0.001], expected_fps=30.0).fps


def test_a_rate_that_changes_is_followed_within_its_window():
    """
    A webcam exposes for longer when it becomes dark.
    """
    times_s = evenly(30, 10) + evenly(12, OVER_S, start_s=10 + 1 / 12)

    assert pytest.approx(12, abs=0.1) == measured(times_s).fps


def test_uneven_times_have_their_mean_rate():
    """
    A browser's pictures come at 29 to 38 ms.
    """
    times_s = [n / 30 + (0.01 if n % 3 else 0.0) for n in range(90)]

    assert pytest.approx(30, rel=0.01) == measured(times_s).fps


def test_frames_that_are_not_later_do_not_count():
    """
    The same picture twice is one picture.
    """
    times_s = [time_s for time_s in evenly(10, 2) for _ in range(2)]

    assert pytest.approx(10) == measured(times_s).fps


def test_after_an_absence_the_rate_stays_until_it_is_measured_anew():
    """
    The time without frames is not a slow second.
    """
    rate = measured(evenly(30, 2))
    rate.restart()
    for time_s in evenly(20, 1, start_s=4.0):
        rate.add(time_s)

    assert pytest.approx(20) == rate.fps
