"""The PANOPTES side of the event API: every status and body that its clients know."""

import json

import pytest

from tests.support.telemetry_http import a_telemetry_server
from vitalrig.version import VERSION

EVENT = {"type": "weather", "data": {"sky": "clear"}}
STORED = {
    "seq": 1,
    "ts": "2026-03-17T12:00:00.000Z",
    "type": "weather",
    "data": {"sky": "clear"},
    "meta": {},
}


@pytest.fixture
def server(tmp_path):
    with a_telemetry_server(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """A server that is asked what changes nothing."""
    with a_telemetry_server(tmp_path_factory.mktemp("idle")) as server:
        yield server


def test_health(idle):
    """
    That the server answers.
    """
    answer = idle.get("/health")

    assert (200, {"ok": True}) == answer.both()
    assert "application/json" == answer.headers["content-type"]
    assert "uvicorn" == answer.headers["server"]


def test_ready(server):
    """
    PANOPTES's three names, and ours behind them.
    """
    status, body = server.get("/ready").both()

    assert (200, ["ready", "run_active", "version"]) == (status, list(body)[:3])
    assert (True, False, VERSION) == (body["ready"], body["run_active"], body["version"])
    assert "interval" == body["fsync"]


def test_an_event_is_answered_with_its_number_and_without_its_stream(server):
    """
    In the order of the envelope.
    """
    answer = server.post("/event", EVENT)

    assert (200, STORED) == answer.both()
    assert list(STORED) == list(answer.json())


def test_long_numbers_and_text_of_all_kinds_survive(server):
    """
    Answers are UTF-8, numbers as Python writes them.
    """
    body = b'{"type":"w\xc3\xa4tter","data":[1e22,1E16,-0.0,1.0,%d]}' % 10**60

    answer = server.ask("POST", "/event", body, {"Content-Type": "application/json"})

    assert b'"data":[1e+22,1e+16,-0.0,1.0,%d]' % 10**60 in answer.body
    assert '"wätter"'.encode() in answer.body


@pytest.mark.parametrize(
    "more",
    [
        {"ts": "2026-03-17T20:30:00.5+01:00"},
        {"make_current": False},
        {"store_permanently": False},
        {"meta": {"camera": "left"}},
        {"key": "once"},
        {"seq": 99, "stream": "run", "unknown": 1},
    ],
)
def test_new_and_old_clients_send_these(server, more):
    """
    Each form that a client was ever known to send.
    """
    status, body = server.post("/event", EVENT | more).both()

    assert (200, 1) == (status, body["seq"])
    assert more.get("ts", STORED["ts"]) == body["ts"]


def test_current_shows_the_newest_of_each_type(server):
    """
    All of them, and each by its name.
    """
    server.post("/event", EVENT)
    server.post("/event", EVENT | {"make_current": False, "data": 2})

    assert (200, {"current": {"weather": STORED}}) == server.get("/current").both()
    assert (200, STORED) == server.get("/current/weather").both()
    assert (404, {"detail": "No current event for type 'x'"}) == server.get("/current/x").both()


def test_a_type_with_a_slash_is_read_alone_as_well(server):
    """
    Quoted or not; PANOPTES's server cannot.
    """
    server.post("/event", EVENT | {"type": "a/b c"})

    assert 200 == server.get("/current/a/b%20c").status
    assert 200 == server.get("/current/a%2Fb%20c").status


def test_a_run_from_start_to_stop(server, tmp_path):
    """
    What is posted meanwhile belongs to it.
    """
    run = {
        "run_dir": str(tmp_path / "site" / "001"),
        "run_id": "001",
        "meta": {"observer": "x", "run_id": "001"},
        "started_at": STORED["ts"],
    }
    assert (404, {"detail": "No run is active"}) == server.get("/run").both()
    assert (404, {"detail": "No run is active"}) == server.post("/run/stop").both()

    assert (200, run) == server.post("/run/start", {"meta": {"observer": "x"}}).both()
    assert (200, run) == server.get("/run").both()
    assert (409, {"detail": "A run is already active"}) == server.post("/run/start").both()
    assert {"run_id": "001"} == server.post("/event", EVENT).json()["meta"]
    assert (200, run) == server.post("/run/stop").both()


@pytest.mark.parametrize("body", [None, b"null", b"{}"])
def test_a_run_starts_without_being_told_anything(server, body):
    """
    Neither body nor content type, as `curl -X POST` has it.
    """
    headers = {"Content-Type": "application/json"} if body else {}

    assert "001" == server.ask("POST", "/run/start", body, headers).json()["run_id"]


@pytest.mark.parametrize("where", ["../x", "/etc/x", "~/x", "a/../../x"])
def test_a_run_outside_the_site_folder_is_forbidden(idle, where):
    """
    By name, by way of others, or from the root.
    """
    assert 403 == idle.post("/run/start", {"run_dir": where}).status


def test_a_run_where_a_file_is_is_refused(server, tmp_path):
    """
    PANOPTES's server fails there with 500.
    """
    (tmp_path / "site" / "file").write_text("")

    assert server.post("/run/start", {"run_dir": "file"}).status in {409, 422}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/event"),
        ("PUT", "/event"),
        ("GET", "/run/start"),
        ("POST", "/run"),
        ("POST", "/health"),
        ("HEAD", "/health"),
        ("OPTIONS", "/current"),
        ("GET", "/shutdown"),
    ],
)
def test_a_wrong_method_is_told_the_right_one(idle, method, path):
    """
    There is no CORS either.
    """
    answer = idle.ask(method, path)

    assert 405 == answer.status
    assert "allow" in answer.headers
    if method != "HEAD":
        assert {"detail": "Method Not Allowed"} == answer.json()


def test_an_unknown_path_is_not_found(idle):
    """
    In the same form.
    """
    assert (404, {"detail": "Not Found"}) == idle.get("/nothing").both()


@pytest.mark.parametrize("path", ["/health", "/current", "/run", "/ready"])
def test_a_trailing_slash_leads_to_the_path_without_it(idle, path):
    """
    For a client that joins addresses carelessly.
    """
    answer = idle.get(f"{path}/")

    assert 307 == answer.status
    assert answer.headers["location"].endswith(path)


def test_a_body_that_is_wrong_is_answered_with_pydantics_list(idle):
    """
    As FastAPI's clients know it.
    """
    expected = {
        "detail": [
            {
                "type": "missing",
                "loc": ["body", "data"],
                "msg": "Field required",
                "input": {"type": "a"},
            }
        ]
    }

    assert (422, expected) == idle.post("/event", {"type": "a"}).both()
    assert 422 == idle.ask("POST", "/event", json.dumps(EVENT).encode()).status


def test_a_body_that_is_no_text_is_a_bad_request(idle):
    """
    Packed ones as well.
    """
    answer = idle.ask(
        "POST", "/event", b'{"type":"a","data":"\xe4"}', {"Content-Type": "application/json"}
    )

    assert (400, {"detail": "There was an error parsing the body"}) == answer.both()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(idle, chunked):
    """
    Whether it says so beforehand or not.
    """
    body = b'{"type":"a","data":"' + b"x" * (1 << 20) + b'"}'
    headers = {"Content-Type": "application/json"}
    if chunked:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        headers["Transfer-Encoding"] = "chunked"

    assert 413 == idle.ask("POST", "/event", body, headers).status
    assert {"current": {}} == idle.get("/current").json()


def test_a_batch_is_kept_whole(server):
    """
    Next to one another.
    """
    assert (200, {"seqs": [1, 2, 3]}) == server.post("/events", [EVENT, EVENT, EVENT]).both()


def test_a_batch_with_one_bad_event_is_not_kept(server):
    """
    The answer says which it was.
    """
    status, body = server.post("/events", [EVENT, {"type": "a"}]).both()

    assert (422, ["body", 1, "data"]) == (status, body["detail"][0]["loc"])
    assert 1 == server.post("/event", EVENT).json()["seq"]


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_a_length(idle, key):
    """
    As in the body.
    """
    answer = idle.post("/event", EVENT, {"Idempotency-Key": key})

    assert (422, ["header", "Idempotency-Key"]) == (
        answer.status,
        answer.json()["detail"][0]["loc"],
    )


def test_shutdown_stops_the_server(server):
    """
    And says so first.
    """
    assert (200, {"shutting_down": True}) == server.post("/shutdown").both()

    server.thread.join()


def test_other_machines_may_not_stop_the_server(server):
    """
    Nor by way of a proxy on this one.
    """
    answer = server.post("/shutdown", headers={"X-Forwarded-For": "10.1.2.3"})

    assert (403, {"detail": "Server shutdown is restricted to loopback clients"}) == answer.both()


def test_without_a_server_to_stop_shutdown_is_not_available(server):
    """
    As in the rig.
    """
    server.app.state.uvicorn_server = None

    assert (409, {"detail": "Server shutdown not available"}) == server.post("/shutdown").both()


@pytest.mark.parametrize("path", ["/event", "/events"])
def test_what_is_sent_again_with_its_key_is_kept_once(server, path):
    """
    The first answer comes again; other content is refused.
    """
    key = {"Idempotency-Key": "a"}
    body = EVENT if path == "/event" else [EVENT, EVENT]
    other = {"type": "other", "data": 1}

    first = server.post(path, body, key)

    assert first.both() == server.post(path, body, key).both()
    assert 422 == server.post(path, other if path == "/event" else [other], key).status
    assert (3 if path == "/events" else 2) == server.post("/event", EVENT).json()["seq"]
