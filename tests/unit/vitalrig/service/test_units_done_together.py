"""A step whose units of work are done many at a time."""

import pytest

from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats


def test_units_that_were_done_together_are_counted_each():
    """
    As many beats as units, and no byte more or less.
    """
    clock = ManualClock()
    beats = ServiceHeartbeats("probe", clock=clock)
    step = beats.step("written")
    clock.advance(0.5)
    step.beat_times(3, 0.75, 100)
    step.beat_times(0, 0.0, 0)

    report = beats.report()["steps"]["written"]
    assert (3, 0.75, 100) == (report["count"], report["busy_s"], report["size_bytes"])
    assert 6.0 == pytest.approx(report["window_rate_hz"])
