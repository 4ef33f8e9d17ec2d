"""What a service reports of its steps."""

import pytest

from vitalrig.beats import Beats
from vitalrig.clock import ManualClock


def test_a_step_counts_work_time_and_bytes():
    """
    Counters first: Prometheus makes rates of them.
    """
    clock = ManualClock()
    beats = Beats("probe", clock=clock)
    step = beats.step("written")
    for _ in range(3):
        clock.advance(0.5)
        step.beat(busy_s=0.25, size_bytes=100)

    report = beats.report()["steps"]["written"]

    assert (3, 0.75, 300) == (report["count"], report["busy_s"], report["size_bytes"])


def test_a_steps_rate_is_its_throughput():
    """
    Beats half a second apart are two hertz, however little of it was work.
    """
    clock = ManualClock()
    beats = Beats("probe", clock=clock)
    step = beats.step("written")
    for _ in range(10):
        clock.advance(0.5)
        step.beat(busy_s=0.001)

    assert 2.0 == pytest.approx(beats.report()["steps"]["written"]["window_rate_hz"])


def test_a_step_that_never_beat_has_no_rate():
    """
    Nothing done is a count of 0, not a rate of 0.
    """
    beats = Beats("probe", clock=ManualClock())
    beats.step("written")

    assert "window_rate_hz" not in beats.report()["steps"]["written"]


def test_a_clock_that_stands_still_is_no_error():
    """
    Two beats within the grain of a clock are two beats.
    """
    beats = Beats("probe", clock=ManualClock())
    beats.step("written").beat()
    beats.step("written").beat()

    assert 2 == beats.report()["steps"]["written"]["count"]


def test_counters_add_up():
    """
    Asking for a counter with 0 makes it appear.
    """
    beats = Beats("probe", clock=ManualClock())
    beats.count("losses", 0)
    beats.count("losses", 2)
    beats.count("losses")

    assert {"losses": 3} == beats.report()["counters"]
