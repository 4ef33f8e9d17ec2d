"""What the collector says has happened, in a real Redis."""

import json
from contextlib import contextmanager

from services.collector import app
from tests.support.collecting import finished, heard_by, ready, small_disk
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.running import running
from vitalrig import redis_keys
from vitalrig.event_types import EVENT_TYPES

OF_COLLECTOR = {each.name: each for each in EVENT_TYPES if each.owner == "collector"}


@contextmanager
def collecting(collector, client):
    """Run it, as `serve` does, and wait until it listens."""
    collector.events.start()
    with running(collector):
        ready(client)
        yield
    collector.events.close()


def said(client, *types):
    """The events of these types, or of all; each once, by its key."""
    found = {}
    for _, entry in client.xrange(redis_keys.EVENTS):
        event = json.loads(entry[b"event"])
        if not types or event["type"] in types:
            found.setdefault(event["key"], event)
    return list(found.values())


def types_of(events):
    return [event["type"] for event in events]


def test_a_recording_is_told_from_its_start_to_its_verdict(make, client, publishing, sessions):
    """
    With the manifest's own words, and as events of that session.
    """
    with collecting(make(), client):
        publishing.start()
        publishing.edge(30)
        publishing.stop()
        manifest = finished(sessions)
    started, stopped, closed = said(client)

    assert ["recording.started", "recording.stopped", "session.closed"] == types_of(said(client))
    assert {("physiology", "first")} == {
        (event["meta"]["camera"], event["meta"]["run_id"]) for event in said(client)
    }
    assert not started["data"]["joined"]
    assert "" == stopped["data"]["why"]
    assert (manifest["verdict"], True, [], 32) == tuple(
        closed["data"][key] for key in ("verdict", "complete", "reasons", "envelopes")
    )
    assert manifest["bytes"] == closed["data"]["bytes"]


def test_a_recording_by_a_server_that_only_publishes_is_told_too(make, client, sessions):
    """
    The vendor's has no stream, and what it says has no number.
    """
    vendor = Publishing(client, stream=False)
    with collecting(make(transport="pubsub"), client):
        heard_by(client, 1)
        vendor.start()
        vendor.edge(30)
        vendor._send("status", {"value": "OK"})
        vendor.stop()
        finished(sessions)
        eventually(lambda: said(client, "session.closed"))

    told = ["recording.started", "status.changed", "recording.stopped", "session.closed"]
    assert told == types_of(said(client, *told))


def test_envelopes_that_never_came_are_told_as_they_are_missed(make, client, publishing, sessions):
    """
    And the verdict says why.
    """
    with collecting(make(), client):
        publishing.start()
        publishing.edge(3)
        publishing.lose(5)
        publishing.edge(3)
        publishing.stop()
        finished(sessions)
    (missing,) = said(client, "envelopes.missing")
    (closed,) = said(client, "session.closed")

    assert 5 == missing["data"]["missing"] == closed["data"]["missing"]
    assert not closed["data"]["complete"]
    assert closed["data"]["verdict"] == "not complete: " + "; ".join(closed["data"]["reasons"])


def test_a_status_is_told_when_it_changes(make, client, publishing):
    """
    However often a server says it.
    """
    with collecting(make(), client):
        for status in ("OK", "OK", "NO_FACES_FOUND", "NO_FACES_FOUND", "OK"):
            publishing._send("status", {"value": status})
        eventually(lambda: len(said(client, "status.changed")) > 2)

    assert [("OK", ""), ("NO_FACES_FOUND", "OK"), ("OK", "NO_FACES_FOUND")] == [
        (event["data"]["status"], event["data"]["was"]) for event in said(client, "status.changed")
    ]


def test_a_pause_of_a_recording_is_told_with_its_end(make, client, publishing, sessions):
    """
    The disk was full for a while.
    """

    def paused():
        publishing.edge(50)
        return said(client, "recording.paused")

    with small_disk(sessions) as disk, collecting(make(), client):
        publishing.start()
        publishing.edge(3)
        eventually((sessions / "metrics_first.jsonl").exists)
        disk.fill()
        (pause,) = eventually(paused)
        disk.make_room()
        (end,) = eventually(lambda: said(client, "recording.resumed"))

    assert "space" in pause["data"]["why"]
    assert end["data"]["paused_s"] > 0


def test_a_collector_that_is_stopped_does_not_call_its_session_closed(
    make, client, publishing, sessions
):
    """
    The next one goes on with it, and tells of its end once.
    """
    with collecting(make(), client):
        publishing.start()
        publishing.edge(3)
        eventually(lambda: said(client, "recording.started"))
    assert [] == said(client, "session.closed", "recording.stopped")
    with collecting(make(), client):
        publishing.edge(3)
        publishing.stop()
        eventually(lambda: said(client, "session.closed"))

    assert ["recording.started", "recording.stopped", "session.closed"] == types_of(said(client))


def test_whatever_moment_a_collector_is_killed_at_a_recording_is_told_once(
    start_process, client, publishing, sessions
):
    """
    What it says again, because the stream gave it again, bears the same key.
    """
    process = start_process()
    ready(client)
    for number in range(6):
        name = f"session{number}"
        publishing.start(name)
        publishing.edge(2)
        if not number:  # one that never read anything begins at the end of the stream
            eventually((sessions / f"metrics_{name}.jsonl").exists)
        if number % 2:
            process.kill()
        publishing.stop()
        if not number % 2:
            process.kill()
        process = start_process()
        finished(sessions, name)
    eventually(lambda: 6 == len(said(client, "session.closed")))

    for kind in ("recording.started", "recording.stopped", "session.closed"):
        runs = [event["meta"]["run_id"] for event in said(client, kind)]
        assert [f"session{number}" for number in range(6)] == sorted(runs)


def test_while_redis_is_away_events_are_kept_beside_the_sessions(
    make, client, publishing, redis_server, sessions
):
    """
    A recording that ends meanwhile, as one by pub/sub may, is told when Redis is back.
    """
    collector = make()
    with collecting(collector, client):
        publishing.start()
        publishing.edge(3)
        eventually(lambda: said(client, "recording.started"))
        redis_server.stop()
        collector.events.emit("mark", {"text": "meanwhile"}, camera="physiology")
        eventually((sessions / app.EVENT_SPOOL).exists)
        redis_server.start()
        eventually(lambda: said(client, "mark"))
        eventually(lambda: not (sessions / app.EVENT_SPOOL).exists())


def test_events_of_the_collector_say_what_the_reference_promises(
    make, client, publishing, sessions
):
    """
    Those keys, and no others.
    """
    with collecting(make(), client):
        publishing._send("status", {"value": "OK"})
        publishing.start()
        publishing.lose(1)
        publishing.edge()
        publishing.stop()
        finished(sessions)

    seen = {event["type"]: set(event["data"]) for event in said(client)}
    assert seen == {kind: set(OF_COLLECTOR[kind].data) for kind in seen}
    assert {"recording.paused", "recording.resumed"} == OF_COLLECTOR.keys() - seen.keys()
