"""Who is let through to the event API, and what every answer bears."""

import http.client
import json
import socket

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.telemetry_http import a_telemetry_server
from vitalrig.telemetry.api_app import ADMIN, PUBLIC
from vitalrig.web.access import Access
from vitalrig.web.request_guard import GuardRules
from vitalrig.web.tokens import SCOPES, TokenFile

EVENT = {"type": "a", "data": 1}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    rules = GuardRules(
        hosts={"ward.example"}, origins={"https://desk.example"}, public=PUBLIC, admin=ADMIN
    )
    with a_telemetry_server(tmp_path_factory.mktemp("site"), rules=rules) as server:
        yield server


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:6562", "127.0.0.1:1", "[::1]:6562", "10.1.2.3", "ward.example"]
)
def test_names_of_this_server_are_let_through(server, host):
    """
    Addresses are: no name of a stranger can be made to point at one.
    """
    assert 200 == server.get("/health", Host=host).status


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "ward.example.a:1"])
def test_a_strange_name_is_refused(server, host):
    """
    Whose page asks by it was made to point here: DNS rebinding.
    """
    assert 403 == server.get("/current", Host=host).status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1", "Host": "localhost:6562"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/event", "/run/stop", "/shutdown", "/login"])
def test_a_page_of_a_stranger_changes_nothing(server, path, headers):
    """
    With a body or without, which browsers send without asking.
    """
    assert 403 == server.post(path, None, headers).status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost:6562", "Host": "localhost:6562"},
        {"Origin": "https://desk.example"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {},
    ],
)
def test_our_own_page_and_programs_may_change_something(server, headers):
    """
    So may pages that the settings name.
    """
    assert 200 == server.post("/event", EVENT, headers).status


@pytest.mark.parametrize("path", ["/health", "/nothing", "/current", "/docs", "/login"])
def test_every_answer_bears_the_headers_of_a_careful_page(server, path):
    """
    No script and no style but of this server, and none in the page itself.
    """
    headers = server.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert ("nosniff", "no-referrer", "DENY") == tuple(
        headers[name] for name in ("x-content-type-options", "referrer-policy", "x-frame-options")
    )


def test_pages_of_ours_keep_to_their_policy(server):
    """
    Neither scripts nor styles in them, and nothing of other servers.
    """
    for path in ("/docs", "/login"):
        page = server.get(path).body.decode()
        assert "<script" not in page
        assert "style=" not in page
        assert "://" not in page
    assert 200 == server.get("/plain.css").status


def test_answers_are_counted(server):
    """
    By method and status.
    """
    before = server.app.state.answers["GET", 404]

    server.get("/nothing")

    assert before + 1 == server.app.state.answers["GET", 404]


# Tokens

ROUTES = {
    ("GET", "/health"): None,
    ("GET", "/login"): None,
    ("GET", "/plain.css"): None,
    ("GET", "/ready"): "read",
    ("GET", "/run"): "read",
    ("GET", "/current"): "read",
    ("GET", "/current/{event_type}"): "read",
    ("GET", "/docs"): "read",
    ("GET", "/openapi.json"): "read",
    ("GET", "/events"): "read",
    ("GET", "/events/stream"): "read",
    ("GET", "/runs"): "read",
    ("GET", "/runs/{run_id}/events"): "read",
    ("POST", "/event"): "write",
    ("POST", "/events"): "write",
    ("POST", "/run/start"): "write",
    ("POST", "/run/stop"): "write",
    ("POST", "/shutdown"): "admin",
}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    return TokenFile(tmp_path_factory.mktemp("tokens") / "tokens.json")


@pytest.fixture(scope="module")
def secrets(tokens):
    return {scope: tokens.add(scope, scope) for scope in SCOPES}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, tokens, secrets):
    with a_telemetry_server(tmp_path_factory.mktemp("site"), access=Access(tokens)) as server:
        server.app.state.uvicorn_server = None
        yield server


def test_the_matrix_names_every_route(guarded):
    """
    A new route has its row.
    """
    served = {
        (method.upper(), path)
        for path, operations in guarded.app.openapi()["paths"].items()
        for method in operations
    }

    assert served <= set(ROUTES)


@pytest.mark.parametrize("has", [None, *SCOPES])
@pytest.mark.parametrize(("route", "needs"), ROUTES.items())
def test_a_route_is_open_to_its_scope_and_no_lesser(guarded, secrets, route, needs, has):
    """
    Every route with no token, read, write and admin.
    """
    headers = {} if has is None else {"Authorization": f"Bearer {secrets[has]}"}
    rank = [None, *SCOPES].index

    connection = http.client.HTTPConnection("127.0.0.1", guarded.port, timeout=PATIENCE_S)
    connection.request(*route, headers=headers)
    status = connection.getresponse().status
    connection.close()

    if rank(has) >= rank(needs):
        assert status not in {401, 403}
    else:
        assert (401 if has is None else 403) == status


def test_a_wrong_token_is_told_so(guarded):
    """
    And how one is asked for.
    """
    answer = guarded.get("/current", Authorization="Bearer wrong")

    assert 401 == answer.status
    assert answer.headers["www-authenticate"].startswith("Basic")


def log_in(server, secret, **more):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    body = "&".join(f"{name}={text}" for name, text in ({"token": secret} | more).items())
    connection.request("POST", "/login", body)
    reply = connection.getresponse()
    found = dict(reply.getheaders()), reply.status
    connection.close()
    return found


def test_a_browser_is_led_to_the_form_and_back(guarded, secrets):
    """
    With a cookie that no script reads and no other site sends.
    """
    answer = guarded.get("/docs?a=b", Accept="text/html")
    assert (303, "/login?next=%2Fdocs%3Fa%3Db") == (answer.status, answer.headers["location"])

    headers, status = log_in(guarded, secrets["read"], next="%2Fdocs")

    assert (303, "/docs") == (status, headers["location"])
    flags = set(headers["set-cookie"].split("; ")[1:])
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= flags
    cookie = headers["set-cookie"].partition(";")[0]
    assert 200 == guarded.get("/docs", Cookie=cookie).status
    assert 403 == guarded.post("/event", EVENT, {"Cookie": cookie}).status


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "a"])
def test_the_form_leads_nowhere_else(guarded, secrets, target):
    """
    However the link to it was made.
    """
    headers, _status = log_in(guarded, secrets["read"], next=target)

    assert "/" == headers["location"]


def test_a_wrong_token_in_the_form_leaves_no_cookie(guarded):
    """
    The form comes again.
    """
    headers, status = log_in(guarded, "wrong")

    assert 401 == status
    assert "set-cookie" not in headers


@pytest.mark.parametrize("more", [{"next": "x" * 10_000}, {f"n{i}": "x" for i in range(20)}])
def test_more_than_the_form_holds_is_refused(guarded, secrets, more):
    """
    Whoever has no token yet may not fill the memory.
    """
    headers, status = log_in(guarded, secrets["read"], **more)

    assert 413 == status
    assert "set-cookie" not in headers


def test_a_token_that_is_removed_ends_its_session_at_once(guarded, tokens):
    """
    The next request is refused.
    """
    secret = tokens.add("guest", "read")
    headers, _status = log_in(guarded, secret)
    cookie = headers["set-cookie"].partition(";")[0]
    assert 200 == guarded.get("/current", Cookie=cookie).status

    tokens.remove("guest")

    assert 401 == guarded.get("/current", Cookie=cookie).status
    assert 401 == guarded.get("/current", Authorization=f"Bearer {secret}").status


# Connections


def test_a_request_that_dawdles_is_cut_off(server, monkeypatch):
    """
    Over its head, its body, or before either.
    """
    monkeypatch.setattr("vitalrig.web.asgi_server.DAWDLES_AFTER_S", 0.2)
    begun = [
        b"",
        b"GET /health HTTP/1.1\r\nHost: local",
        b"\r\n\r\n",
        b"POST /event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
    ]
    callers = [socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) for _ in begun]
    for caller, words in zip(callers, begun, strict=True):
        caller.sendall(words)

    for caller in callers:
        with caller:
            assert b"" == _received(caller)


def _received(caller):
    try:
        return caller.recv(65_536)
    except ConnectionResetError:
        return b""


def test_more_connections_than_there_is_room_for_are_told_to_come_back(server, monkeypatch):
    """
    Those that are open go on.
    """
    eventually(lambda: not server.server.server_state.connections)  # of tests before
    monkeypatch.setattr("vitalrig.web.asgi_server.MOST_CONNECTIONS", 1)
    first = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    first.request("GET", "/health")
    first.getresponse().read()

    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as second:
        said = b"".join(iter(lambda: _received(second), b""))

    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 5\r\n" in said
    assert {"detail": "Too many connections are open"} == json.loads(said.partition(b"\r\n\r\n")[2])
    first.request("GET", "/health")
    assert 200 == first.getresponse().status
    first.close()
