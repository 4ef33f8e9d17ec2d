"""
The Redis backend: its channels and its configuration, with the whole server.

What the two timeouts do is tested where Redis is away: tests/integration/test_backend_redis.py.
"""

import json
import logging
import threading

import pytest
import redis

from services.physiology_server import app
from services.physiology_server.settings import Settings
from tests.support.conformance import until_the_end
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.redis_server import RedisServer
from tests.support.running import a_watchdog, running
from vitalrig import redis_keys

KINDS = ["core_metrics", "edge_metrics", "status", "frame", "recording_state"]
PASSWORD = "a password"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A Redis of this module's own, so that nothing of the runs is on its channels."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server):
    with server.client() as client:
        client.flushall()
        yield client


class Heard:
    """All that is published for clients, on any channel: the rig's own reports are not."""

    def __init__(self, client):
        self.channels, self.count = set(), 0
        self._client = client
        self._listener = client.pubsub(ignore_subscribe_messages=True)
        self._listener.psubscribe("*")
        self._listener.get_message(timeout=PATIENCE_S)
        self._thread = threading.Thread(target=self._listen)

    def _listen(self):
        for message in self._listener.listen():
            if message["channel"] == b"end":
                return
            if not message["channel"].startswith(redis_keys.HEARTBEATS.encode()):
                self.channels.add(message["channel"].decode())
                self.count += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exc):
        self._client.publish("end", b"")
        self._thread.join(PATIENCE_S)
        self._listener.close()


def published(client, folder, flags=(), **config):
    """Play a second with this configuration as JSON; gives what was heard meanwhile."""
    path = folder / "redis_config.json"
    path.write_text(json.dumps({"port": client.connection_pool.connection_kwargs["port"]} | config))
    scenario = folder / "scenario.yml"
    scenario.write_text("{name: x, duration_s: 1}")
    argv = [
        f"--redis_config_path={path}", f"--scenario={scenario}", "--streaming_backend=redis",
        "--source=synthetic", "--autostart", "--publish_core=always", "--port=0", "--speed=2",
        *flags,
    ]  # fmt: skip
    with Heard(client) as heard:
        server = app.build(Settings.load(argv, {})[0], a_watchdog(folder))
        with running(server):
            until_the_end(server)
    return heard


def test_there_are_exactly_the_documented_channels(client, tmp_path):
    """
    Five, with the default prefix.
    """
    assert {f"physiology:{kind}" for kind in KINDS} == published(client, tmp_path).channels


@pytest.mark.parametrize("how", ["key", "flag"])
def test_channels_begin_with_the_key_prefix(client, tmp_path, how):
    """
    From the JSON, or by --redis_key_prefix.
    """
    if how == "key":
        heard = published(client, tmp_path, key_prefix="ward:bed_2")
    else:
        heard = published(client, tmp_path, ["--redis_key_prefix=ward:bed_2"])

    assert {f"ward:bed_2:{kind}" for kind in KINDS} == heard.channels


def test_a_flag_goes_before_the_configuration(client, tmp_path):
    """
    "Overrides", the guide says.
    """
    port = client.connection_pool.connection_kwargs["port"]
    flags = [f"--redis_port={port}", "--redis_host=localhost", "--redis_key_prefix=flagged"]
    heard = published(client, tmp_path, flags, host="nowhere.invalid", port=1, key_prefix="keyed")

    assert {f"flagged:{kind}" for kind in KINDS} == heard.channels


def test_several_consumers_hear_the_same(client, tmp_path):
    """
    An advertised benefit.
    """
    with Heard(client) as one, Heard(client) as other:
        published(client, tmp_path)
        eventually(lambda: one.count == other.count > 30)

    assert one.channels == other.channels


def test_the_database_is_the_one_of_the_configuration(server, client, tmp_path):
    """
    Channels know no databases, but what is kept does.
    """
    published(client, tmp_path, database=3)

    with redis.Redis(port=server.port, db=3, protocol=2) as third:
        assert [b"physiology:envelopes", b"physiology:recording_state:last"] == sorted(
            key for key in third.scan_iter() if key.startswith(b"physiology")
        )
    assert [] == [key for key in client.scan_iter() if key.startswith(b"physiology")]


def test_the_password_is_the_one_of_the_configuration(server, client, tmp_path):
    """
    A Redis that wants one gets it.
    """
    client.config_set("requirepass", PASSWORD)
    with redis.Redis(port=server.port, password=PASSWORD, protocol=2) as known:
        try:
            heard = published(known, tmp_path, password=PASSWORD)
        finally:
            known.config_set("requirepass", "")

    assert {f"physiology:{kind}" for kind in KINDS} == heard.channels


def test_a_picture_beyond_max_bulk_string_bytes_is_not_sent(client, tmp_path):
    """
    Metrics are.
    """
    heard = published(client, tmp_path, max_bulk_string_bytes=1_000)

    assert {f"physiology:{kind}" for kind in KINDS if kind != "frame"} == heard.channels


def test_small_max_array_elements_cost_no_message(client, tmp_path):
    """
    Batches go in parts.
    """
    published(client, tmp_path, max_array_elements=20)
    seqs = [int(fields[b"seq"]) for _, fields in client.xrange("physiology:envelopes")]

    assert list(range(1, 30 + 5 + 4 + 1)) == seqs


@pytest.mark.parametrize("enabled", [True, False])
def test_enable_debug_logging_logs_every_batch(client, tmp_path, caplog, enabled):
    """
    At the usual level.
    """
    with caplog.at_level(logging.INFO):
        published(client, tmp_path, enable_debug_logging=enabled)

    assert enabled == ("batch sent" in caplog.messages)
