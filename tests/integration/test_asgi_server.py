"""The frame of an ASGI application under uvicorn: its port, its TLS, its end."""

import socket
import ssl
import threading
from contextlib import contextmanager

import pytest

from tests.support.certificates import a_certificate
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.errors import CannotStart
from vitalrig.web.asgi_server import AsgiServer, listen
from vitalrig.web.exposure import check_exposure, is_loopback
from vitalrig.web.security import WebSecurity


async def application(scope, _receive, send):
    """Says that it is there."""
    if scope["type"] == "lifespan":
        raise NotImplementedError
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def running(stop=None, **more):
    listener = listen("127.0.0.1", 0)
    server = AsgiServer(application, stop=stop, **more)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield listener.getsockname()[1], thread
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def certificate_of(port):
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE_S)


def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path):
    """
    New connections have it.
    """
    a_certificate(tmp_path)
    (tmp_path / "web.yml").write_text(
        "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
    )
    security = WebSecurity(tmp_path / "web.yml")
    with running(context=security.context) as (port, _thread):
        first = certificate_of(port)
        a_certificate(tmp_path)

        assert first != certificate_of(port)
        assert (tmp_path / "server.crt").read_text().strip() == certificate_of(port).strip()


def test_it_ends_when_its_event_is_set():
    """
    Whoever runs the process has the signals, and says when.
    """
    stop = threading.Event()
    with running(stop=stop) as (_port, thread):
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_what_is_to_end_first_is_told_when_it_stops():
    """
    In the loop, before connections are waited for.
    """
    told = []
    stop = threading.Event()
    with running(stop=stop, before_stop=lambda: told.append(threading.current_thread())) as (
        _port,
        thread,
    ):
        stop.set()
        thread.join(PATIENCE_S)

    assert [thread] == told


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", None), ("no.such.host.invalid", 0)])
def test_an_address_that_cannot_be_listened_on_is_told(host, port):
    """
    With its name and its port.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1] if port is None else port
        with pytest.raises(CannotStart, match=f"{host}:{port}"):
            listen(host, port)


def test_localhost_is_listened_on_where_its_number_is_asked():
    """
    Whichever of its addresses the machine names first.
    """
    with listen("localhost", 0) as listener:
        assert "127.0.0.1" == listener.getsockname()[0]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("ward", False)],
)
def test_only_loopback_is_closed_to_other_machines(host, expected):
    """
    A name is not trusted to mean it.
    """
    assert expected == is_loopback(host)


@pytest.mark.parametrize(
    ("host", "needs_tokens", "allow_insecure"),
    [("127.0.0.1", False, False), ("0.0.0.0", True, False), ("0.0.0.0", False, True)],
)
def test_what_is_exposed_on_purpose_starts(host, needs_tokens, allow_insecure):
    """
    And nothing else does.
    """
    check_exposure(host, needs_tokens=needs_tokens, allow_insecure=allow_insecure)

    with pytest.raises(CannotStart, match="vitalrig telemetry token"):
        check_exposure("0.0.0.0", needs_tokens=False, allow_insecure=False)
