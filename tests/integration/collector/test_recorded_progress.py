"""What a collector says in a stream of how far it has recorded it."""

import pytest

from services.collector import recorded_progress
from services.collector.app import build
from services.collector.checkpoints import FILE_NAME
from services.collector.recorded_progress import ID_FILE, RecordedProgress
from services.collector.settings import Settings
from tests.support.collecting import all_in_the_file, lines, ready
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.redis_server import RedisServer
from tests.support.running import load, running
from vitalrig import redis_keys
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.testing.installed_redis import redis_programs

STREAM = redis_keys.envelopes_stream("physiology")


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(recorded_progress, "TELL_EVERY_S", 0.05)


def told(client, stream=STREAM):
    """The last recorded entry, by each collector."""
    if not client.exists(stream):
        return []
    return [
        group["last-delivered-id"]
        for group in client.xinfo_groups(stream)
        if group["name"].startswith(redis_keys.RECORDED_GROUP.encode())
    ]


def newest(client, stream=STREAM):
    return client.xrevrange(stream, count=1)[0][0]


def told_all(client, stream=STREAM):
    return eventually(lambda: told(client, stream) == [newest(client, stream)])


@pytest.fixture(params=redis_programs(), ids=lambda path: path.name)
def redis_server(request, tmp_path):
    """Each make that is here."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder, request.param)
    server.start()
    yield server
    server.stop()


def test_what_is_recorded_is_told_also_in_a_full_redis(make, client, sessions, publishing):
    """
    Just then somebody has to know.
    """
    with running(make(transport="stream", fsync_interval_s=0.05)):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        eventually(lambda: told(client))
        before = told(client)
        publishing.edge(20)
        client.config_set("maxmemory", 1)

        assert told_all(client)
        assert before != told(client)


@pytest.mark.parametrize("fsync", ["never", "interval"])
def test_what_is_not_synced_is_not_told(make, client, sessions, publishing, fsync):
    """
    A power cut would take it from the file, and the stream has to give it again.

    What an idle camera needs no file for is saved with the same positions, and told.
    """
    ward, of_ward = Publishing(client, "ward"), redis_keys.envelopes_stream("ward")
    prefixes = "physiology,ward"
    with running(make(transport="stream", prefixes=prefixes, fsync=fsync, fsync_interval_s=1_000)):
        ready(client, "ward")
        ward.edge()
        eventually(lambda: told(client, of_ward))
        publishing.start()
        eventually(lambda: told(client))
        publishing.edge(20)
        first_unsynced = client.xrange(STREAM)[1][0]
        all_in_the_file(sessions, publishing)
        ward.edge()
        told_all(client, of_ward)

        assert order(told(client)[0]) < order(first_unsynced)


def test_a_collector_goes_on_telling_under_its_name_after_a_kill(
    start_process, client, sessions, publishing
):
    """
    A group that nobody moves any more would keep everything for ever.
    """
    for _ in range(2):
        process = start_process(transport="stream")
        ready(client)
        publishing.start()
        publishing.edge(10)
        eventually(lambda: len(lines(sessions)) >= len(publishing.published))
        eventually(lambda: told(client))
        publishing.edge(1)
        told_all(client)
        process.kill()

    assert 1 == len(told(client))


def test_lost_positions_take_back_what_was_told(make, client, sessions, publishing):
    """
    What is read again then must not go before.
    """
    with running(make(transport="stream", fsync_interval_s=0.05)):
        ready(client)
        publishing.start()
        start_id = newest(client)
        eventually(lambda: told(client))
        publishing.edge(10)
        told_all(client)
    (sessions / FILE_NAME).unlink()
    with running(make(transport="stream", fsync="never")):
        assert eventually(lambda: order(told(client)[0]) < order(start_id))


def order(entry_id):
    milliseconds, number = entry_id.split(b"-")
    return int(milliseconds), int(number)


def test_what_was_recorded_of_an_earlier_stream_is_not_told_of_a_new_one(client):
    """
    Its clock may have been set back: the entry would be taken for one that is to come.
    """
    recorded, clock = {"physiology": "9-9"}, ManualClock()
    progress = RecordedProgress(
        client, redis_keys.recorded_group("one"), ["physiology"], lambda: recorded,
        ServiceHeartbeats("probe"), clock.monotonic_s,
    )  # fmt: skip
    client.xadd(STREAM, {"envelope": "x"}, id="5-1")
    said = []
    for entry_id in ("9-9", "9-9", "5-1"):
        recorded["physiology"] = entry_id
        clock.advance(1)
        progress.look()
        said += told(client)

    assert [b"0-0", b"0-0", b"5-1"] == said


def test_a_stream_that_begins_anew_is_told_of_its_own_entries(make, client, sessions, publishing):
    """
    Its group is gone with the old one; what was recorded there says nothing about it.
    """
    with running(make(transport="stream", fsync_interval_s=0.05)):
        ready(client)
        publishing.start()
        eventually(lambda: told(client))
        publishing.edge(10)
        told_all(client)
        client.delete(STREAM)
        publishing.edge(1)
        eventually(lambda: told(client))
        publishing.edge(10)

        assert told_all(client)


def test_each_collector_and_each_stream_is_told_of_by_itself(
    redis_server, client, sessions, watchdog, publishing
):
    """
    The slowest collector decides what may go, of one stream or of another.
    """
    ward = Publishing(client, "ward")
    both = [
        build(
            load(Settings, redis_server, sessions_folder=sessions / name, transport="stream",
                 prefixes="physiology,ward", fsync=fsync, fsync_interval_s=0.05),
            watchdog,
        )
        for name, fsync in (("one", "interval"), ("another", "never"))
    ]  # fmt: skip
    with running(both[0]), running(both[1]):
        ready(client, "ward")
        for each, stream in ((publishing, STREAM), (ward, redis_keys.envelopes_stream("ward"))):
            each.start()
            eventually(lambda stream=stream: len(told(client, stream)) == 2)
            each.edge(5)
            eventually(lambda stream=stream: newest(client, stream) in told(client, stream))
            assert 2 == len(set(told(client, stream)))

    assert (sessions / "one" / ID_FILE).read_text() != (sessions / "another" / ID_FILE).read_text()


def test_a_collector_of_pub_sub_tells_nothing(make, client, sessions, publishing):
    """
    It has not read the stream, and must not decide what goes from it.
    """
    with running(make(transport="pubsub")):
        eventually(lambda: client.pubsub_numsub("physiology:edge_metrics")[0][1] == 1)
        publishing.start()
        publishing.edge(5)
        all_in_the_file(sessions, publishing)

    assert [] == told(client)


def test_a_collector_that_may_not_tell_records_all_the_same(make, client, sessions, publishing):
    """
    It counts what it could not tell; an older rig's Redis does not allow it.
    """
    client.execute_command("ACL", "SETUSER", "default", "-xgroup")
    collector = make(transport="stream", fsync_interval_s=0.05)
    with running(collector):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)

        assert eventually(lambda: collector.beats.report()["counters"]["progress_untold"])
    assert publishing.published == lines(sessions)
