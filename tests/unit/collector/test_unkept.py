"""What Redis refuses to keep, as the collector shows it."""

import json

import pytest

from services.collector import live_camera
from services.collector.live_camera import LiveCamera
from services.collector.sequence_tracker import TrackedRun
from services.collector.transport.base import ReceivedEnvelope
from tests.unit.collector.making import unsaid
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.unkept import Unkept

SERIES = "edge_metrics/eda.trace"


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def camera(clock):
    beats = ServiceHeartbeats("probe", clock=clock)
    camera = LiveCamera("physiology", TrackedRun(), beats, clock, unsaid())
    camera.recorded = {"recording": {"active": True, "paused": ""}}
    return camera


def an_envelope(seq):
    stamp_us = 1_760_000_000_000_000 + seq * 33_333
    sample = {"timestamp": stamp_us, "value": seq / 10}
    document = {
        "type": "edge_metrics", "timestamp": stamp_us, "payload": {"eda": {"trace": [sample]}}
    }  # fmt: skip
    return json.dumps(document).encode()


def unkept(*seqs):
    return [Unkept("edge_metrics", "run", seq, an_envelope(seq)) for seq in seqs]


def kept(*seqs):
    return [
        ReceivedEnvelope("physiology", "edge_metrics", an_envelope(seq), f"{seq}-0", "run", seq)
        for seq in seqs
    ]


def shown(camera):
    sample = camera.document()["series"].get(SERIES, {})
    return sample.get("value"), sample.get("samples")


def hear(camera, *seqs):
    for each in unkept(*seqs):
        camera.hear(each)


def test_what_is_heard_is_shown_and_counted_when_it_is_kept(camera):
    """
    The newest stays on the page while what led to it comes in, and each sample counts once.
    """
    camera.take(kept(1, 2))
    hear(camera, 7, 8, 9)
    before = shown(camera)
    camera.take(kept(3, 4, 5, 6, 7, 8))
    meanwhile = shown(camera)
    camera.take(kept(9, 10))

    assert [(0.9, 2), (0.9, 8), (1.0, 10)] == [before, meanwhile, shown(camera)]


def test_what_is_heard_again_changes_nothing(camera):
    """
    The newest is shown every two seconds, most of it more than once.
    """
    hear(camera, 1, 2, 3)
    hear(camera, 2, 3)

    assert (0.3, 0) == shown(camera)


def test_recording_is_paused_while_nothing_is_kept(camera, clock):
    """
    As the disk's refusal is: with the reason, until something comes or nothing more is heard.
    """

    def paused():
        return camera.document()["recording"]["paused"]

    states = [paused()]
    hear(camera, 1)
    states.append(paused())
    camera.take(kept(1))
    states.append(paused())
    hear(camera, 2)
    states.append(paused())
    clock.advance(live_camera.UNKEPT_FOR_S + 1)
    states.append(paused())

    assert ["", live_camera.NOT_KEPT, "", live_camera.NOT_KEPT, ""] == states


def test_it_is_logged_once_when_it_begins_and_once_when_it_ends(camera, caplog):
    """
    However long it lasts.
    """
    caplog.set_level("INFO")
    for seq in range(1, 6):
        hear(camera, seq)
        camera.tick()
    camera.take(kept(1))
    camera.tick()
    camera.tick()

    assert ["nothing to record", "Redis keeps envelopes again"] == [
        record.message for record in caplog.records
    ]
