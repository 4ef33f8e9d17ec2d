"""One camera's numbers from two readers: everything in order, and the newest ahead of that."""

import json

import pytest

from services.collector.live_camera import LiveCamera
from services.collector.sequence_tracker import TrackedRun
from services.collector.transport.base import ReceivedEnvelope
from tests.unit.collector.making import unsaid
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats

START_US = 1_760_000_000_000_000


def arrivals(first, last, ids_behind=0):
    return [
        ReceivedEnvelope(
            "camera",
            "edge_metrics",
            json.dumps(
                {
                    "type": "edge_metrics",
                    "timestamp": START_US + number,
                    "payload": {"eda": {"trace": [{"value": number, "timestamp": START_US}]}},
                }
            ).encode(),
            entry_id=f"{number - ids_behind}-0",
            run="run",
            seq=number,
        )
        for number in range(first, last + 1)
    ]


@pytest.fixture
def camera():
    clock = ManualClock()
    beats = ServiceHeartbeats("collector", clock=clock)
    return LiveCamera("camera", TrackedRun(), beats, clock, unsaid())


def shown(camera):
    document = camera.document()
    series = document["series"].get("edge_metrics/eda.trace", {})
    counted = document["envelopes"].get("edge_metrics", 0)
    return series.get("value"), series.get("samples", 0), counted


def test_what_arrives_is_shown_and_counted(camera):
    """
    As long as the recording is in step, nobody stands in.
    """
    camera.take(arrivals(1, 5))

    assert (5, 5, 5) == shown(camera)


def test_what_a_stand_in_shows_is_counted_when_it_arrives(camera):
    """
    Each once, however much of the stream lies between.
    """
    camera.take(arrivals(1, 5))
    camera.show(arrivals(90, 100))
    ahead = shown(camera)
    camera.take(arrivals(6, 95))
    behind = shown(camera)
    camera.show(arrivals(101, 110))
    camera.take(arrivals(96, 112))

    assert [(100, 5, 5), (100, 95, 95), (112, 112, 112)] == [ahead, behind, shown(camera)]


def test_what_was_shown_is_not_shown_again(camera):
    """
    An older number never takes the place of a newer one.
    """
    camera.show(arrivals(90, 100))
    camera.show(arrivals(80, 95))

    assert 100 == shown(camera)[0]


def test_another_stream_under_the_name_is_shown(camera):
    """
    Its ids are older if Redis's clock was set back.
    """
    camera.show(arrivals(90, 100))
    camera.show(arrivals(101, 103, ids_behind=90))
    stood_in = shown(camera)[0]
    camera.is_in_step()
    camera.take(arrivals(104, 107, ids_behind=90))

    assert (103, 107) == (stood_in, shown(camera)[0])


def test_what_comes_again_is_neither_shown_nor_counted_again(camera):
    """
    The stream is read once more for the recording alone.
    """
    camera.take(arrivals(1, 10))
    camera.expect_again("10-0")
    camera.take(arrivals(4, 12))

    assert (12, 12, 12) == shown(camera)


def test_how_far_the_recording_is_behind_is_said(camera):
    """
    By the stream's clock: from the last entry that is dealt with to the newest.
    """
    camera.recorded = {"recording": {"active": True}}
    camera.take(arrivals(1, 500))
    camera.recorded_id = "500-0"
    in_step = camera.document()["recording"]["lag_s"]
    camera.show(arrivals(20_000, 20_500))
    behind = camera.document()["recording"]["lag_s"]

    assert (0.0, 20.0) == (in_step, behind)
