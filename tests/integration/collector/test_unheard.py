"""What the collector did not hear, or has forgotten."""

import json
import time

import pytest

from services.collector.checkpoints import FILE_NAME
from tests.support.collecting import (
    all_in_the_file,
    finished,
    heard_by,
    lines,
    manifest,
    ready,
)
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.reports import forget
from tests.support.running import running
from vitalrig import redis_keys

STREAM = redis_keys.envelopes_stream("physiology")


def test_without_its_positions_it_still_keeps_each_envelope_once(
    make, client, sessions, publishing
):
    """
    Someone deletes the file; the stream is read again, and what the file holds is recognised.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
    (sessions / FILE_NAME).unlink()
    publishing.edge(20)
    forget(client)
    with running(make()):
        ready(client)
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        publishing.stop()
        all_in_the_file(sessions, publishing)


@pytest.mark.parametrize("goes_on", [False, True], ids=["over", "with another"])
def test_without_its_positions_it_reads_the_end_of_what_it_was_cut_off_in(
    make, client, sessions, publishing, goes_on
):
    """
    The recording is over by the time that it is back.

    The stream still holds the rest, and what was recorded since then.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
    (sessions / FILE_NAME).unlink()
    publishing.edge(20)
    publishing.stop()
    first = publishing.published[:]
    publishing.start("second")
    publishing.edge(5)
    if not goes_on:
        publishing.stop()
    forget(client)
    with running(make()):
        ready(client)
        if goes_on:
            publishing.stop()
        told = finished(sessions, "second")

    assert (first, publishing.published[len(first) :]) == (
        lines(sessions),
        lines(sessions, "second"),
    )
    assert (True, True) == (finished(sessions)["complete"], told["complete"])


def test_without_its_positions_it_records_no_whole_session_again(
    make, client, sessions, publishing
):
    """
    Neither one with a name nor one without.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(5)
        publishing.stop()
        finished(sessions)
        publishing.start_unnamed(1_760_000_000)
        publishing.stop()
        eventually(lambda: len(list(sessions.glob("*_manifest.json"))) == 2)
    before = {path.name for path in sessions.glob("metrics*")}
    (sessions / FILE_NAME).unlink()
    forget(client)
    with running(make()):
        ready(client)
        publishing.start("third")
        publishing.stop()
        finished(sessions, "third")

    new = {path.name for path in sessions.glob("metrics*")} - before
    assert {name for name in new if "third" not in name} == set()


def test_positions_that_make_no_sense_cost_no_envelope(make, client, sessions, publishing):
    """
    One camera's are nonsense, the other's are not; both sessions hold each envelope once.
    """
    other = Publishing(client, "ward")
    with running(make(prefixes="physiology,ward")):
        ready(client, "ward")
        for each in (publishing, other):
            each.start()
            each.edge(20)
        all_in_the_file(sessions, publishing)
        all_in_the_file(sessions / "ward", other)
    document = json.loads((sessions / FILE_NAME).read_text())
    document["ward"] |= {"entry_id": "never", "size_bytes": 10**30, "session_id": "../../x"}
    (sessions / FILE_NAME).write_text(json.dumps(document))
    forget(client)
    with running(make(prefixes="physiology,ward")):
        ready(client, "ward")
        for each in (publishing, other):
            each.edge(20)
        all_in_the_file(sessions, publishing)
        all_in_the_file(sessions / "ward", other)
        publishing.stop()
        told = finished(sessions)

    assert told["complete"]


def test_a_recording_whose_start_the_stream_has_let_go_is_joined(
    make, client, sessions, publishing
):
    """
    Redis keeps the last recording state for those who come late; the manifest says so.
    """
    publishing.start()
    client.set(redis_keys.last_recording_state("physiology"), publishing.published[0])
    publishing.edge(20)
    client.xtrim(STREAM, maxlen=10, approximate=False)
    with running(make()):
        publishing.edge(10)
        eventually(lambda: len(lines(sessions)) == 20)
        publishing.stop()
        finished(sessions)

    assert publishing.published[-21:] == lines(sessions)
    assert "its beginning was not heard" in manifest(sessions)["verdict"]


def test_who_comes_late_to_a_server_that_only_publishes_joins_its_recording(make, client, sessions):
    """
    The same without any stream.
    """
    publishing = Publishing(client, stream=False)
    publishing.start()
    client.set(redis_keys.last_recording_state("physiology"), publishing.published[0])
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.edge(10)
        publishing.stop()
        finished(sessions)

    assert publishing.published[1:] == lines(sessions)
    assert "its beginning was not heard" in manifest(sessions)["verdict"]


def test_a_stop_that_was_not_heard_ends_the_recording_all_the_same(
    make, redis_server, client, sessions
):
    """
    Otherwise a session would go on until the next one begins.
    """
    publishing = Publishing(client, stream=False)
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.start()
        publishing.edge(10)
        all_in_the_file(sessions, publishing)
    stop = publishing.published[0].replace(b"true", b"false").replace(b"started", b"stopped")
    later = str(time.time_ns() // 1000).encode()
    stop = stop.replace(b'"timestamp":1760000000000000', b'"timestamp":' + later)
    client.set(redis_keys.last_recording_state("physiology"), stop)
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        eventually(lambda: not ready(client)["recording"]["active"])
        publishing.edge(5)

    assert publishing.published[:11] == lines(sessions)
    assert "its end was not heard" in manifest(sessions)["verdict"]


def test_a_recording_that_is_finished_is_not_joined_again(make, client, sessions):
    """
    A state that a server left behind long ago adds nothing to the session that it names.
    """
    publishing = Publishing(client, stream=False)
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.start()
        publishing.edge(10)
        publishing.stop()
        finished(sessions)
    client.set(redis_keys.last_recording_state("physiology"), publishing.published[0])
    before = lines(sessions)
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.edge(5)
        eventually(lambda: ready(client)["envelopes"].get("edge_metrics") == 5)

    assert (before, True) == (lines(sessions), manifest(sessions)["complete"])
