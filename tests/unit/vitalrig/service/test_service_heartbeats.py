"""What a service reports of its steps."""

import threading

import pytest

from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats


def test_a_step_counts_work_time_and_bytes():
    """
    Counters first: Prometheus makes rates of them.
    """
    clock = ManualClock()
    beats = ServiceHeartbeats("probe", clock=clock)
    step = beats.step("written")
    for _ in range(3):
        clock.advance(0.5)
        step.beat(busy_s=0.25, size_bytes=100)

    report = beats.report()["steps"]["written"]

    assert (3, 0.75, 300) == (report["count"], report["busy_s"], report["size_bytes"])


def test_a_steps_rate_is_its_throughput():
    """
    ServiceHeartbeats half a second apart are two hertz, however little of it was work.
    """
    clock = ManualClock()
    beats = ServiceHeartbeats("probe", clock=clock)
    step = beats.step("written")
    for _ in range(10):
        clock.advance(0.5)
        step.beat(busy_s=0.001)

    assert 2.0 == pytest.approx(beats.report()["steps"]["written"]["window_rate_hz"])


def test_a_step_that_never_beat_has_no_rate():
    """
    Nothing done is a count of 0, not a rate of 0.
    """
    beats = ServiceHeartbeats("probe", clock=ManualClock())
    beats.step("written")

    assert "window_rate_hz" not in beats.report()["steps"]["written"]


def test_a_clock_that_stands_still_is_no_error():
    """
    Two beats within the grain of a clock are two beats.
    """
    beats = ServiceHeartbeats("probe", clock=ManualClock())
    beats.step("written").beat()
    beats.step("written").beat()

    assert 2 == beats.report()["steps"]["written"]["count"]


def test_counters_add_up():
    """
    Asking for a counter with 0 makes it appear.
    """
    beats = ServiceHeartbeats("probe", clock=ManualClock())
    beats.count("losses", 0)
    beats.count("losses", 2)
    beats.count("losses")

    assert {"losses": 3} == beats.report()["counters"]


def test_a_step_is_made_once():
    """
    Whoever asks for it beats the same one.
    """
    beats = ServiceHeartbeats("probe", clock=ManualClock())

    assert beats.step("written") is beats.step("written")


def test_a_beat_that_is_refused_changes_nothing():
    """
    One number that is none would be in the sums for ever.
    """
    clock = ManualClock()
    beats = ServiceHeartbeats("probe", clock=clock)
    step = beats.step("written")
    clock.advance(1)
    step.beat(0.5)
    before = beats.report()
    with pytest.raises(ValueError, match="finite"):
        step.beat(float("nan"))

    assert before == beats.report()


def test_beats_of_many_threads_are_all_counted():
    """
    Scrapes are answered by several threads at once.
    """
    step = ServiceHeartbeats("probe").step("scrapes")
    threads = [
        threading.Thread(target=lambda: [step.beat(0.25, 2) for _ in range(2_000)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = step.report()

    assert (8_000, 2_000.0, 16_000) == (report["count"], report["busy_s"], report["size_bytes"])
