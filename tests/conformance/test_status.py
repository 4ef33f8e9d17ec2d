"""The status: `{prefix}:status`, `status.jsonl` and `StreamStatus`."""

import itertools

import pytest

from tests.support.conformance import FPS, times_s
from tests.support.conformance_runs import STATUSES
from vitalrig.rpc import status_pb2

STATUS = "status"
NAMES = [
    "OK", "NO_FACES_FOUND", "MORE_THAN_ONE_FACE_FOUND", "FACE_NOT_CENTERED",
    "FACE_TOO_BIG_OR_TOO_SMALL", "IMAGE_TOO_DARK", "IMAGE_TOO_BRIGHT",
    "CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING", "PROCESSING_NOT_STARTED", "UNAUTHORIZED",
]  # fmt: skip


@pytest.fixture
def changing(backend, runs):
    """A server whose subject has each trouble that can be made up, for half a second."""
    return runs("statuses", backend)


def told(run):
    return [message.payload["value"] for message in run.messages(STATUS)]


def test_codes_have_the_documented_names_and_numbers():
    """
    Section 6.6, in order from 0.
    """
    assert NAMES == [name for name, _ in sorted(status_pb2.StatusCode.items(), key=lambda x: x[1])]


def test_the_status_is_told_when_it_changes_and_only_then(changing):
    """
    8 at first and after the stop; in between what is wrong with the picture, each once.
    """
    expected = ["PROCESSING_NOT_STARTED", "OK"]
    for status in STATUSES.values():
        expected += [status, "OK"]

    assert [*expected, "PROCESSING_NOT_STARTED"] == told(changing)


def test_an_undisturbed_run_has_three(run):
    """
    Not started, OK, and not started again.
    """
    assert ["PROCESSING_NOT_STARTED", "OK", "PROCESSING_NOT_STARTED"] == told(run)


def test_a_status_value_has_a_name_and_a_time(changing):
    """
    `StatusValue` by protobuf's JSON rules; the envelope has the same time.
    """
    messages = changing.messages(STATUS)

    assert {frozenset({"value", "timestamp"})} == {frozenset(m.payload) for m in messages}
    assert [str(message.timestamp_us) for message in messages] == [
        message.payload["timestamp"] for message in messages
    ]


def test_a_status_has_the_time_of_the_frame_that_shows_it(changing):
    """
    Absolute, in microseconds since the epoch; the first and the last are the server's own.
    """
    stamps = [message.timestamp_us for message in changing.messages(STATUS)][1:-1]
    expected_s = [0.0, *itertools.chain(*((second, second + 0.5) for second in STATUSES))]

    assert [(stamp - stamps[0]) / 1e6 for stamp in stamps] == pytest.approx(expected_s, abs=1 / FPS)


def test_the_server_s_own_statuses_have_the_wall_clock_s_time(run):
    """
    From before the start, and from the moment of the stop.
    """
    first, _, last = (message.timestamp_us for message in run.messages(STATUS))

    assert first <= run.began_us <= last <= run.ended_us


def test_a_message_is_there_only_for_pictures_that_can_be_measured(changing):
    """
    Without a face, or with several, or in the dark, there are no breathing traces.
    """
    seen_s = times_s(changing.series("edge_metrics", "breathing.upper_trace"))
    unseen = [second for second, status in STATUSES.items() if status != "FACE_NOT_CENTERED"]

    assert [] == [
        time_s for time_s in seen_s for second in unseen if second <= time_s < second + 0.5 - 1e-6
    ]


def test_off_centre_traces_go_on_and_are_not_stable(changing):
    """
    `stable` says so of every sample of that time.
    """
    (second,) = (s for s, status in STATUSES.items() if status == "FACE_NOT_CENTERED")
    stable = {
        sample.get("stable", False)
        for sample in changing.series("edge_metrics", "breathing.upper_trace")
        if second <= sample.get("time", 0.0) < second + 0.5 - 1e-6
    }

    assert {False} == stable
