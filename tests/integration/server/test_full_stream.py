"""The durable stream stays within its limits, and a full Redis gets room from its oldest part."""

import asyncio

import pytest

from services.physiology_server.publishing.backends.redis.redis_backend import RedisBackend
from services.physiology_server.publishing.backends.redis.redis_config import RedisConfig
from services.physiology_server.publishing.backends.redis.stream_keeper import StreamKeeper
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.publisher import Publisher
from tests.support.backends import batch, until_away
from tests.support.redis_server import RedisServer
from tests.support.server_process import entries
from tests.support.subscriber import Subscriber
from vitalrig import redis_keys
from vitalrig.clock import ManualClock, SystemClock
from vitalrig.errors import Unavailable
from vitalrig.redis_client import RedisAddress, connect_async
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.stream_limits import LOOK_EVERY_S, Limits
from vitalrig.testing.installed_redis import redis_programs
from vitalrig.unkept import unkept_channel

CAMERA = "physiology"
STREAM = f"{CAMERA}:envelopes"
KIB, MIB = 1 << 10, 1 << 20
SPARE_BYTES = 2 * MIB


@pytest.fixture(params=redis_programs(), ids=lambda path: path.name)
def full_redis(request, tmp_path):
    """A Redis with little room left, of each make that is here."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder, request.param)
    server.start()
    with server.client() as client:
        client.config_set("maxmemory", client.info("memory")["used_memory"] + SPARE_BYTES)
    yield server
    server.stop()


def with_backend(server, limits, scenario):
    """Run *scenario* with a backend that keeps its stream within *limits*."""

    async def run():
        beats = ServiceHeartbeats("probe")
        config = RedisConfig(host="127.0.0.1", port=server.port)
        backend = RedisBackend.of(config, "run1", limits, beats)
        try:
            return await scenario(backend, beats)
        finally:
            await backend.close()

    return asyncio.run(run())


def seqs(client):
    return [seq for _, seq, *_ in entries(client)]


def test_a_full_redis_gets_room_from_the_oldest_and_takes_all_that_comes(full_redis):
    """
    More than fits goes through it, in order, and the newest are kept.
    """
    sent = 60_000  # 90 bytes each without what Redis adds, so several times what fits

    async def scenario(backend, beats):
        for first in range(1, sent, 64):
            await backend.send(batch(first, min(first + 63, sent)))
        with full_redis.client() as client:
            return seqs(client), beats.report()["counters"]["stream_made_room"]

    kept, made_room = with_backend(full_redis, Limits(1_000_000, least_s=0.0), scenario)

    assert (list(range(kept[0], sent + 1)), True, True) == (kept, kept[0] > 1, made_room > 0)


def test_room_is_made_before_redis_is_full(full_redis):
    """
    Then it refuses nothing.
    """
    with full_redis.client() as client:
        had = fill(client, 10_000)
        memory = client.info("memory")
        client.config_set("maxmemory", int(memory["used_memory"] * 1.05))
        kept = Kept(full_redis, Limits(1_000_000, least_s=10.0))
        kept.after(client, ())

        assert (True, {}) == (
            had * 0.8 < client.xlen(STREAM) < had,
            {name: count for name, count in client.info("errorstats").items() if "OOM" in name},
        )


def fill(client, entries_count=20_000):
    """Fill Redis with entries of the last minutes, 100 a second, so that it takes no more."""
    begin_ms = now_ms(client) - entries_count * 10
    pipe = client.pipeline(transaction=False)
    for number in range(entries_count):
        pipe.xadd(STREAM, {"envelope": b"x" * 100}, id=f"{begin_ms + number * 10}-0")
    pipe.execute(raise_on_error=False)
    return client.xlen(STREAM)


def test_the_last_minutes_stay_also_in_a_full_redis(full_redis):
    """
    A collector that was away may still need them: the backend is away then, and says why.
    """
    with full_redis.client() as client:
        had = fill(client)

        async def scenario(backend, beats):
            with pytest.raises(Unavailable, match="OOM") as refused:
                await backend.send(batch(1, 4))
            return str(refused.value)

        with_backend(full_redis, Limits(1_000_000, least_s=100_000.0), scenario)

        assert had == client.xlen(STREAM)


@pytest.fixture
def recorded_up_to(full_redis):
    """Say, as a collector does, that it has recorded the stream up to an entry."""

    def say(client, entry_id, collector="one"):
        client.config_set("maxmemory", 0)
        client.xgroup_create(STREAM, redis_keys.recorded_group(collector), entry_id)

    return say


def until_refused(server, limits=None):
    """Send until Redis refuses, up to several times what fits; gives how many it took."""
    sent = 60_000

    async def scenario(backend, beats):
        for first in range(1, sent, 64):
            try:
                await backend.send(batch(first, min(first + 63, sent)))
            except Unavailable:
                return first - 1
        return sent

    return with_backend(server, limits or Limits(1_000_000, least_s=100_000.0), scenario)


def test_what_is_recorded_gives_way_also_in_the_last_minutes(full_redis, recorded_up_to):
    """
    A refusal would lose what is new; what is recorded is lost by nothing. The rest stays.
    """
    with full_redis.client() as client:
        limit = client.config_get("maxmemory")["maxmemory"]
        had = fill(client)
        recorded_id, first_unrecorded = (
            each[0] for each in client.xrange(STREAM, count=had // 2 + 1)[-2:]
        )
        recorded_up_to(client, recorded_id)
        client.config_set("maxmemory", limit)
        took = until_refused(full_redis)
        oldest, second = client.xrange(STREAM, count=2)

        assert (True, recorded_id, first_unrecorded) == (took > 0, oldest[0], second[0])


@pytest.mark.parametrize("slowest", ["0-0", "99999999999999-0"], ids=["begun", "another stream's"])
def test_what_one_collector_has_not_recorded_stays(full_redis, recorded_up_to, slowest):
    """
    The slowest decides, also one that has recorded nothing of this stream yet.
    """
    with full_redis.client() as client:
        limit = client.config_get("maxmemory")["maxmemory"]
        had = fill(client)
        recorded_up_to(client, client.xrevrange(STREAM, count=1)[0][0])
        recorded_up_to(client, slowest, collector="another")
        client.config_set("maxmemory", limit)

        assert (0, had) == (until_refused(full_redis), client.xlen(STREAM))


def test_what_is_recorded_stays_while_there_is_something_older(full_redis, recorded_up_to):
    """
    What stream_least_s does not keep gives way first.
    """
    with full_redis.client() as client:
        kept = Kept(full_redis, Limits(1_000_000, least_s=100.0))
        fill(client, 10_500)
        recorded_up_to(client, client.xrevrange(STREAM, count=1)[0][0])
        client.config_set("maxmemory", int(client.info("memory")["used_memory"] * 1.02))
        kept.after(client, ())
        before_ms, after_ms = kept.looked_ms

        assert before_ms - 104_000 < oldest_ms(client) < after_ms - 98_000


def test_what_redis_refuses_is_published_once_and_kept_in_order(full_redis, tmp_path):
    """
    A refused batch is refused whole; a subscriber does not hear it with each attempt.
    """
    health = Health(tmp_path / "health")

    async def scenario(backend, beats):
        outbox = Outbox(1_000)
        publisher = Publisher(outbox, backend, beats, health, SystemClock())
        for each in batch(1, 100):
            outbox.put(each.outgoing)
        flushing = asyncio.create_task(publisher.flush())
        await until_away(health)
        while beats.report()["counters"].get("attempts", 0) < 3:  # noqa: ASYNC110  no event
            await asyncio.sleep(0.01)
        await asyncio.to_thread(client.config_set, "maxmemory", 0)
        await flushing
        return [
            message["data"]
            for message in subscriber.heard()
            if message["channel"] != unkept_channel(CAMERA).encode()
        ]

    with full_redis.client() as client:
        fill(client)
        subscriber = Subscriber(client, "physiology:*")
        limits = Limits(1_000_000, least_s=100_000.0)
        heard = with_backend(full_redis, limits, counting_attempts(scenario))
        kept = [seq for run, seq, *_ in entries_with_run(client)]
        subscriber.close()

    assert ([each.outgoing.envelope for each in batch(1, 100)], list(range(1, 101))) == (
        heard,
        kept,
    )


def entries_with_run(client):
    return [
        (fields[b"run"].decode(), int(fields[b"seq"]))
        for _, fields in client.xrange(STREAM)
        if b"run" in fields
    ]


def counting_attempts(scenario):
    async def counted(backend, beats):
        send = backend.send

        async def count(part):
            beats.count("attempts")
            await send(part)

        backend.send = count
        return await scenario(backend, beats)

    return counted


def now_ms(client):
    seconds, microseconds = client.time()
    return seconds * 1_000 + microseconds // 1_000


class Kept:
    """
    A stream with entries of known times, and who keeps it within limits.

    Attributes:
        looked_ms: Redis's time just before the keeper looked, and just after that.
    """

    def __init__(self, server, limits):
        self.clock = ManualClock()
        self.beats = ServiceHeartbeats("probe")
        self._server = server
        self._limits = limits
        self.looked_ms = 0, 0

    def after(self, client, times_s, size=100):
        """Add entries of these times, of which the last is now, and let the keeper look."""
        begin_ms = now_ms(client) - round(max(times_s, default=0) * 1_000)
        for time_s in times_s:
            id_ms = begin_ms + round(time_s * 1_000)
            client.xadd(STREAM, {"envelope": b"x" * size}, id=f"{id_ms}-0")

        async def look():
            backend = connect_async(RedisAddress(port=self._server.port))
            keeper = StreamKeeper(backend, CAMERA, self._limits, self.beats, self.clock)
            await keeper.look()
            await backend.aclose()
            return keeper.max_entries

        before_ms = now_ms(client)
        allowed = asyncio.run(look())
        self.looked_ms = before_ms, now_ms(client)
        return allowed


def test_the_stream_is_bounded_by_memory(redis_server):
    """
    By the size of the envelopes that are there, as Redis measures it.
    """
    with redis_server.client() as client:
        kept = Kept(redis_server, Limits(60_000, max_bytes=MIB, least_s=60.0))
        allowed = kept.after(client, range(1, 4_000), size=1_000)
        client.execute_command("XTRIM", STREAM, "MAXLEN", allowed)

        assert 0.5 * MIB < client.memory_usage(STREAM) <= 1.2 * MIB


def test_the_stream_is_bounded_by_time(redis_server):
    """
    What is older than is wanted goes.
    """
    with redis_server.client() as client:
        kept = Kept(redis_server, Limits(60_000, max_age_s=600.0, least_s=60.0))
        kept.after(client, range(1, 2_000))
        before_ms, after_ms = kept.looked_ms

        assert before_ms - 600_000 <= oldest_ms(client) < after_ms - 598_000


def oldest_ms(client):
    (entry_id, _), *_ = client.xrange(STREAM, count=1)
    return int(entry_id.partition(b"-")[0])


@pytest.mark.parametrize("limits", [{"max_bytes": 64 * KIB}, {"max_age_s": 1.0}], ids=str)
def test_no_limit_takes_the_last_minutes(redis_server, limits):
    """
    stream_least_s goes before memory and age.
    """
    with redis_server.client() as client:
        kept = Kept(redis_server, Limits(60_000, least_s=300.0, **limits))
        allowed = kept.after(client, range(1, 1_000), size=1_000)
        client.execute_command("XTRIM", STREAM, "MAXLEN", allowed)
        _, after_ms = kept.looked_ms

        assert oldest_ms(client) <= after_ms - 298_000


def test_how_long_the_stream_holds_is_reported(redis_server):
    """
    The seconds between its oldest and its newest entry, and its memory.
    """
    with redis_server.client() as client:
        kept = Kept(redis_server, Limits())
        kept.after(client, (10, 20, 250.5))

    stream = kept.beats.facts["streams"][CAMERA]

    assert (240.5, True) == (stream["held_s"], stream["size_bytes"] > 300)


def test_the_stream_is_looked_at_every_few_seconds(redis_server):
    """
    Not with every batch.
    """

    async def looks():
        client = connect_async(RedisAddress(port=redis_server.port))
        clock, beats = ManualClock(), ServiceHeartbeats("probe")
        keeper = StreamKeeper(client, CAMERA, Limits(), beats, clock)
        found = []
        for advance_s, size in ((0.0, 1), (1.0, 2), (LOOK_EVERY_S, 3)):
            clock.advance(advance_s)
            await client.xadd(STREAM, {"envelope": "x"}, id=f"{size * 1_000}-0")
            await keeper.look()
            found.append(beats.facts["streams"][CAMERA]["held_s"])
        await client.aclose()
        return found

    assert [0.0, 0.0, 2.0] == asyncio.run(looks())


def test_a_redis_that_does_not_tell_memory_bounds_by_number(redis_server):
    """
    Somebody else's Redis may forbid the question.
    """
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "-memory")
        kept = Kept(redis_server, Limits(5_000, max_bytes=KIB))

        assert 5_000 == kept.after(client, (1, 2))


def test_one_envelope_larger_than_the_limit_is_kept(redis_server):
    """
    A limit that makes no sense loses nothing new.
    """
    with redis_server.client() as client:
        kept = Kept(redis_server, Limits(5_000, max_bytes=1, least_s=0.0))

        assert kept.after(client, (1, 2)) >= 1
