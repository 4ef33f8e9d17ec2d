"""A real telemetry server in this process, and asking it."""

import http.client
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.telemetry_log import a_service
from vitalrig.telemetry.server import create_app
from vitalrig.web.asgi_server import AsgiServer, listen

JSON = {"Content-Type": "application/json"}


@dataclass
class Answer:
    """What was answered."""

    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    def both(self):
        return self.status, self.json()


@dataclass
class Served:
    """A server, and what it serves."""

    port: int
    app: object
    server: AsgiServer
    thread: threading.Thread

    def ask(self, method, path, body=None, headers=None):
        """Ask once; a body that is not bytes is sent as JSON."""
        is_json = body is not None and not isinstance(body, bytes)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(
                method,
                path,
                json.dumps(body) if is_json else body,
                (JSON if is_json else {}) | (headers or {}),
            )
            reply = connection.getresponse()
            names = {name.lower(): text for name, text in reply.getheaders()}
            return Answer(reply.status, names, reply.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, path, body=None, headers=None):
        return self.ask("POST", path, body, headers)


@contextmanager
def served(service, **options):
    """Serve a log on a port that the system picks."""
    app = create_app(service, **options)
    listener = listen("127.0.0.1", 0)
    server = AsgiServer(app, before_stop=app.state.event_feed.close, timeout_graceful_shutdown=1)
    app.state.uvicorn_server = server
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield Served(listener.getsockname()[1], app, server, thread)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@contextmanager
def a_telemetry_server(folder, *, log=None, **options):
    """Serve a log of its own in a folder."""
    with a_service(folder, **(log or {})) as service, served(service, **options) as server:
        yield server
