"""Events on their way into a real Redis, and into a file while it is away."""

import json

import pytest

from smartspectra.ipc.storage.disk import Disk
from tests.support.eventually import eventually
from vitalrig import event_outlets, redis_keys
from vitalrig.clock import SystemClock
from vitalrig.event_outlets import open_events
from vitalrig.redis_client import RedisAddress
from vitalrig.service.heartbeats import ServiceHeartbeats


class Probe:
    """A service that says numbers."""

    def __init__(self, port, spool):
        self.beats = ServiceHeartbeats("probe", "one")
        address = RedisAddress(port=port)
        self.events = open_events(None, self.beats, SystemClock(), address=address, spool=spool)

    def say(self, *numbers):
        for number in numbers:
            self.events.emit("mark", {"number": number})

    def count(self, name):
        return self.beats.report()["counters"][name]


@pytest.fixture
def spool(tmp_path):
    return tmp_path / ".probe.events"


@pytest.fixture
def start(redis_server, spool):
    made = []

    def start(spool=spool):
        probe = Probe(redis_server.port, spool)
        made.append(probe)
        probe.events.start()
        return probe

    yield start
    for probe in made:
        probe.events.close()


def stored(redis_server):
    with redis_server.client() as client:
        return [json.loads(entry[b"event"]) for _, entry in client.xrange(redis_keys.EVENTS)]


def numbers(redis_server):
    return [event["data"]["number"] for event in stored(redis_server)]


def test_events_are_in_the_stream_with_who_said_them(redis_server, start):
    """
    As one JSON object each, for the telemetry service.
    """
    start().say(1)
    (event,) = eventually(lambda: stored(redis_server))

    assert ("mark", {"number": 1}) == (event["type"], event["data"])
    assert {"emitter": "probe@one"} == event["meta"]
    assert {"type", "data", "meta", "ts", "key"} == set(event)


def test_the_stream_is_bounded(redis_server, start, monkeypatch):
    """
    Nobody may read it, and Redis must not fill.
    """
    monkeypatch.setattr(redis_keys, "MOST_EVENTS", 100)
    probe = start()
    probe.say(*range(900))
    eventually(lambda: 900 == probe.count("events_sent"))

    assert 100 <= len(stored(redis_server)) <= 300


def test_events_outlive_a_restart_of_redis(redis_server, start):
    """
    A telemetry service that was away then reads them.
    """
    probe = start()
    probe.say(1)
    eventually(lambda: numbers(redis_server))
    redis_server.stop()
    probe.say(2)
    redis_server.start()

    eventually(lambda: [1, 2] == numbers(redis_server))


def test_while_redis_is_away_events_are_spooled_and_sent_first_when_it_is_back(
    redis_server, start, spool
):
    """
    In order, and the file is gone then.
    """
    redis_server.stop()
    probe = start()
    probe.say(*range(250))
    eventually(lambda: 250 == probe.count("events_spooled"))
    redis_server.start()
    probe.say(250)
    eventually(lambda: len(numbers(redis_server)) > 250)

    assert list(range(251)) == numbers(redis_server)
    eventually(lambda: not spool.exists())


def test_what_is_spooled_outlives_the_service(redis_server, start, spool):
    """
    The next life of it sends what the one before could not, although it says nothing itself.
    """
    redis_server.stop()
    probe = start()
    probe.say(1, 2)
    probe.events.close()
    assert spool.exists()
    redis_server.start()
    start()

    eventually(lambda: [1, 2] == numbers(redis_server))


def test_a_torn_end_of_the_spool_costs_the_torn_event(redis_server, start, spool):
    """
    What a power cut left is set aside, and all before it is sent.
    """
    redis_server.stop()
    probe = start()
    probe.say(1, 2)
    probe.events.close()
    spool.write_bytes(spool.read_bytes()[:-5])
    redis_server.start()
    start().say(3)

    eventually(lambda: [1, 3] == numbers(redis_server))


def test_a_spool_that_cannot_be_written_leaves_events_in_memory(redis_server, start, tmp_path):
    """
    They are sent when Redis is back; nobody notices the disk.
    """
    redis_server.stop()
    probe = start(tmp_path / "no folder" / "spool")
    probe.say(1)
    redis_server.start()

    eventually(lambda: [1] == numbers(redis_server))
    assert 0 == probe.count("events_lost")


def test_a_spool_that_is_full_takes_no_more(redis_server, start, spool, monkeypatch):
    """
    Redis may be away for months.
    """
    monkeypatch.setattr(event_outlets, "MOST_SPOOLED_BYTES", 2_000)
    redis_server.stop()
    probe = start()
    for number in range(100):
        probe.say(number)
    eventually(lambda: probe.events._outage.why)
    probe.events.close()

    assert spool.stat().st_size <= 2_000


def test_a_batch_of_which_the_answer_was_lost_is_sent_again_with_its_keys(start, redis_server):
    """
    Whoever reads the stream tells by the key that it knows an event already.
    """
    probe = start(None)
    outlet = probe.events._outlet
    send_lines, lost = outlet.send_lines, []

    def lose_first_answer(lines):
        send_lines(lines)
        if not lost:
            lost.append(lines)
            raise event_outlets.Unavailable("its answer was lost")

    outlet.send_lines = lose_first_answer
    probe.say(1)
    eventually(lambda: 2 == len(stored(redis_server)))

    assert 1 == len({event["key"] for event in stored(redis_server)})


def test_half_a_surrogate_pair_is_said_as_well(redis_server, start):
    """
    What JSON can escape is written, whoever made it.
    """
    start().events.emit("mark", {"number": "\ud800"})

    eventually(lambda: ["\ud800"] == numbers(redis_server))


def test_the_spool_is_for_the_group_that_may_read_sessions(spool):
    """
    It is written as session files are, by the same disk.
    """
    outlet = event_outlets.SpooledEvents(None, spool, Disk(), lambda *_: None)
    outlet._opened().close()

    assert 0o640 == spool.stat().st_mode & 0o777
