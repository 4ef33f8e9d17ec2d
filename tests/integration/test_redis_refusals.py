"""A Redis that answers and refuses: why, in words and on the page."""

import shutil

import pytest
import redis

from services.exporter.sources.redis_server import RedisSource
from tests.support.collecting import small_disk
from tests.support.eventually import eventually
from tests.support.exporting import a_board, page_of, samples
from tests.support.redis_server import RedisServer
from vitalrig.clock import ManualClock
from vitalrig.redis_client import describe_error, refusal


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    return folder


@pytest.fixture
def server(folder):
    server = RedisServer(folder)
    server.start()
    yield server
    server.kill()  # who cannot save its data does not end when it is asked to


def full(server, folder):
    with server.client() as client:
        client.config_set("maxmemory", 1)


def without_a_disk(server, folder):
    """Its folder vanishes, so the next rewriting of its file fails, and so does what follows."""
    shutil.rmtree(folder)
    with server.client() as client:
        client.config_set("save", "3600 1")
        client.bgsave()
        eventually(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")


def a_replica(server, folder):
    with server.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")


def just_started(server, folder):
    """It reads its data slowly, as it does where there are many."""
    with server.client() as client:
        pipe = client.pipeline(transaction=False)
        for number in range(3_000):
            pipe.set(f"key{number}", "x")
        pipe.execute()
        client.bgrewriteaof()
        eventually(lambda: client.info("persistence")["aof_rewrite_in_progress"] == 0)
    server.stop()
    server.start(
        "--key-load-delay",
        "10000",
        "--loading-process-events-interval-bytes",
        "1024",
        may_load=True,
    )


CASES = {
    "oom": (full, "full"),
    "misconf": (without_a_disk, "disk"),
    "readonly": (a_replica, "replica"),
    "loading": (just_started, "loading"),
}


def refuse(client):
    """Give what Redis says to a write."""
    try:
        client.set("a", "b")
    except redis.RedisError as exc:
        return exc
    return None


@pytest.mark.parametrize("reason", CASES)
def test_each_reason_to_refuse_is_told_apart_in_words(server, folder, reason):
    """
    In every service's log and health, with what to do.
    """
    happen, word = CASES[reason]
    happen(server, folder)
    with server.client() as client:
        error = eventually(lambda: refuse(client))

    assert (reason, True, True) == (
        refusal(error),
        reason.upper() in describe_error(error),
        word in describe_error(error),
    )


@pytest.mark.parametrize("reason", CASES)
def test_a_transaction_that_is_refused_says_why(server, folder, reason):
    """
    The server sends its envelopes in one.
    """
    CASES[reason][0](server, folder)
    with server.client() as client:
        eventually(lambda: refuse(client))
        pipe = client.pipeline(transaction=True)
        pipe.publish("a", "b")
        pipe.set("a", "b")
        with pytest.raises(redis.RedisError) as refused:
            pipe.execute()

    assert reason == refusal(refused.value)


@pytest.mark.parametrize("reason", ["oom", "readonly", "loading"])
def test_the_page_tells_why_redis_refuses(server, folder, reason):
    """
    It answers, so it is up; what it refuses for is 1, and every other reason 0.
    """
    clock = ManualClock()
    CASES[reason][0](server, folder)
    with server.client() as client:
        eventually(lambda: refuse(client))
        page = page_of(a_board(clock), clock, RedisSource(client))

    refusing = samples(page, "vitalrig_redis_refusing")
    refused = samples(page, "vitalrig_redis_refused_commands_total")

    assert ({"": 1}, [f'reason="{reason}"'], True) == (
        samples(page, "vitalrig_redis_up"),
        [label for label, value in refusing.items() if value],
        refused[f'reason="{reason}"'] >= 1,
    )


def test_the_page_tells_that_redis_cannot_write_its_disk(tmp_path):
    """
    The append-only file found no room.
    """
    clock = ManualClock()
    with small_disk(tmp_path / "disk") as disk:
        server = RedisServer(tmp_path / "disk")
        server.start()
        with server.client() as client:
            disk.fill()
            eventually(lambda: refuse(client))
            page = page_of(a_board(clock), clock, RedisSource(client))
        server.kill()

    assert 1 == samples(page, "vitalrig_redis_refusing")['reason="misconf"']


def test_a_redis_that_takes_all_refuses_for_no_reason(server):
    """
    All reasons are on the page, so that an alert on them is not blind.
    """
    clock = ManualClock()
    with server.client() as client:
        page = page_of(a_board(clock), clock, RedisSource(client))

    assert {f'reason="{reason}"': 0 for reason in CASES} == samples(page, "vitalrig_redis_refusing")


def test_an_error_that_is_no_refusal_is_none():
    """
    Such as a connection that was refused, or somebody's word in capitals.
    """
    assert [None, None, "oom"] == [
        refusal(ConnectionRefusedError("refused")),
        refusal(redis.ResponseError("WRONGTYPE of key LOADED")),
        refusal(redis.ResponseError("Transaction discarded because of: OOM command not allowed")),
    ]
