"""Our pages and our guard under a real uvicorn."""

import base64
import http.client
import ssl
import threading
from contextlib import contextmanager

import bcrypt
import pytest

from tests.support.certificates import a_certificate
from tests.support.patience import PATIENCE_S
from tests.support.uvicorn_server import under_uvicorn
from vitalrig.clock import SystemClock
from vitalrig.metrics.families import Families
from vitalrig.metrics.service_catalogue import SERVICES
from vitalrig.service.health import Health
from vitalrig.service.service_page import PATHS, ServicePage
from vitalrig.web.asgi import application, guarded
from vitalrig.web.http_server import HttpServer
from vitalrig.web.security import WebSecurity

OURS = (
    "Content-Type", "Content-Length", "Content-Encoding", "X-Content-Type-Options", "Vary", "Allow",
)  # fmt: skip
PASSWORD = "correct horse"


@pytest.fixture
def page(tmp_path):
    """A page that always says the same."""
    health = Health(tmp_path / "health")
    health.ready()
    health.fail("redis", "Redis is away")
    catalogue = {metric.name: metric for metric in SERVICES}

    def families():
        families = Families(catalogue)
        families.add("vitalrig_build_info", 1, "probe", "ward", "1.0")
        return families

    return ServicePage(families, health)


async def inner(scope, _receive, send):
    """An application of another kind."""
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inner " + scope["path"].encode()})


@contextmanager
def under_our_server(answer):
    server = HttpServer(("127.0.0.1", 0), answer, lambda: None, 4, SystemClock())
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(port, path, method="GET", headers=None, context=None):
    kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
    options = {"context": context} if context else {}
    connection = kind("127.0.0.1", port, timeout=PATIENCE_S, **options)
    try:
        connection.request(method, path, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, {name: reply.headers[name] for name in OURS}, reply.read()
    finally:
        connection.close()


@pytest.fixture
def security(tmp_path):
    """A web config with TLS and a password."""
    a_certificate(tmp_path)
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(
        "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
        f"basic_auth_users: {{prometheus: {hashed}}}\n"
    )
    return WebSecurity(tmp_path / "web.yml")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_pages_are_the_same_under_our_server_and_under_uvicorn(page, method):
    """
    Status, body and headers, in each format, for what is there and what is not.
    """
    paths = (*PATHS, "/metrics?name[]=vitalrig_build_info", "/%6Detrics", "/nothing", "/?a=%ff")
    headers = (
        {},
        {"Accept": "application/openmetrics-text", "Accept-Encoding": "gzip"},
    )
    asked = [(path, method, wanted) for path in paths for wanted in headers]
    with (
        under_our_server(page.answer) as ours,
        under_uvicorn(application(page.answer)) as uvicorns,
    ):
        assert [ask(ours, *each) for each in asked] == [ask(uvicorns, *each) for each in asked]


def test_an_application_of_another_kind_has_our_pages_our_passwords_and_our_tls(
    page, security, tmp_path
):
    """
    As they are in the web config file; who has no password learns nothing.
    """
    trusted = ssl.create_default_context(cafile=tmp_path / "server.crt")
    basic = base64.b64encode(f"prometheus:{PASSWORD}".encode()).decode()
    known, stranger = {"Authorization": f"Basic {basic}"}, {}
    app = guarded(inner, security.verdict, page.answer, PATHS)
    with under_uvicorn(app, ssl_context_factory=lambda *_: security.context()) as port:
        answers = [
            ask(port, path, headers=headers, context=trusted)
            for path in ("/metrics", "/api")
            for headers in (known, stranger)
        ]

    assert [200, 401, 200, 401] == [status for status, _, _ in answers]
    assert b"vitalrig_build_info{" in answers[0][2]
    assert b"inner /api" == answers[2][2]
