"""What is away that a service needs: logged, and counted."""

import logging

import pytest

from vitalrig.clock import ManualClock
from vitalrig.reported_outage import ReportedOutage
from vitalrig.service.heartbeats import ServiceHeartbeats


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def beats(clock):
    return ServiceHeartbeats("relay", clock=clock)


def test_an_outage_is_two_log_lines_and_counted_once(beats, clock, caplog):
    """
    However often it was tried meanwhile: a night without Redis does not fill the disk.
    """
    caplog.set_level(logging.INFO)
    outage = ReportedOutage("Redis", beats, clock)
    outage.end()
    for waiting in (3, 4, 5):
        outage.fail("refused", waiting=waiting)
        clock.advance(1.5)
    outage.end()
    outage.end()

    begin, end = caplog.records
    assert ("Redis is away", "refused", 3) == (begin.message, begin.why, begin.waiting)
    assert ("Redis is back", 4.5) == (end.message, end.away_s)
    assert {"backend_disconnects": 1, "backend_away_seconds": 4.5} == beats.report()["counters"]
