"""What the harness keeps of a camera's stream."""

import json

import pytest

from vitalrig.testing.camera_stream import CameraStream
from vitalrig.testing.rig_address import RigAddress

PREFIX = "t-01"


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        client.flushall()
        yield client


@pytest.fixture
def stream(redis_server, client):
    stream = CameraStream(RigAddress(port=redis_server.port), PREFIX)
    yield stream
    stream.forget_after(1)


@pytest.fixture
def publish(client):
    def publish(seq, channel="edge_metrics", payload=None, run="a"):
        document = {"type": channel, "timestamp": 1_760_000_000_000_000, "payload": payload or {}}
        client.xadd(
            f"{PREFIX}:envelopes",
            {"channel": channel, "envelope": json.dumps(document), "run": run, "seq": seq},
        )

    return publish


def recording(session, *, on=True):
    return "recording_state", {"recording": on, "session_id": session}


def test_what_was_published_is_counted_by_its_numbers(stream, publish):
    """
    From the start to the stop, both included, also what never came into the stream.
    """
    publish(1)
    publish(2, *recording("one"))
    publish(3)
    publish(6)
    publish(7, *recording("one", on=False))
    publish(8)
    stream.read()
    (found,) = stream.recordings

    assert ("one", True, 6) == (found.session, found.is_over, found.published)
    assert 2 == stream.missed


def test_an_entry_that_comes_twice_counts_once(stream, publish):
    """
    As where an answer of Redis was lost.
    """
    publish(1, *recording("one"))
    for seq in (2, 2, 3, 3):
        publish(seq)
    publish(4, *recording("one", on=False))
    stream.read()

    assert 4 == stream.recordings[0].published


def test_a_recording_that_a_new_run_takes_up_is_one(stream, publish):
    """
    Its numbers are those of both runs.
    """
    publish(1, *recording("one"))
    publish(2)
    publish(1, "status", {"value": "PROCESSING_NOT_STARTED"}, run="b")
    publish(2, *recording("one"), run="b")
    publish(3, *recording("one", on=False), run="b")
    stream.read()

    assert [5] == [found.published for found in stream.recordings]


def test_reading_goes_on_where_it_was(stream, publish):
    """
    And waits for what comes, but no longer than it was told.
    """
    publish(1, *recording("one"))
    stream.read()
    publish(2, *recording("one", on=False))
    publish(3, *recording("two"))
    stream.read(wait_s=0.01)
    stream.read(wait_s=0.01)

    assert [("one", 2), ("two", 1)] == [(r.session, r.published) for r in stream.recordings]


def test_envelopes_are_documents_in_order(stream, publish, client):
    """
    What is damaged is left out.
    """
    publish(1)
    client.xadd(
        f"{PREFIX}:envelopes",
        {"channel": "edge_metrics", "envelope": b"\xff{", "run": "a", "seq": 2},
    )
    publish(3, "status", {"value": "OK"})

    assert ["edge_metrics", "status"] == [each["type"] for each in stream.envelopes()]


def test_a_redis_that_does_not_answer_is_a_reason_and_no_error():
    """
    It may be away because a test wants it so.
    """
    stream = CameraStream(RigAddress(port=1), PREFIX)
    stream.read()

    assert stream.trouble
