"""Frames in, envelopes out."""

import json

import pytest

from services.physiology_server.control import Control
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.signals.core import Core
from services.physiology_server.signals.edge import Edge
from services.physiology_server.sources.synthetic_source import SyntheticSource
from vitalrig.clock import ManualClock

START_US = 1_760_000_000_000_000


def envelopes(seconds, *, record=False, publish_core="recording"):
    """Run the first seconds of a synthetic source through a pipeline."""
    clock = ManualClock(wall_us=START_US)
    control = Control(clock)
    control.start_core()
    control.start_edge_graph()
    if record:
        control.set_recording(True, "first")
    pipeline = Pipeline(
        control,
        Edge(enable_eda=True, enable_micromotion=True, source_kind="synthetic"),
        Core(
            buffer_duration_s=0.2,
            enable_phasic_bp=True,
            source_kind="synthetic",
            run_id="run",
            version="1",
            clock=clock,
        ),
        publish_core,
    )
    sent = []
    for frame in SyntheticSource(seed=1).frames():
        if frame.time_s >= seconds:
            return sent
        clock.advance(1 / 30)
        stamp_us = START_US + round(frame.time_s * 1_000_000)
        sent += pipeline.step(frame, stamp_us)
    return sent


def of(kind, sent):
    return [json.loads(outgoing.envelope) for outgoing in sent if outgoing.channel == kind]


def test_every_frame_makes_one_edge_message():
    """
    Edge metrics come at camera rate.
    """
    assert 90 == len(of("edge_metrics", envelopes(3)))


def test_every_full_buffer_makes_one_core_message_while_recording():
    """
    0.2 s of frames are a core message: five a second.
    """
    assert 15 == pytest.approx(len(of("core_metrics", envelopes(3, record=True))), abs=1)


def test_without_a_recording_core_is_silent_unless_asked():
    """
    publish_core decides; the frames are processed in both cases.
    """
    silent = of("core_metrics", envelopes(3))
    asked = of("core_metrics", envelopes(3, publish_core="always"))

    assert (0, True) == (len(silent), len(asked) > 10)


def test_the_same_frames_make_the_same_bytes():
    """
    What integrators test against does not change from run to run.
    """
    assert envelopes(2, record=True) == envelopes(2, record=True)


def test_made_up_data_say_so_in_every_metrics_message():
    """
    Nobody takes a synthetic pulse for a person's.
    """
    sent = envelopes(3, record=True)
    core = {envelope["payload"]["metadata"]["id"][:10] for envelope in of("core_metrics", sent)}
    edge = {envelope["payload"]["source"] for envelope in of("edge_metrics", sent)}

    assert ({"synthetic-"}, {"synthetic"}) == (core, edge)


def test_the_start_of_a_recording_is_told_before_its_first_frame():
    """
    A collector that opens its file at the start has every frame of the recording.
    """
    kinds = [outgoing.channel for outgoing in envelopes(1, record=True)]

    assert kinds.index("recording_state") < kinds.index("edge_metrics")
