"""Every service says when it has started and when it stops."""

import json

import pytest

from tests.support.eventually import eventually
from tests.support.own_process import OwnService
from vitalrig import redis_keys
from vitalrig.version import VERSION

SETTINGS = {
    "physiology_server": {"port": 0, "source": "synthetic", "streaming_backend": "redis"},
    "collector": {},
    "collector.relay": {},
    "exporter": {"port": 0},
}


def said(redis_server):
    with redis_server.client() as client:
        return [json.loads(entry[b"event"]) for _, entry in client.xrange(redis_keys.EVENTS)]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_says_that_it_started_and_that_it_stopped(name, redis_server, tmp_path):
    """
    Once it works, and when it was told to stop; with its version and its process.
    """
    more = {"sessions_folder": tmp_path / "sessions"} if name in {"collector", "exporter"} else {}
    process = OwnService(
        name, tmp_path, redis_port=redis_server.port, health_file=tmp_path / "health",
        **SETTINGS[name], **more,
    )  # fmt: skip
    process.start()
    (started,) = eventually(lambda: said(redis_server))
    process.stop()
    stopped = said(redis_server)[-1]

    assert ("service.started", VERSION) == (started["type"], started["data"]["version"])
    assert ("service.stopped", {"why": ""}) == (stopped["type"], stopped["data"])
    assert started["meta"]["emitter"] == stopped["meta"]["emitter"]


def test_a_service_that_never_worked_says_nothing(redis_server, tmp_path):
    """
    It may be tried again every second.
    """
    settings = {"sessions_folder": tmp_path / "sessions", "redis_port": redis_server.port}
    first = OwnService("collector", tmp_path, "first", health_file=tmp_path / "1", **settings)
    first.start()
    eventually(lambda: said(redis_server))
    second = OwnService("collector", tmp_path, "second", health_file=tmp_path / "2", **settings)
    second.start()
    second.ended()
    first.stop()

    emitted = [event["type"] for event in said(redis_server)]
    assert ["service.started", "service.stopped"] == emitted
