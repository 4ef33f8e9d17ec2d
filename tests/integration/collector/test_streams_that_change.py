"""Streams that are deleted, emptied, replaced or are none, while a collector reads them."""

import shutil

import pytest

from services.collector.transport.resume_points import LastRead, ResumePoints
from tests.support.collecting import all_in_the_file, finished, lines, ready
from tests.support.publishing import Publishing
from tests.support.running import running
from vitalrig import redis_keys

STREAM = redis_keys.envelopes_stream("physiology")
LAST = LastRead("1000-7", "run1", 20)


def test_a_stream_that_begins_anew_with_older_ids_is_read_on(make, client, sessions, publishing):
    """
    Somebody deletes it and the clock of Redis was set back: nothing of the new one is lost.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        client.delete(STREAM)
        publishing.set_clock_of_redis_back()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        publishing.stop()
        told = finished(sessions)

    assert (publishing.published, True) == (lines(sessions), told["complete"])


def test_what_was_deleted_before_it_was_read_is_counted(make, client, sessions, publishing):
    """
    The hole in the numbers is a gap in the manifest.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        client.delete(STREAM)
        publishing.set_clock_of_redis_back()
        publishing.lose(7)
        publishing.edge(20)
        publishing.stop()
        told = finished(sessions)

    assert (publishing.published, 7) == (lines(sessions), told["gaps"]["missing_envelopes"])


def test_a_redis_that_is_emptied_costs_no_envelope_that_comes_after(
    make, client, sessions, publishing
):
    """
    FLUSHALL takes the stream and every other key.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        client.flushall()
        publishing.edge(20)
        publishing.stop()
        told = finished(sessions)

    assert (publishing.published, True) == (lines(sessions), told["complete"])


@pytest.mark.parametrize("is_set_back", [False, True])
def test_a_redis_that_comes_back_empty_costs_no_envelope_that_comes_after(
    make, redis_server, client, sessions, publishing, tmp_path, is_set_back
):
    """
    Its data were lost; what it holds when the collector is back already is read as well.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        redis_server.stop()
        shutil.rmtree(tmp_path / "redis")
        (tmp_path / "redis").mkdir()
        redis_server.start()
        if is_set_back:
            publishing.set_clock_of_redis_back()
        publishing.edge(20)
        publishing.stop()
        told = finished(sessions)

    assert (publishing.published, True) == (lines(sessions), told["complete"])


def test_a_key_that_is_no_stream_costs_only_its_own_camera(make, client, sessions, publishing):
    """
    Before the start or in mid-recording; when it is a stream again, its camera goes on.
    """
    other = Publishing(client, "ward")
    client.set(redis_keys.envelopes_stream("third"), "not a stream")
    with running(make(prefixes="physiology,ward,third", transport="stream")):
        ready(client)
        for each in (publishing, other):
            each.start()
            each.edge(5)
        all_in_the_file(sessions / "ward", other)
        client.delete(redis_keys.envelopes_stream("ward"))
        client.set(redis_keys.envelopes_stream("ward"), "not a stream")
        for _ in range(20):
            publishing.edge(5)
            all_in_the_file(sessions, publishing)
        client.delete(redis_keys.envelopes_stream("ward"))
        other.edge(5)
        all_in_the_file(sessions / "ward", other)


def test_a_last_state_that_is_no_text_costs_nothing(make, client, sessions, publishing):
    """
    Somebody uses the key for something else.
    """
    client.rpush(redis_keys.last_recording_state("physiology"), "x")
    with running(make(transport="stream")):
        ready(client)
        publishing.start()
        publishing.edge(5)
        all_in_the_file(sessions, publishing)


def write(client, *entries):
    for entry_id, run, seq in entries:
        client.xadd(STREAM, {"channel": "edge_metrics", "run": run, "seq": seq}, id=entry_id)


@pytest.mark.parametrize(
    ("entries", "connected", "after"),
    [
        ([], False, "0-0"),
        ([("900-1", "run1", 19), ("901-1", "run1", 20)], False, "901-1"),
        ([("900-1", "run1", 19), ("901-1", "run1", 25)], False, "900-1"),
        ([("900-1", "run1", 21), ("901-1", "run1", 22)], False, "900-0"),
        ([("900-1", "run0", 9), ("901-1", "run0", 10)], False, "901-1"),
        ([("900-1", "run2", 1), ("901-1", "run2", 2)], True, "0-0"),
    ],
    ids=[
        "an empty one: all that comes",
        "one that lost its end: behind it",
        "one that lost something between: behind what is known",
        "a new one of the same run: all of it",
        "one of long ago: nothing of it",
        "one that came while we were connected: all of it",
    ],
)
def test_where_reading_goes_on_in_a_stream_that_ends_before_what_was_read(
    client, entries, connected, after
):
    """
    Numbers tell what is known; where they do not, nothing is recorded twice or passed over.
    """
    write(client, *entries)
    place = ResumePoints(client).find("physiology", LAST._replace(is_connected=connected))

    assert after == place.after


def test_a_collector_that_may_not_ask_for_the_time_finds_its_place_all_the_same(
    redis_server, client
):
    """
    An ACL file of an earlier version.
    """
    write(client, ("900-1", "run0", 9))
    client.acl_setuser("old", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-time"])
    with redis_server.client() as old:
        old.auth("", username="old")

        assert "900-1" == ResumePoints(old).find("physiology", LAST).after
