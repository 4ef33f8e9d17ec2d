"""What every test of the collector has: a real Redis, a folder, a publisher, the collector."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.collector.app import build
from services.collector.settings import Settings
from tests.support.publishing import Publishing
from tests.support.running import a_watchdog, load

ROOT = Path(__file__).parents[3]


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
        command = [
            sys.executable, "-m", "services.collector", "--config=/dev/null",
            f"--redis_port={redis_server.port}", f"--sessions_folder={sessions}",
            *(f"--{key}={value}" for key, value in keys_given.items()),
        ]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": "libs:."}
        log = (tmp_path / f"log{len(started)}").open("wb")
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log))
        log.close()
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
