"""What happened in a session besides measurements."""

import pytest

from tests.support.sessions import GOLDEN, START_US, a_trace, an_envelope
from vitalrig.sessions.reading.events import Event, events


def events_of(tmp_path, *lines):
    path = tmp_path / "metrics_made.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return list(events(path))


def test_the_golden_session_was_started_and_stopped():
    """
    With the name of the session.
    """
    found = events(GOLDEN / "metrics_golden.jsonl")

    assert [
        Event(1795235599472994, "recording_state", "recording started golden"),
        Event(1795235604472994, "recording_state", "recording stopped golden"),
    ] == list(found)


@pytest.mark.parametrize(
    ("payload", "text"),
    [({"value": "NO_FACES_FOUND"}, "status NO_FACES_FOUND"), ({"code": 1}, "status 1")],
)
def test_a_status_is_an_event(tmp_path, payload, text):
    """
    Under any of the keys it may stand under.
    """
    line = an_envelope("status", START_US, payload)

    assert [Event(START_US, "status", text)] == events_of(tmp_path, line)


def test_a_measurement_that_mentions_a_status_is_none(tmp_path):
    """
    The type counts, not a word in the line.
    """
    line = an_envelope("edge_metrics", START_US, a_trace(START_US, 1.0) | {"status": "OK"})

    assert [] == events_of(tmp_path, line)


def test_what_is_no_envelope_is_passed_over(tmp_path):
    """
    One bad line costs itself.
    """
    good = an_envelope("status", START_US, {"value": "OK"})

    assert 1 == len(events_of(tmp_path, b'"status"', b'{"type":"status"', good))
