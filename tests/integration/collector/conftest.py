"""What every test of the collector has: a real Redis, a folder, a publisher, the collector."""

import pytest

from services.collector.app import build
from services.collector.settings import Settings
from tests.support.own_process import OwnService
from tests.support.publishing import Publishing
from tests.support.running import a_watchdog, load


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def sessions(tmp_path):
    return tmp_path / "sessions"


@pytest.fixture
def watchdog(tmp_path):
    return a_watchdog(tmp_path)


@pytest.fixture
def make(redis_server, sessions, watchdog):
    def make(clock=None, **more):
        settings = load(Settings, redis_server, sessions_folder=sessions, **more)
        return build(settings, watchdog, clock)

    return make


@pytest.fixture
def publishing(client):
    return Publishing(client)


@pytest.fixture
def start_process(redis_server, sessions, tmp_path):
    """Start collectors as processes of their own; whatever is left is ended."""
    started = []

    def start(**more):
        keys_given = {"fsync_interval_s": 0.05, "health_file": tmp_path / "health"} | more
        process = OwnService(
            "collector", tmp_path, f"collector{len(started)}",
            redis_port=redis_server.port, sessions_folder=sessions, **keys_given,
        )  # fmt: skip
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
