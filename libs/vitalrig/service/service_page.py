"""A service's own page: its heartbeats and counters, and whether it is healthy, over HTTP."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import CannotStart
from vitalrig.metrics.exposition import CONTENT_TYPE, render
from vitalrig.metrics.families import Families
from vitalrig.metrics.service_catalogue import SERVICES
from vitalrig.metrics.service_metrics import (
    add_build_info,
    add_envelopes_waiting,
    add_service_metrics,
    add_source_info,
    add_stream_metrics,
)
from vitalrig.metrics.service_report import ServiceReport
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.web.messages import Request, Response, response
from vitalrig.web.server import HttpServer

log = logging.getLogger(__name__)

ALIVE = ("/-/healthy", "/healthz", "/livez")
READY = ("/-/ready", "/readyz")

STALE_AFTER_S = 10.0
"""A step that was silent for longer has no rate, unless that is usual for it."""

MAX_REQUESTS = 4
TURN_S = 0.25

_CATALOGUE = {metric.name: metric for metric in SERVICES}


class ServicePage:
    """
    Answers `/metrics`, `/-/healthy` and `/-/ready`, to GET and HEAD.

    The page is what the exporter shows of this service, made at once rather than from the last
    report in Redis, so that it is there without Redis and without the exporter.

    Args:
        beats: The service's heartbeats.
        health: What is failing.
    """

    def __init__(self, beats: ServiceHeartbeats, health: Health) -> None:
        self._beats = beats
        self._health = health

    def families(self) -> Families:
        """
        Tell how the service is now.
        """
        families = Families(_CATALOGUE)
        report = ServiceReport.parse("", self._beats.report())
        add_service_metrics(families, report, age_s=0.0, stale_after_s=STALE_AFTER_S)
        add_build_info(families, report)
        add_source_info(families, report)
        add_envelopes_waiting(families, report)
        for camera, stream in report.streams.items():
            add_stream_metrics(families, camera, stream)
        return families

    def answer(self, request: Request) -> Response:
        """
        Answer one request, whatever happens.
        """
        if request.method not in ("GET", "HEAD"):
            return response(405, "GET and HEAD only\n", headers={"Allow": "GET, HEAD"})
        if request.path in ALIVE:
            return response(200, "ok\n")
        if request.path in READY:
            return readiness(self._health)
        if request.path != "/metrics":
            return response(404, "try /metrics\n")
        try:
            return response(200, render(self.families(), openmetrics=False), CONTENT_TYPE)
        except Exception:
            log.exception("page could not be made")
            return response(500, "failed; the log says why\n")


def readiness(health: Health) -> Response:
    """
    Say whether every check passes, and name those that fail.
    """
    failing = "".join(f"{check}: {why}\n" for check, why in health.failing.items())
    return response(503 if failing else 200, failing or "ok\n")


@contextmanager
def running_server(
    answers: Callable[[Request], Response], address: str, port: int, clock: Clock | None = None
) -> Iterator[int]:
    """
    Serve a page while the block runs; gives the port.

    Raises:
        CannotStart: If the address cannot be listened on.
    """
    try:
        server = HttpServer(
            (address, port), answers, lambda: None, MAX_REQUESTS, clock or SystemClock()
        )
    except OSError as exc:
        raise CannotStart(
            f"metrics_port: {address}:{port} cannot be listened on: {exc.strerror}"
        ) from exc
    thread = threading.Thread(
        target=server.serve_forever, args=(TURN_S,), name="metrics", daemon=True
    )
    thread.start()
    log.info("metrics page ready", extra={"port": server.port})
    try:
        yield server.port
    finally:
        server.shutdown()
        server.server_close()
