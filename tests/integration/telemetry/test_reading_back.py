"""Events and runs, read back over HTTP."""

import json

import pytest

from tests.support.telemetry_http import a_telemetry_server
from vitalrig.telemetry import TelemetryClient


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Events 1 to 9: every third of type b.x, 4 to 6 in a run, 9 of the camera left."""
    with a_telemetry_server(tmp_path_factory.mktemp("site")) as server:
        for seq in range(1, 10):
            if seq == 4:
                assert 200 == server.post("/run/start", {"run_id": "a/b"}).status
            if seq == 7:
                assert 200 == server.post("/run/stop").status
            event = {
                "type": "a" if seq % 3 else "b.x",
                "data": seq,
                "ts": f"2026-03-17T12:00:0{seq}Z",
                "meta": {"camera": "left"} if seq == 9 else {},
            }
            assert 200 == server.post("/event", event).status
        yield server


def numbers(answer):
    return [event["seq"] for event in answer.json()["events"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("since=7", [8, 9]),
        ("until=2", [1, 2]),
        ("since=2&until=4", [3, 4]),
        ("since=2026-03-17T12:00:08Z", [8, 9]),
        ("until=2026-03-17T13:00:03%2B01:00", [1, 2]),
        ("until=2026-03-17T13:00:03+01:00", [1, 2]),
        ("type=b.x", [3, 6, 9]),
        ("type=b*&type=c", [3, 6, 9]),
        ("run=a/b", [4, 5, 6]),
        ("camera=left", [9]),
        ("limit=2", [1, 2]),
        ("limit=2&backwards=true", [9, 8]),
        ("backwards=true&until=3", [3, 2, 1]),
        ("since=99", []),
    ],
)
def test_events_are_found_by_what_they_are(server, query, expected):
    """
    Numbers are after and up to; times are from and before.
    """
    assert expected == numbers(server.get(f"/events?{query}"))


@pytest.mark.parametrize("backwards", [False, True])
def test_an_answer_says_how_to_go_on(server, backwards):
    """
    Until there is no more.
    """
    name, found, place = ("until" if backwards else "since"), [], None
    while True:
        more = "" if place is None else f"&{name}={place}"
        answer = server.get(f"/events?limit=2&backwards={str(backwards).lower()}{more}")
        found += numbers(answer)
        if (place := answer.json()["next"]) is None:
            break

    assert (list(range(9, 0, -1)) if backwards else list(range(1, 10))) == found


def test_events_come_as_they_are_in_the_files(server):
    """
    With their stream, and the time of their arrival where a client gave another.
    """
    (event,) = server.get("/events?limit=1").json()["events"]

    assert ["seq", "ts", "stream", "type", "data", "meta", "received_at"] == list(event)


def test_lines_come_where_lines_are_asked_for(server):
    """
    As NDJSON, as many as there are.
    """
    answer = server.get("/events?since=7", Accept="application/x-ndjson")

    assert "application/x-ndjson" == answer.headers["content-type"]
    assert answer.body.endswith(b"\n")
    assert [8, 9] == [json.loads(line)["seq"] for line in answer.body.splitlines()]


def test_a_run_s_events_are_read_by_its_name(server):
    """
    Which may hold a slash, quoted or not.
    """
    for name in ("a/b", "a%2Fb"):
        assert [4, 5, 6] == numbers(server.get(f"/runs/{name}/events"))
    assert [6] == numbers(server.get("/runs/a/b/events?type=b.x"))


def test_runs_are_listed(server):
    """
    The oldest first, with their end.
    """
    (run,) = server.get("/runs").json()["runs"]

    assert ("a/b", True) == (run["run_id"], run["stopped_at"] is not None)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("since=x", "since"),
        ("until=2026-03-17", "until"),
        ("since=-1", "since"),
        ("since=" + "9" * 30, "since"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("backwards=perhaps", "backwards"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_so(server, query, place):
    """
    In pydantic's form.
    """
    status, body = server.get(f"/events?{query}").both()

    assert (422, ["query", place]) == (status, body["detail"][0]["loc"])


def test_the_client_reads_page_after_page(server, monkeypatch):
    """
    As many as are wanted.
    """
    monkeypatch.setattr("vitalrig.telemetry.client.EVENTS_AT_A_TIME", 2)
    client = TelemetryClient("127.0.0.1", server.port)

    assert [3, 6, 9] == [event["seq"] for event in client.events(type="b*")]
    assert [9, 8, 7] == [event["seq"] for event in client.events(limit=3, backwards=True)]
    assert ["a/b"] == [run["run_id"] for run in client.runs()]
