"""What tests of the telemetry service have: a real Redis, a folder, the service as a process."""

import json
import urllib.request
from contextlib import contextmanager

import pytest

from tests.support.eventually import eventually
from tests.support.own_process import OwnService
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.publishing import Publishing
from vitalrig import redis_keys


class TelemetryProcess(OwnService):
    """The service, and its address."""

    def __init__(self, folder, name, **settings):
        self.port = settings.setdefault("port", free_port())
        super().__init__("telemetry", folder, name, **settings)

    def get(self, path):
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return answer.read().decode()

    def answers(self):
        try:
            return self.get("/health")
        except OSError:
            return self._goes_on()


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def publishing(client):
    return Publishing(client)


@pytest.fixture
def site(tmp_path):
    return tmp_path / "telemetry"


@pytest.fixture
def sessions(tmp_path):
    return tmp_path / "sessions"


@pytest.fixture
def make(redis_server, site, sessions, tmp_path):
    """Make the service, with settings of a test's own; whatever is left is ended."""
    made = []

    def make(**more):
        settings = {
            "redis_port": redis_server.port, "site_folder": site, "sessions_folder": sessions,
        } | more  # fmt: skip
        process = TelemetryProcess(tmp_path, f"telemetry{len(made)}", **settings)
        made.append(process)
        return process

    yield make
    for process in made:
        process.kill()


@pytest.fixture
def start(make):
    def start(**more):
        process = make(**more)
        process.start()
        eventually(process.answers)
        return process

    return start


@pytest.fixture
def collecting(redis_server, sessions, tmp_path):
    """Run a collector beside it."""

    @contextmanager
    def collecting():
        process = OwnService(
            "collector", tmp_path, redis_port=redis_server.port, sessions_folder=sessions,
            health_file=tmp_path / "collector.health",
        )  # fmt: skip
        process.start()
        try:
            process.says("collector ready")
            yield process
        finally:
            process.stop()

    return collecting


@pytest.fixture
def say(client):
    """Say events as services do; gives their keys."""
    keys = iter(f"key{number}" for number in range(100_000))

    def say(*types, camera="physiology", run="", key="", **data):
        said = []
        for kind in types:
            said.append(key or next(keys))
            meta = {"emitter": "probe", "camera": camera} | ({"run_id": run} if run else {})
            event = {"type": kind, "data": data, "meta": meta, "key": said[-1]}
            client.xadd(
                redis_keys.EVENTS,
                {"event": json.dumps(event | {"ts": "2026-03-01T12:00:00.000Z"})},
                maxlen=redis_keys.MOST_EVENTS,
            )
        return said

    return say
