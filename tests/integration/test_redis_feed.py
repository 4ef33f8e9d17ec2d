"""A collector that looks after its connection itself, beside a real Redis."""

import logging
import threading

import pytest

from smartspectra.ipc import MetricsCollector, StorageOptions, redis_feed
from smartspectra.ipc.wire.resp import RespError
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.running import running
from tests.unit.ipc.making import CORE, EDGE, START_US, config, core, document, edge, recording

STATE = "physiology:recording_state"


@pytest.fixture
def collector(tmp_path, redis_server):
    return MetricsCollector(
        config(tmp_path / "sessions", redis_host="127.0.0.1", redis_port=redis_server.port),
        StorageOptions(fsync="never"),
    )


def listening(client) -> bool:
    return [count for _, count in client.pubsub_numsub(CORE, EDGE, STATE)] == [1, 1, 1]


def lines(folder, name="x") -> list[bytes]:
    path = folder / "sessions" / f"metrics_{name}.jsonl"
    return path.read_bytes().splitlines() if path.exists() else []


def test_one_call_records_what_is_published_until_it_is_stopped(tmp_path, redis_server, collector):
    """
    A script needs neither a socket nor a loop of its own.
    """
    sent = [
        (STATE, recording(True, session_id="x")),
        (CORE, core(START_US)),
        (EDGE, edge(START_US)),
    ]
    client = redis_server.client()
    with running(collector):
        eventually(lambda: listening(client))
        for channel, envelope in sent:
            client.publish(channel, envelope)
        eventually(lambda: len(lines(tmp_path)) == len(sent))

    assert [envelope for _, envelope in sent] == lines(tmp_path)
    assert document(tmp_path / "sessions" / "metrics_x_manifest.json")["complete"]


def test_it_connects_again_and_says_what_may_be_missing(tmp_path, redis_server, collector, caplog):
    """
    Redis may be restarted, or come later; the absence is two lines of the log and a gap.
    """
    caplog.set_level(logging.INFO, "smartspectra.ipc")
    redis_server.stop()
    with running(collector):
        eventually(lambda: "is away" in caplog.text)
        redis_server.start()
        client = redis_server.client()
        eventually(lambda: listening(client))
        client.publish(STATE, recording(True, session_id="x"))
        client.publish(EDGE, edge(START_US))
        eventually(lambda: len(lines(tmp_path)) == 2)
        whole = dict(collector.losses)
        redis_server.stop()
        redis_server.start()
        eventually(lambda: listening(redis_server.client()))
        redis_server.client().publish(EDGE, edge(START_US + 33_333))
        eventually(lambda: len(lines(tmp_path)) == 3)

    manifest = document(tmp_path / "sessions" / "metrics_x_manifest.json")
    assert {} == whole
    assert {redis_feed.AWAY: {"count": 1, "missing_envelopes": 0}} == manifest["gaps"]["by_reason"]
    assert 2 == sum("is away" in message for message in caplog.messages)
    assert 2 == sum("listening to Redis" in message for message in caplog.messages)


def test_a_redis_that_hangs_is_noticed(redis_server, collector, caplog, monkeypatch):
    """
    A quiet connection is asked whether it still answers, and given up if not.
    """
    monkeypatch.setattr(redis_feed, "_ASK_AFTER_S", 0.1)
    monkeypatch.setattr(redis_feed, "_GIVE_UP_AFTER_S", 1.0)
    monkeypatch.setattr(redis_feed, "_CONNECT_S", 0.5)
    client = redis_server.client()
    with running(collector):
        eventually(lambda: listening(client))
        redis_server.freeze()
        eventually(lambda: "is away: no answer to PING" in caplog.text)
        redis_server.thaw()
        eventually(lambda: listening(client))


def test_a_wrong_password_ends_it_with_redis_own_words(redis_server, collector):
    """
    Waiting does not mend it; the files are closed all the same.
    """
    client = redis_server.client()
    client.config_set("requirepass", "not to be guessed")

    for password in (None, "guessed"):
        with pytest.raises(RespError, match="NOAUTH|WRONGPASS"):
            collector.run(password=password)

    assert collector.stopped_at_ms is not None


def test_with_the_password_it_is_let_in(redis_server, collector):
    """
    The rig's Redis wants one.
    """
    client = redis_server.client()
    client.config_set("requirepass", "not to be guessed")
    client.execute_command("AUTH", "not to be guessed")
    stop = threading.Event()
    thread = threading.Thread(
        target=collector.run, args=(stop,), kwargs={"password": "not to be guessed"}
    )
    thread.start()
    try:
        eventually(lambda: listening(client))
    finally:
        stop.set()
        thread.join(PATIENCE_S)

    assert not thread.is_alive()


def test_ctrl_c_finishes_the_files(tmp_path, redis_server, collector, monkeypatch):
    """
    The call returns, so that a script may print what it has.
    """

    def interrupted(*_args, **_more):
        collector.process_envelopes([recording(True, session_id="x"), edge(START_US)])
        raise KeyboardInterrupt

    monkeypatch.setattr(redis_feed.RedisFeed, "_listen", interrupted)
    collector.run()

    assert "finished" == document(tmp_path / "sessions" / "metrics_x_manifest.json")["state"]
