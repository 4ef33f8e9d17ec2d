"""The relay: what a server that only publishes said, and what nobody heard of it."""

import signal
from pathlib import Path
from unittest.mock import patch

import pytest

from services.collector import recorded_progress, relay
from services.collector.relay import RelaySettings
from services.collector.transport import pubsub
from tests.support.collecting import finished, heard_by, lines, manifest, ready
from tests.support.eventually import eventually
from tests.support.own_process import OwnService
from tests.support.publishing import Publishing
from tests.support.running import a_watchdog, load, running
from vitalrig import redis_keys

ROOT = Path(__file__).parents[3]
STREAM = redis_keys.envelopes_stream("physiology")
UNHEARD = "not subscribed for a while"


@pytest.fixture
def publishing(client):
    return Publishing(client, stream=False)


@pytest.fixture
def start_relay(redis_server, tmp_path):
    """Start relays as processes of their own; whatever is left is ended."""
    started = []

    def start():
        process = OwnService(
            "collector.relay", tmp_path, f"relay{len(started)}", redis_port=redis_server.port
        )
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


def make_relay(redis_server, tmp_path, **more):
    return relay.build(load(RelaySettings, redis_server, **more), a_watchdog(tmp_path, "relay"))


def in_stream(client, stream=STREAM):
    return [fields[b"envelope"] for _, fields in client.xrange(stream)]


def newest_in_stream(client):
    return [fields[b"envelope"] for _, fields in client.xrevrange(STREAM, count=1)]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_relay_that_was_restarted_in_a_session_leaves_a_gap(
    start_relay, make, client, sessions, publishing, how
):
    """
    Nobody can say how much was published meanwhile; the manifest says for how long.
    """
    with running(make(transport="stream")):
        process = start_relay()
        heard_by(client, 1)
        publishing.start()
        publishing.edge(20)
        eventually(lambda: lines(sessions) == publishing.published)
        process.signal(how)
        process.ended()
        lost_from = len(publishing.published)
        publishing.edge(30)
        lost_to = len(publishing.published)
        start_relay()
        heard_by(client, 1)
        publishing.edge(20)
        publishing.stop()
        told = finished(sessions)

    heard = publishing.published[:lost_from] + publishing.published[lost_to:]
    assert (heard, heard) == (in_stream(client), lines(sessions))
    assert (False, [UNHEARD]) == (told["complete"], list(told["gaps"]["by_reason"]))
    assert told["gaps"]["by_reason"][UNHEARD]["within_ms"] > 0


def test_a_stop_and_a_start_that_no_relay_heard_are_relayed_from_what_redis_keeps(
    start_relay, make, client, sessions, publishing
):
    """
    The first session ends, the second is recorded from where the relay came back.
    """
    with running(make(transport="stream")):
        process = start_relay()
        heard_by(client, 1)
        publishing.start()
        publishing.keep_state()
        publishing.edge(20)
        eventually(lambda: lines(sessions) == publishing.published)
        first = publishing.published[:]
        process.kill()
        publishing.stop()
        publishing.start("second")
        publishing.keep_state()
        begin = publishing.published[-1]
        publishing.edge(5)
        start_relay()
        heard_by(client, 1)
        heard_from = len(publishing.published)
        publishing.edge(20)
        publishing.stop()
        told = finished(sessions, "first"), finished(sessions, "second")

    assert first == lines(sessions)
    assert [begin, *publishing.published[heard_from:]] == lines(sessions, "second")
    assert [False, False] == [each["complete"] for each in told]


def test_a_state_that_is_said_while_a_relay_begins_to_listen_is_relayed_once(
    redis_server, client, tmp_path, publishing
):
    """
    It is heard, and Redis keeps it already.
    """
    before = make_relay(redis_server, tmp_path)
    before._relay(0)
    publishing.edge(2)
    before._relay(0.1)
    read_last_state = pubsub.read_last_state

    def slow_recall(*arguments):
        publishing.edge()
        publishing.start()
        publishing.keep_state()
        publishing.edge()
        return read_last_state(*arguments)

    with patch.object(pubsub, "read_last_state", slow_recall):
        make_relay(redis_server, tmp_path)._relay(0.1)

    assert publishing.published == in_stream(client)


def test_a_state_that_the_stream_holds_is_not_relayed_again(start_relay, client, publishing):
    """
    Redis keeps it still when the next relay comes.
    """
    process = start_relay()
    heard_by(client, 1)
    publishing.start()
    publishing.keep_state()
    publishing.edge(20)
    eventually(lambda: in_stream(client) == publishing.published)
    process.kill()
    start_relay()
    heard_by(client, 1)
    publishing.edge(20)

    eventually(lambda: in_stream(client) == publishing.published)


def test_a_relay_that_is_stopped_adds_first_what_it_has_heard(start_relay, client, publishing):
    """
    A stop costs only what comes after it.
    """
    process = start_relay()
    heard_by(client, 1)
    publishing.edge(3_000)
    process.stop()

    assert 0 == process.exit_status
    assert publishing.published == in_stream(client)


def test_the_first_entry_of_every_camera_says_that_a_relay_began(
    redis_server, client, tmp_path, publishing
):
    """
    Also the first relay ever: something may have been said before.
    """
    other = Publishing(client, "ward", stream=False)
    with running(make_relay(redis_server, tmp_path, prefixes="physiology,ward")):
        heard_by(client, 1)
        for each in (publishing, other):
            each.edge(3)
        eventually(lambda: client.xlen(redis_keys.envelopes_stream("ward")) == 3)

    for prefix in ("physiology", "ward"):
        entries = client.xrange(redis_keys.envelopes_stream(prefix))
        assert [True, False, False] == [b"gap" in fields for _, fields in entries]


def test_a_stream_that_is_refused_holds_up_no_other(redis_server, client, tmp_path, publishing):
    """
    Somebody else uses the key; when it is free again, what was heard is added, in order.
    """
    client.set(STREAM, "not a stream")
    other = Publishing(client, "ward", stream=False)
    with running(make_relay(redis_server, tmp_path, prefixes="physiology,ward")):
        heard_by(client, 1)
        for _ in range(10):
            publishing.edge(2)
            other.edge(2)
        eventually(lambda: client.xlen(redis_keys.envelopes_stream("ward")) == 20)
        client.delete(STREAM)
        eventually(lambda: client.exists(STREAM) and client.xlen(STREAM) == 20)

    assert publishing.published == in_stream(client)
    assert other.published == in_stream(client, redis_keys.envelopes_stream("ward"))


def test_what_a_relay_cannot_keep_is_counted_exactly(
    redis_server, make, client, sessions, tmp_path, publishing, monkeypatch
):
    """
    Redis speaks and takes nothing; the memory is bounded, and numbers prove what it cost.
    """
    monkeypatch.setattr(relay, "MAX_WAITING", 50)
    with running(make_relay(redis_server, tmp_path)), running(make(transport="stream")):
        ready(client)
        heard_by(client, 1)
        publishing.start()
        publishing.edge(10)
        eventually(lambda: len(lines(sessions)) == 11)
        client.config_set("min-replicas-to-write", 1)
        publishing.edge(200)
        client.config_set("min-replicas-to-write", 0)
        publishing.stop()
        told = finished(sessions)

    missing = len(publishing.published) - len(lines(sessions))
    assert missing == told["gaps"]["missing_envelopes"]
    assert publishing.published[-1] == lines(sessions)[-1]


@pytest.mark.parametrize("transport", ["pubsub", "auto"])
def test_a_collector_of_pub_sub_that_was_restarted_in_a_session_leaves_a_gap(
    make, client, sessions, publishing, transport
):
    """
    However orderly it was stopped: what was published meanwhile is gone.
    """
    with running(make(transport=transport)):
        heard_by(client, 1)
        publishing.start()
        publishing.edge(20)
        eventually(lambda: lines(sessions) == publishing.published)
    publishing.edge(30)
    with running(make(transport=transport)):
        heard_by(client, 1)
        publishing.edge(20)
        publishing.stop()
        eventually(lambda: lines(sessions)[-1:] == publishing.published[-1:])
        finished(sessions)

    assert (False, True) == (
        manifest(sessions)["complete"],
        UNHEARD in manifest(sessions)["gaps"]["by_reason"],
    )


def test_a_collector_of_pub_sub_that_was_killed_after_a_stop_adds_nothing_to_the_session(
    start_process, client, sessions, publishing
):
    """
    Its stop is in the file, and will not be said again.
    """
    process = start_process(transport="pubsub")
    heard_by(client, 1)
    publishing.start()
    publishing.edge(20)
    publishing.stop()
    finished(sessions)
    process.kill()
    start_process(transport="pubsub")
    eventually(lambda: client.pubsub_numsub("physiology:edge_metrics")[0][1] == 1)
    whole = list(publishing.published)
    publishing.edge(20)
    publishing.start("second")
    publishing.edge(5)
    publishing.stop()
    finished(sessions, "second")

    assert (whole, True) == (lines(sessions), manifest(sessions)["complete"])


def test_a_relay_makes_room_in_a_full_redis(redis_server, tmp_path, client, publishing):
    """
    And goes on: the newest of what was published is in the stream.
    """
    memory = client.info("memory")["used_memory"]
    client.config_set("maxmemory", memory + 1_500_000)
    with running(make_relay(redis_server, tmp_path, stream_least_s=0.05)):
        heard_by(client, 1)
        for _ in range(40):
            publishing.edge(200)
            eventually(lambda: newest_in_stream(client) == publishing.published[-1:])

    kept = in_stream(client)

    assert (publishing.published[-len(kept) :], True) == (kept, len(kept) < 8_000)


def test_a_relay_goes_on_in_a_redis_too_small_for_the_last_minutes(
    redis_server, make, tmp_path, client, sessions, publishing, monkeypatch
):
    """
    As far as a collector has recorded them: several times what fits is recorded whole.
    """
    monkeypatch.setattr(recorded_progress, "TELL_EVERY_S", 0.1)
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 1_500_000)
    collector = make(transport="stream", fsync_interval_s=0.05)
    with running(make_relay(redis_server, tmp_path)), running(collector):
        ready(client)
        heard_by(client, 1)
        publishing.start()
        for _ in range(24):
            publishing.edge(600)
            eventually(lambda: len(lines(sessions)) == len(publishing.published), within_s=30)
        publishing.stop()
        told = finished(sessions)

    assert publishing.published == lines(sessions)
    assert (0, True) == (told["gaps"]["missing_envelopes"], client.xlen(STREAM) < 14_400)


def test_a_relay_keeps_the_last_minutes_that_nobody_has_recorded(
    redis_server, client, tmp_path, publishing, monkeypatch
):
    """
    Redis refuses then; nothing that it holds goes, and what the relay cannot keep is counted.
    """
    monkeypatch.setattr(relay, "MAX_WAITING", 1_000)
    with running(make_relay(redis_server, tmp_path)):
        heard_by(client, 1)
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 1_000_000)
        publishing.edge(9_000)
        held = in_stream(client)
        client.config_set("maxmemory", 0)
        eventually(lambda: newest_in_stream(client) == publishing.published[-1:])
    kept = in_stream(client)
    seqs = [int(fields[b"seq"]) for _, fields in client.xrange(STREAM)]

    assert (held, 1, True) == (kept[: len(held)], seqs[0], len(kept) < 9_000)
    assert kept == [publishing.published[seq - 1] for seq in seqs]


def test_what_a_relays_streams_hold_is_reported(redis_server, tmp_path, client, publishing):
    """
    For each camera, as a server of ours reports it.
    """
    made = make_relay(redis_server, tmp_path, prefixes="physiology,bed7")
    with running(made):
        heard_by(client, 1)
        publishing.edge(10)
        eventually(lambda: "streams" in made.beats.report()["facts"])

    assert {"physiology", "bed7"} == made.beats.report()["facts"]["streams"].keys()
