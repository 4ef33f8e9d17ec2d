"""The documented client, with a real server that stays, ends, comes back or is away."""

import json
import threading

import pytest

from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.telemetry_http import a_telemetry_server, served
from tests.support.telemetry_log import a_service, stored
from vitalrig.telemetry import TelemetryClient, TelemetryClientError
from vitalrig.telemetry.event_spool import SpoolFull


@pytest.fixture
def server(tmp_path):
    with a_telemetry_server(tmp_path) as server:
        yield server


@pytest.fixture
def client(server):
    with TelemetryClient("127.0.0.1", server.port) as client:
        yield client


def test_the_usual_life_of_a_client(client):
    """
    Readiness, a run, events, the current view, the end of the run.
    """
    assert {"ok": True} == client.health()
    assert client.ready()["ready"]
    run = client.start_run(run_id="night", meta={"observer": "x"})

    event = client.post_event("weather", {"sky": "clear"})

    assert {"observer": "x", "run_id": "night"} == run["meta"]
    assert (1, {"run_id": "night"}) == (event["seq"], event["meta"])
    assert {"current": {"weather": event}} == client.current()
    assert run == client.get_run() == client.stop_run()


@pytest.mark.parametrize(
    "data",
    [None, 1, 10**40, 1.5, "5 m", "2024", [1, [2]], {"value": 3, "unit": "m"}, {}, "\u00e4", True],
)
def test_any_json_data_come_back_as_they_were(client, data):
    """
    Nothing is taken for a time or a quantity.
    """
    client.post_event("a", data)

    assert data == client.current_event("a")["data"]


@pytest.mark.parametrize("kind", ["a?b", "a#b", "a/b", "a b", "%2F", "", "\u00e4", "..", "a\0b"])
def test_any_type_is_read_alone(client, kind):
    """
    It is quoted.
    """
    client.post_event(kind, 1)

    assert kind == client.current_event(kind)["type"]


def test_what_the_server_says_is_an_error_with_its_status(client):
    """
    And its words.
    """
    with pytest.raises(TelemetryClientError) as caught:
        client.get_run()

    assert (404, "No run is active") == (caught.value.status_code, caught.value.detail)
    assert "Telemetry server error 404: No run is active" == str(caught.value)


def test_what_is_no_json_is_not_sent(client):
    """
    It is the caller's mistake.
    """
    with pytest.raises(ValueError):
        client.post_event("a", float("nan"))


def test_a_client_s_time_and_an_ephemeral_event(client, tmp_path):
    """
    The one is kept, the other is in no file.
    """
    ts = "2026-01-01T00:00:00Z"

    assert ts == client.post_event("a", 1, ts=ts)["ts"]
    assert 2 == client.post_event("b", 1, store_permanently=False)["seq"]
    assert ["a"] == [event["type"] for event in stored(tmp_path / "site")]


def test_a_batch(client):
    """
    All of it or nothing, as the API has it.
    """
    assert [1, 2] == client.post_events([{"type": "a", "data": each} for each in (1, 2)])


def test_a_connection_is_kept(client, server):
    """
    PANOPTES's client makes one for each call.
    """
    client.health()
    before = set(server.server.server_state.connections)

    for _ in range(5):
        client.health()

    assert before == server.server.server_state.connections


def test_a_connection_that_the_server_has_closed_is_made_anew(client, server):
    """
    Also for what must not be done twice.
    """
    client.post_event("a", 1)
    for connection in list(server.server.server_state.connections):
        connection.loop.call_soon_threadsafe(connection.transport.close)
    eventually(lambda: not server.server.server_state.connections)

    assert client.start_run()["run_id"]


def test_a_token_is_sent(tmp_path, monkeypatch):
    """
    From the arguments or from the environment.
    """
    from vitalrig.web.access import Access
    from vitalrig.web.tokens import TokenFile

    tokens = TokenFile(tmp_path / "tokens")
    secret = tokens.add("a", "read")
    with a_telemetry_server(tmp_path, access=Access(tokens)) as server:
        with pytest.raises(TelemetryClientError, match="401"):
            TelemetryClient("127.0.0.1", server.port).ready()
        assert TelemetryClient("127.0.0.1", server.port, token=secret).ready()
        monkeypatch.setenv("VITALRIG_TELEMETRY_TOKEN", secret)
        assert TelemetryClient("127.0.0.1", server.port).ready()


def test_the_environment_says_where_the_server_is(monkeypatch):
    """
    Our names before PANOPTES's, arguments before both.
    """
    monkeypatch.setenv("PANOPTES_TELEMETRY_HOST", "theirs")
    monkeypatch.setenv("PANOPTES_TELEMETRY_PORT", "1")
    monkeypatch.setenv("VITALRIG_TELEMETRY_PORT", "2")

    assert "http://theirs:2" == TelemetryClient().base_url
    assert "http://[::1]:3" == TelemetryClient("::1", "3").base_url
    assert "http://x/y" == TelemetryClient(base_url="http://x/y//").base_url


def test_a_port_that_is_none_is_a_mistake():
    """
    At once.
    """
    with pytest.raises(ValueError):
        TelemetryClient(port="abc")


class ASession:
    """What the documentation asks of a session, and no more."""

    def __init__(self):
        self.asked = []

    def request(self, method, url, json, params, timeout):
        self.asked.append((method, url, json, params, timeout))
        return self

    status_code = 200
    text = '{"seq":1}'

    def json(self):
        return {"seq": 1}


def test_a_session_that_was_given_is_asked_as_documented():
    """
    Method and address by position, the rest by name.
    """
    session = ASession()
    client = TelemetryClient("h", 1, 2.0, session)

    client.health()
    client.post_event("a", 1)

    body = {"type": "a", "data": 1, "make_current": True, "meta": {}}
    assert [
        ("GET", "http://h:1/health", None, None, 2.0),
        ("POST", "http://h:1/event", body, None, 2.0),
    ] == session.asked


def test_a_requests_session_works_as_well(server):
    """
    The documented kind.
    """
    import requests

    with requests.Session() as session:
        client = TelemetryClient("127.0.0.1", server.port, session=session)
        assert 1 == client.post_event("a", None)["seq"]


def test_threads_share_a_client(client, tmp_path):
    """
    Each has a connection of its own.
    """
    threads = [
        threading.Thread(target=lambda n=n: [client.post_event("a", n) for _ in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(range(1, 81)) == [event["seq"] for event in stored(tmp_path / "site")]


def test_a_server_that_is_away_is_an_os_error():
    """
    After it was tried again: nothing was sent.
    """
    client = TelemetryClient("127.0.0.1", free_port(), timeout=0.5)

    with pytest.raises(OSError):
        client.post_event("a", 1)


def away(tmp_path, **more):
    return TelemetryClient(
        "127.0.0.1", free_port(), spool=tmp_path / "spool" / "events.jsonl", **more
    )


def test_what_waits_in_the_spool_is_sent_first_and_once(tmp_path):
    """
    In its order, with the time when it happened.
    """
    with away(tmp_path) as client:
        answers = [client.post_event("a", each) for each in range(3)]
        assert 3 == client.spooled
    assert [(None, True)] * 3 == [(each["seq"], each["spooled"]) for each in answers]

    with a_telemetry_server(tmp_path) as server, away(tmp_path) as client:
        client.base_url = f"http://127.0.0.1:{server.port}"
        assert 4 == client.post_event("a", 3)["seq"]
        assert 0 == client.spooled

    events = stored(tmp_path / "site")
    assert [0, 1, 2, 3] == [event["data"] for event in events]
    assert [answer["ts"] for answer in answers] == [event["ts"] for event in events[:3]]


def test_a_client_that_was_killed_while_it_sent_sends_again_and_it_is_kept_once(tmp_path):
    """
    What waits has keys.
    """
    with away(tmp_path) as client:
        client.post_event("a", 1)
    spool = tmp_path / "spool" / "events.jsonl"
    waiting = spool.read_bytes()
    with a_telemetry_server(tmp_path) as server:
        for _ in range(2):
            spool.write_bytes(waiting)
            with away(tmp_path) as client:
                client.base_url = f"http://127.0.0.1:{server.port}"
                client.flush()

    assert [1] == [event["data"] for event in stored(tmp_path / "site")]


def test_a_spool_has_an_end(tmp_path):
    """
    Who posts is told; what waits goes on waiting.
    """
    with away(tmp_path, spool_limit_bytes=400) as client:
        client.post_event("a", 1)
        with pytest.raises(SpoolFull):
            client.post_event("a", "x" * 400)

        assert 1 == client.spooled


def test_what_the_server_will_never_take_is_set_aside(tmp_path):
    """
    It holds up nothing behind it.
    """
    with away(tmp_path) as client:
        client.post_event("a", 1)
        client.post_event("x" * 2_000, 2)
        client.post_event("a", 3)

    with a_telemetry_server(tmp_path) as server, away(tmp_path) as client:
        client.base_url = f"http://127.0.0.1:{server.port}"
        client.flush()

    assert [1, 3] == [event["data"] for event in stored(tmp_path / "site")]
    refused = (tmp_path / "spool" / "events.refused").read_text().splitlines()
    assert [2] == [json.loads(line)["data"] for line in refused]


def test_an_event_whose_answer_was_lost_is_sent_again_and_kept_once(tmp_path):
    """
    Once a server is known to keep the same event once.
    """
    with a_service(tmp_path) as service, served(service) as server:
        client = TelemetryClient("127.0.0.1", server.port)
        client.post_event("a", 0)
        real = service.append

        async def lose_the_answer(request):
            service.append = real
            await real(request)
            for connection in list(server.server.server_state.connections):
                connection.transport.abort()

        service.append = lose_the_answer
        assert 2 == client.post_event("a", 1)["seq"]

    assert [0, 1] == [event["data"] for event in stored(tmp_path / "site")]
