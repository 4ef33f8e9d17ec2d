"""Events as they happen, over real connections that break, dawdle and come back."""

import http.client
import json
import threading
from contextlib import contextmanager

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.telemetry_http import a_telemetry_server, served
from tests.support.telemetry_log import NOON, Now, a_service, an_event
from vitalrig.telemetry import event_feed, event_stream
from vitalrig.telemetry.event_retention import RetentionPolicy
from vitalrig.web.access import Access
from vitalrig.web.tokens import TokenFile


@pytest.fixture
def server(tmp_path):
    with a_telemetry_server(tmp_path) as server:
        yield server


class Stream:
    """One reader."""

    def __init__(self, reply):
        self.reply = reply

    def message(self):
        """The next one with data, as its fields; None when the stream is at its end."""
        fields = {}
        while line := self.reply.readline():
            name, _, text = line.decode().rstrip("\n").partition(": ")
            if name:
                fields[name] = text
            elif "data" in fields:
                return fields
            else:
                fields = {}
        return None

    def events(self, count):
        return [json.loads(self.message()["data"]) for _ in range(count)]

    def data(self, count):
        return [event["data"] for event in self.events(count)]


@contextmanager
def stream(server, path="/events/stream", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    connection.request("GET", path, headers=headers)
    reply = connection.getresponse()
    assert 200 == reply.status, reply.read()
    reply.readline()  # it has begun
    try:
        yield Stream(reply)
    finally:
        connection.close()


def post(server, *data, kind="a", **more):
    for each in data:
        assert 200 == server.post("/event", {"type": kind, "data": each} | more).status


def test_an_event_comes_as_it_is_in_the_file_with_its_number(server):
    """
    To who was there when it happened; what was before does not come.
    """
    post(server, 0)

    with stream(server) as reader:
        post(server, 1)
        message = reader.message()

    assert "2" == message["id"]
    assert ["seq", "ts", "stream", "type", "data", "meta"] == list(json.loads(message["data"]))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/events/stream", {"Last-Event-ID": "1"}),
        ("/events/stream?since=1", {}),
        ("/events/stream?since=0", {"Last-Event-ID": "1"}),
    ],
)
def test_a_reader_that_comes_back_has_all_since(server, path, headers):
    """
    From the files, and then as it happens.
    """
    post(server, 0, 1, 2)

    with stream(server, path, **headers) as reader:
        post(server, 3)
        assert [1, 2, 3] == reader.data(3)


def test_a_number_from_another_log_begins_with_what_comes(server):
    """
    Nobody waits for a number that will not come.
    """
    with stream(server, **{"Last-Event-ID": "999"}) as reader:
        post(server, 1)
        assert [1] == reader.data(1)


@pytest.mark.parametrize("query", ["type=b", "type=x&type=b*", "camera=left", "run=night"])
def test_a_reader_has_what_it_asked_for(server, query):
    """
    From the files as from memory.
    """
    server.post("/run/start", {"run_id": "night"})
    wanted = {"type": "b", "data": 1, "meta": {"camera": "left"}}
    assert 200 == server.post("/event", wanted).status
    server.post("/run/stop")
    post(server, 0)

    with stream(server, f"/events/stream?since=0&{query}") as reader:
        post(server, 0)
        server.post("/run/start", {"run_id": "night"})
        assert 200 == server.post("/event", wanted | {"data": 2}).status
        assert [1, 2] == reader.data(2)


def test_an_ephemeral_event_comes_as_well(server):
    """
    To who is there.
    """
    with stream(server) as reader:
        post(server, 1, store_permanently=False)
        post(server, 2)
        assert [1, 2] == reader.data(2)


def test_a_slow_reader_has_every_event_once(server, monkeypatch):
    """
    What memory holds no more is read from the files.
    """
    monkeypatch.setattr(event_feed, "MOST_EVENTS", 5)
    monkeypatch.setattr(event_stream, "LINES_AT_A_TIME", 7)
    with stream(server) as reader:
        for first in range(0, 100, 20):
            batch = [{"type": "a", "data": each} for each in range(first, first + 20)]
            assert 200 == server.post("/events", batch).status
        assert list(range(100)) == reader.data(100)


def test_events_posted_while_a_reader_comes_are_all_there_once(server):
    """
    At the seam between files and memory nothing is lost or doubled.
    """
    done = threading.Event()

    def write():
        for each in range(150):
            post(server, each)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            with stream(server, "/events/stream?since=0") as reader:
                assert list(range(1, 31)) == [event["seq"] for event in reader.events(30)]
    finally:
        writer.join()


def test_a_stream_ends_when_the_server_stops(tmp_path):
    """
    At once, though its reader stays.
    """
    with a_service(tmp_path) as service, served(service) as server, stream(server) as reader:
        server.server.should_exit = True
        assert reader.message() is None
        server.thread.join(PATIENCE_S)
        assert not server.thread.is_alive()


def test_a_reader_that_takes_nothing_does_not_hold_up_the_stop(tmp_path):
    """
    Nor others meanwhile.
    """
    with a_service(tmp_path) as service, served(service) as server, stream(server):
        for _ in range(8):
            post(server, "x" * 1_000_000)
        server.server.should_exit = True
        server.thread.join(PATIENCE_S)
        assert not server.thread.is_alive()


def test_a_reader_that_is_gone_leaves_its_place(server):
    """
    It is noticed while nothing is sent.
    """
    with stream(server):
        assert 1 == server.app.state.event_streams.count

    eventually(lambda: 0 == server.app.state.event_streams.count)


def test_so_many_streams_and_no_more(server, monkeypatch):
    """
    Further ones are to come back later.
    """
    monkeypatch.setattr(server.app.state.event_streams, "_most", 1)
    with stream(server):
        answer = server.get("/events/stream")

    assert (503, "5") == (answer.status, answer.headers["retry-after"])


def test_a_quiet_stream_says_that_it_is_there(server, monkeypatch):
    """
    With a comment, which readers pass over.
    """
    monkeypatch.setattr(server.app.state.event_streams, "heartbeat_s", 0.02)
    with stream(server) as reader:
        lines = [reader.reply.readline() for _ in range(6)]

    assert lines.count(b":\n") >= 2


def test_what_retention_has_taken_is_missed(tmp_path):
    """
    The reader hears from where to where, once, and has what is left: of a run, and of today.
    """
    now = Now()
    with a_service(tmp_path, now_provider=now, look_every_s=0.01) as service:
        service.append_event(an_event(data=1))
        service.start_run()
        service.append_event(an_event(data=2))
        for number in (3, 4):
            service.append_event(an_event(data=number), from_rig=True)
        now.now = NOON.replace(day=18)
        service.append_event(an_event(data=5), from_rig=True)
        eventually(lambda: service.prune(RetentionPolicy(max_bytes=0)))

        with served(service) as server, stream(server, "/events/stream?since=0") as reader:
            first = reader.message()
            assert ("missed", "1", {"from": 1, "to": 4}) == (
                first["event"], first["id"], json.loads(first["data"]),
            )  # fmt: skip
            assert [2, 5] == reader.data(2)
        with served(service) as server, stream(server, **{"Last-Event-ID": "2"}) as reader:
            assert {"from": 3, "to": 4} == json.loads(reader.message()["data"])
            assert [5] == reader.data(1)


def test_a_token_that_is_removed_ends_its_stream(tmp_path):
    """
    Though nothing happens.
    """
    tokens = TokenFile(tmp_path / "tokens")
    secret = tokens.add("guest", "read")
    with (
        a_telemetry_server(tmp_path, access=Access(tokens)) as server,
        stream(server, Authorization=f"Bearer {secret}") as reader,
    ):
        tokens.remove("guest")
        assert reader.message() is None


def test_streams_are_neither_kept_nor_gathered_on_the_way(server):
    """
    Proxies are told so.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    connection.request("GET", "/events/stream")
    headers = dict(connection.getresponse().getheaders())
    connection.close()

    assert "text/event-stream; charset=utf-8" == headers["content-type"]
    assert ("no-store", "no") == (headers["cache-control"], headers["x-accel-buffering"])
