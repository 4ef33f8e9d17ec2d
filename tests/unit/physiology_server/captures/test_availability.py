"""Absences: logged twice, counted in seconds."""

import logging

import pytest

from services.physiology_server.captures.availability import Availability
from services.physiology_server.captures.opencv_feed import CameraUnavailable
from tests.support.heard_events import HeardEvents
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats

GONE = CameraUnavailable("there is no such device", "plug it in")
BUSY = CameraUnavailable("it is busy", "close the other program")


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def beats():
    return ServiceHeartbeats("physiology_server")


@pytest.fixture
def absence(beats, clock):
    return Availability("/dev/video0", beats, clock)


def why(caplog):
    return [record.why for record in caplog.records if record.levelno == logging.WARNING]


def test_a_reason_is_logged_once_however_often_it_is_met(absence, caplog):
    """
    A night without a camera does not fill the disk.
    """
    for reason in (GONE, GONE, BUSY, BUSY):
        absence.explain(reason)

    assert [GONE.reason, BUSY.reason] == why(caplog)


def test_the_end_of_an_absence_is_logged_with_its_length(absence, clock, caplog):
    """
    Once, with the first good picture.
    """
    caplog.set_level(logging.INFO)
    absence.explain(GONE)
    clock.advance(12.3)
    absence.end({"width": 640})
    absence.end({"width": 640})

    ends = [record for record in caplog.records if record.levelno == logging.INFO]
    assert [(12.3, 640)] == [(record.away_s, record.width) for record in ends]


def test_time_away_is_counted_while_it_passes(absence, beats, clock):
    """
    A dashboard sees an absence before it is over.
    """
    absence.explain(GONE)
    clock.advance(2)
    absence.tick()
    seen = beats.report()["counters"]["camera_away_seconds"]
    clock.advance(3)
    absence.end({})
    clock.advance(100)
    absence.tick()

    assert (2, 5) == (seen, beats.report()["counters"]["camera_away_seconds"])


def test_a_camera_that_was_never_there_was_not_disconnected(absence, beats):
    """
    Only what was there can be lost.
    """
    absence.explain(GONE)
    absence.end({})

    assert 0 == beats.report()["counters"]["camera_disconnects"]


def test_a_loss_without_a_known_reason_is_logged_too(absence, beats, caplog):
    """
    A camera that can be opened again at once has stopped all the same.
    """
    absence.end({})
    absence.lose()
    absence.opened()

    assert ["it stopped sending pictures"] == why(caplog)
    assert 1 == beats.report()["counters"]["camera_disconnects"]


def test_a_source_is_said_to_be_lost_and_back_once_each(beats, clock):
    """
    However many reasons there are meanwhile, and whether or not it ever was there.
    """
    events = HeardEvents()
    absence = Availability("/dev/video0", beats, clock, events)
    for reason in (GONE, BUSY, GONE):
        absence.explain(reason)
        clock.advance(2)
    absence.end({})
    absence.end({})
    absence.lose()
    absence.opened()

    lost = {"source": "/dev/video0", "why": GONE.reason}
    assert ("source.lost", lost) == events.said[0]
    assert ("source.back", {"source": "/dev/video0", "away_s": 6.0}) == events.said[1]
    assert ["source.lost"] == events.types[2:]


def test_a_source_that_works_from_the_first_is_not_said_to_be_back(beats, clock):
    """
    Nobody was told that it was lost.
    """
    events = HeardEvents()
    Availability("/dev/video0", beats, clock, events).end({})

    assert [] == events.said
