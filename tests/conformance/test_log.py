"""What the program logs while Redis is away, as a process."""

import json

import pytest

from tests.support.redis_server import RedisServer
from tests.support.server_process import ServerProcess


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """All lines of a server whose Redis came after it."""
    folder = tmp_path_factory.mktemp("log")
    redis = RedisServer(folder)
    process = ServerProcess(folder, redis.port, 1)
    try:
        process.says("backend is away")
        redis.start()
        process.says("backend is back")
        process.stop()
    finally:
        process.kill()
        redis.kill()
    return process.log_lines()


def test_every_line_is_json(logged):
    """
    Machines read it.
    """
    assert {"time", "level", "service", "logger", "event"} <= set.intersection(
        *(set(json.loads(line)) for line in logged)
    )


def test_an_absence_is_two_lines(logged):
    """
    One when it begins and one when it ends, however many attempts there were.

    Before them, a server that starts without Redis says that it has no lease yet.
    """
    assert [
        "the lease is taken later", "physiology_server ready", "graph started",
        "backend is away", "backend is back", "told to stop", "stopped",
    ] == [json.loads(line)["event"] for line in logged]  # fmt: skip
