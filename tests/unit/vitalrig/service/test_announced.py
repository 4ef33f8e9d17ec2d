"""What a service says of its own life."""

import pytest

from tests.support.heard_events import HeardEvents
from vitalrig.clock import ManualClock
from vitalrig.errors import CannotGoOn, CannotStart
from vitalrig.service.health import Health
from vitalrig.service.serve import announced
from vitalrig.version import VERSION


@pytest.fixture
def events():
    return HeardEvents()


@pytest.fixture
def health(tmp_path):
    return Health(tmp_path / "health", ManualClock())


def live(events, health, end):
    with announced(events, health):
        health.ready()
        raise end


def test_a_service_is_said_to_have_started_when_it_is_ready(events, health):
    """
    Once, however often it says that it is.
    """
    with announced(events, health):
        assert [] == events.types
        health.ready()
        health.ready()
        assert ["service.started"] == events.types
        assert VERSION == events.said[0][1]["version"]

    assert ("service.stopped", {"why": ""}) == events.said[-1]


def test_what_ended_a_service_is_said(events, health):
    """
    And raised on.
    """
    with pytest.raises(CannotGoOn):
        live(events, health, CannotGoOn("another has taken its place"))

    assert ("service.stopped", {"why": "another has taken its place"}) == events.said[-1]


def test_one_that_never_was_ready_says_nothing(events, health):
    """
    It is started again and again, perhaps.
    """
    with pytest.raises(CannotStart), announced(events, health):
        raise CannotStart("the port is taken")

    assert [] == events.types
