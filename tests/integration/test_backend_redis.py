"""What only the Redis backend promises, with a real Redis."""

import asyncio
import contextlib
import socket

import pytest

from services.physiology_server.publishing.backends.redis.redis_backend import RedisBackend
from services.physiology_server.publishing.backends.redis.redis_config import RedisConfig
from tests.support.backends import METRICS, RedisRig, a_jpeg, a_picture, batch, by_kind, play
from tests.support.patience import PATIENCE_S
from vitalrig.errors import Unavailable
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.stream_limits import Limits


@pytest.fixture
def redis_client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def redis_rig(request, tmp_path):
    return RedisRig(request, tmp_path)


def test_redis_publishes_what_it_keeps(redis_rig):
    """
    A subscriber hears the same bytes, in the same order.
    """

    async def scenario(rig):
        await rig.backend.send(batch(1, 40))
        return {kind: rig.published(kind) for kind in METRICS}

    assert by_kind(batch(1, 40)) == play(redis_rig, scenario)


def test_redis_keeps_no_picture(redis_rig, redis_client):
    """
    Five pictures a second would fill it.
    """

    async def scenario(rig):
        await rig.backend.send([*batch(1, 4), a_picture(a_jpeg())])
        return redis_client.xlen("physiology:envelopes"), await rig.heard("frame")

    assert (4, []) == play(redis_rig, scenario)


def with_redis(redis_server, scenario, **keys):
    """Run *scenario* with a backend made from a config."""

    async def run():
        config = RedisConfig(**{"host": "127.0.0.1", "port": redis_server.port} | keys)
        beats = ServiceHeartbeats("probe")
        backend = RedisBackend.of(config, "run1", Limits(1_000), beats)
        try:
            return await scenario(backend, beats)
        finally:
            await backend.close()

    return asyncio.run(run())


def test_a_picture_above_the_limit_is_left_out_and_counted(redis_server, redis_client):
    """
    max_bulk_string_bytes; the metrics beside it are sent.
    """

    async def scenario(backend, beats):
        await backend.send([*batch(1, 4), a_picture(a_jpeg())])
        counters = beats.report()["counters"]
        return counters["pictures_too_large"], redis_client.xlen("physiology:envelopes")

    assert (1, 4) == with_redis(redis_server, scenario, max_bulk_string_bytes=100)


def test_a_batch_is_sent_in_parts_within_the_limit(redis_server, redis_client, monkeypatch):
    """
    max_array_elements; nothing is left out.
    """
    parts = []

    async def scenario(backend, beats):
        real = backend._client.pipeline

        def pipeline(transaction):
            parts.extend([1] * transaction)
            return real(transaction=transaction)

        monkeypatch.setattr(backend._client, "pipeline", pipeline)
        await backend.send(batch(1, 10))
        return redis_client.xlen("physiology:envelopes"), len(parts)

    assert (10, 4) == with_redis(redis_server, scenario, max_array_elements=60)


@pytest.mark.parametrize(("password", "sent"), [("secret", True), ("wrong", False)])
def test_the_password_is_used(redis_server, redis_client, password, sent):
    """
    And a wrong one is named as the reason.
    """
    redis_client.config_set("requirepass", "secret")

    async def scenario(backend, beats):
        try:
            await backend.send(batch(1, 1))
        except Unavailable as exc:
            return "password" not in str(exc)
        return True

    assert sent == with_redis(redis_server, scenario, password=password)


def test_the_database_and_the_prefix_are_used(redis_server):
    """
    Several rigs may share one Redis.
    """

    async def scenario(backend, beats):
        await backend.send(batch(1, 3))
        with redis_server.client() as client:
            client.select(5)
            return client.xlen("bed7:envelopes")

    assert 3 == with_redis(redis_server, scenario, database=5, key_prefix="bed7")


PATIENT_AND_NOT_MS = (1_500, 100)


async def given_up(backends):
    """In which order they say that Redis is away."""
    order = []

    async def send(wait_ms, backend):
        with pytest.raises(Unavailable):
            await backend.send(batch(2, 2))
        order.append(wait_ms)
        await backend.close()

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        for wait_ms, backend in backends.items():
            tasks.create_task(send(wait_ms, backend))
    return order


def test_a_redis_that_hangs_is_away_after_the_operation_timeout(redis_server):
    """
    operation_timeout_ms: who waits for less gives up first.
    """

    async def run():
        backends = {
            wait_ms: RedisBackend.of(
                RedisConfig(host="127.0.0.1", port=redis_server.port, operation_timeout_ms=wait_ms),
                f"run{wait_ms}",
                Limits(0),
            )
            for wait_ms in PATIENT_AND_NOT_MS
        }
        for backend in backends.values():
            await backend.send(batch(1, 1))
        redis_server.freeze()
        try:
            return await given_up(backends)
        finally:
            redis_server.thaw()

    assert sorted(PATIENT_AND_NOT_MS) == asyncio.run(run())


def test_a_host_that_does_not_answer_is_away_after_the_connection_timeout():
    """
    connection_timeout_ms: who waits for less gives up first.
    """
    with contextlib.ExitStack() as sockets:
        deaf = sockets.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(3):  # what waits to be accepted fills the queue
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())

        async def run():
            port = deaf.getsockname()[1]
            return await given_up(
                {
                    wait_ms: RedisBackend.of(
                        RedisConfig(host="127.0.0.1", port=port, connection_timeout_ms=wait_ms),
                        "run1",
                        Limits(0),
                    )
                    for wait_ms in PATIENT_AND_NOT_MS
                }
            )

        assert sorted(PATIENT_AND_NOT_MS) == asyncio.run(run())
