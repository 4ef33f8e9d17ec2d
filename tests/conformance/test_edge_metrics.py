"""Edge metrics: `{prefix}:edge_metrics`, `edge_metrics.jsonl` and `StreamEdgeMetrics`."""

import itertools

import numpy as np
import pytest

from tests.support.conformance import FPS, stamps_us, times_s, values
from tests.support.gen_c import METRICS, strangers

EDGE = "edge_metrics"
PER_FRAME = [
    "breathing.upper_trace", "breathing.lower_trace", "micromotion.glutes", "micromotion.knees",
]  # fmt: skip
PATHS = [*PER_FRAME, "eda.trace", "face.blinking"]


def of_schema(message):
    """The payload without the one key of ours, which says that the numbers are made up."""
    return {key: part for key, part in message.payload.items() if key != "source"}


def test_a_payload_has_only_what_the_schema_has(run):
    """
    Fields and types of generation C, and nothing that is empty.
    """
    assert [] == [
        stranger
        for message in run.messages(EDGE)
        for stranger in strangers(of_schema(message), METRICS)
    ]


def test_a_message_comes_each_frame(run):
    """
    At camera rate, without a hole.
    """
    stamps = [message.timestamp_us for message in run.messages(EDGE)]

    assert 90 * FPS == run.frames == len(stamps)
    assert np.diff(stamps) / 1e6 == pytest.approx(1 / FPS, abs=2e-6)


def test_a_message_bears_the_time_of_its_frame(run):
    """
    In microseconds since the epoch, by the wall clock at the capture's start; so do its samples.
    """
    messages = run.messages(EDGE)
    stamps = [message.payload["breathing"]["upper_trace"][0]["timestamp"] for message in messages]

    assert [str(message.timestamp_us) for message in messages] == stamps
    assert run.began_us <= messages[0].timestamp_us <= run.ended_us


@pytest.mark.parametrize("path", PER_FRAME)
def test_a_trace_has_a_sample_a_frame(run, path):
    """
    The first with the first frame.
    """
    found_s = times_s(run.series(EDGE, path))

    assert np.arange(run.frames) / FPS == pytest.approx(found_s, abs=1e-5)


@pytest.mark.parametrize(
    ("path", "most"),
    [("breathing.upper_trace", 0.15), ("breathing.lower_trace", 0.15),
     ("micromotion.glutes", 0.1), ("micromotion.knees", 0.1)],
    ids=PER_FRAME,
)  # fmt: skip
def test_a_trace_swings_around_zero(run, path, most):
    """
    It has no unit. Nine in ten values lie within what the vendor's traces show.
    """
    low, high = np.percentile(values(run.series(EDGE, path)), (5, 95))

    assert -most < low < 0 < high < most


def test_electrodermal_activity_comes_after_35_s(run):
    """
    Not before, and soon after.
    """
    first_s = times_s(run.series(EDGE, "eda.trace"))[0]

    assert 35 < first_s + 1 / FPS
    assert 35 == pytest.approx(first_s, abs=0.1)


def test_electrodermal_activity_has_a_lower_rate(run):
    """
    Five values a second, none below zero.
    """
    eda = run.series(EDGE, "eda.trace")

    assert 0.2 == pytest.approx(np.diff(times_s(eda)), abs=0.5 / FPS)
    assert values(eda).min() > 0


def test_there_is_no_pulse(run):
    """
    Core is its only source.
    """
    parts = {part for message in run.messages(EDGE) for part in of_schema(message)}

    assert {"breathing", "micromotion", "eda", "face"} == parts


@pytest.mark.parametrize("name", ["blinking", "talking"])
def test_a_face_is_told_of_when_it_changes(run, name):
    """
    A state at first, and then each time the other one.
    """
    detected = [
        sample.get("detected", False)
        for sample in run.series(EDGE, f"face.{name}")
        if sample["stable"]
    ]

    assert detected
    assert not any(before == after for before, after in itertools.pairwise(detected))


@pytest.mark.parametrize("path", PATHS)
def test_no_sample_comes_twice(run, path):
    """
    Each message holds what is new since the one before.
    """
    stamps = stamps_us(run.series(EDGE, path))

    assert (np.diff(stamps) > 0).all()
    assert len(stamps) > 10


@pytest.mark.parametrize("path", PATHS)
def test_a_sample_has_both_its_times(run, path):
    """
    `time` in seconds since the capture's start, `timestamp` in microseconds since the epoch.
    """
    samples = run.series(EDGE, path)
    start_us = run.messages(EDGE)[0].timestamp_us

    assert stamps_us(samples) - start_us == pytest.approx(times_s(samples) * 1e6, abs=10)


def test_made_up_numbers_say_so(envelopes):
    """
    In every message. The key is ours: the schema has no place for it.
    """
    assert {"synthetic"} == {message.payload["source"] for message in envelopes.messages(EDGE)}


def test_a_stream_says_what_frames_are_and_counts_on(asked, runs):
    """
    Over gRPC each message has fields for it: synthetic, and a number that rises.
    """
    replies = runs(asked, "grpc").replies[EDGE]

    assert {"synthetic"} == {reply.source for reply in replies}
    assert all(before.seq < after.seq for before, after in itertools.pairwise(replies))


def test_what_was_not_asked_for_is_not_there(recorded):
    """
    Electrodermal activity and micromotion are off unless they are switched on.
    """
    parts = {part for message in recorded.messages(EDGE) for part in of_schema(message)}

    assert {"breathing", "face"} == parts


def test_edge_metrics_come_whether_or_not_there_is_a_recording(recorded):
    """
    All six seconds, of which two were recorded.
    """
    assert 6 * FPS == len(recorded.messages(EDGE))
