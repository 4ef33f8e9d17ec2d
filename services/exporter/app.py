"""The exporter, joined from its parts by `build`."""

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import redis
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import ThreadingWSGIServer

from services.exporter.page import Page
from services.exporter.settings import Settings
from services.exporter.sources.cameras import CameraSource
from services.exporter.sources.disk import DiskSource
from services.exporter.sources.heartbeats import HeartbeatSource
from services.exporter.sources.redis_server import RedisSource
from services.exporter.web import App, make_app
from vitalrig import keys
from vitalrig.beats import Beats
from vitalrig.bus import AWAY, connect, explain
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import CannotStart
from vitalrig.service import Pulse
from vitalrig.version import VERSION

log = logging.getLogger(__name__)

TURN_S = 0.5


class Exporter:
    """
    Serves the page until told to stop, and reports its own heartbeats meanwhile.

    Args:
        address: Host and port to listen on.
        app: The WSGI application.
        client: Redis, for the exporter's own report.
        beats: The exporter's own heartbeats.
        pulse: Told that the loop turns.
    """

    def __init__(
        self, address: tuple[str, int], app: App, client: redis.Redis, beats: Beats, pulse: Pulse
    ) -> None:
        self._address = address
        self._app = app
        self._client = client
        self._beats = beats
        self._pulse = pulse
        self.port = 0

    def run(self, stop: threading.Event) -> None:
        """
        Serve until *stop* is set.

        Raises:
            CannotStart: If the port is taken.
        """
        try:
            server = make_server(
                *self._address, self._app, ThreadingWSGIServer, handler_class=_QuietHandler
            )
        except OSError as exc:
            host, port = self._address
            raise CannotStart(f"{host}:{port} cannot be listened on: {exc.strerror}") from exc
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, name="http", daemon=True)
        thread.start()
        self._pulse.health.ready()
        log.info("exporter ready", extra={"port": self.port, "version": VERSION})
        while not stop.wait(TURN_S):
            self._report()
            self._pulse.health.set("http", None if thread.is_alive() else "the server has ended")
            self._pulse.beat()
        server.shutdown()
        server.server_close()

    def _report(self) -> None:
        try:
            self._client.hset(keys.HEARTBEATS, self._beats.key, json.dumps(self._beats.report()))
        except AWAY as exc:
            self._pulse.health.fail("redis", explain(exc))
        else:
            self._pulse.health.ok("redis")


class _QuietHandler(WSGIRequestHandler):
    """One scrape is no news."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        log.debug("request", extra={"line": format % args})


def counted(app: App, beats: Beats, clock: Clock) -> App:
    """
    Let every scrape be a heartbeat.
    """
    scrapes = beats.step("scrapes")

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began_s = clock.monotonic_s()
        body = app(environ, start_response)
        if environ.get("PATH_INFO") == "/metrics":
            with contextlib.suppress(TypeError):
                scrapes.beat(clock.monotonic_s() - began_s, sum(len(part) for part in body))
        return body

    return wrapped


def build(settings: Settings, pulse: Pulse) -> Exporter:
    """
    Join the parts.
    """
    clock = SystemClock()
    client = connect(settings)
    beats = Beats("exporter", clock=clock)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(
        Page(
            (
                CameraSource(client, clock, settings.stale_after_s, settings.breath_stale_after_s),
                HeartbeatSource(client, clock, settings.stale_after_s),
                RedisSource(client),
                DiskSource(settings.sessions_folder),
            ),
            clock,
        )
    )
    app = counted(make_app(registry, pulse.health), beats, clock)
    return Exporter((settings.listen_address, settings.port), app, client, beats, pulse)
