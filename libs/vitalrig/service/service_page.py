"""A service's own page: its heartbeats and counters, and whether it is healthy, over HTTP."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import CannotStart
from vitalrig.metrics.exposition import chosen_format, render
from vitalrig.metrics.families import Families
from vitalrig.metrics.service_catalogue import SERVICES
from vitalrig.metrics.service_metrics import (
    add_build_info,
    add_envelopes_waiting,
    add_event_log,
    add_service_metrics,
    add_source_info,
    add_stream_metrics,
)
from vitalrig.metrics.service_report import ServiceReport
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.web.compression import compressed
from vitalrig.web.http_server import HttpServer
from vitalrig.web.messages import Request, Response, response

log = logging.getLogger(__name__)

ALIVE = ("/-/healthy", "/healthz", "/livez")
"""Says that the process answers."""

READY = ("/-/ready", "/readyz")
"""Says whether every check passes, and names those that fail."""

PATHS = ("/metrics", *ALIVE, *READY)

READING = ("GET", "HEAD")

STALE_AFTER_S = 10.0
"""A step that was silent for longer has no rate, unless that is usual for it."""

MAX_REQUESTS = 4
TURN_S = 0.25

_CATALOGUE = {metric.name: metric for metric in SERVICES}


class ServicePage:
    """
    Answers `PATHS`, to GET and HEAD.

    Args:
        families: Makes the page of metrics.
        health: What is failing.
    """

    def __init__(self, families: Callable[[], Families], health: Health) -> None:
        self._families = families
        self._health = health

    def answer(self, request: Request) -> Response:
        """
        Answer one request, whatever happens.
        """
        if request.method not in READING:
            return response(405, "GET and HEAD only\n", headers={"Allow": "GET, HEAD"})
        if request.path in ALIVE:
            return response(200, "ok\n")
        if request.path in READY:
            return readiness(self._health)
        if request.path != "/metrics":
            return response(404, "try /metrics\n")
        try:
            return metrics_response(self._families(), request)
        except Exception:
            log.exception("page could not be made")
            return response(500, "failed; the log says why\n")


def service_families(beats: ServiceHeartbeats) -> Families:
    """
    Give what the exporter shows of a service.

    It is made at once rather than from the last report in Redis, so that it is there without
    Redis and without the exporter.
    """
    families = Families(_CATALOGUE)
    report = ServiceReport.parse("", beats.report())
    add_service_metrics(families, report, age_s=0.0, stale_after_s=STALE_AFTER_S)
    add_build_info(families, report)
    add_source_info(families, report)
    add_envelopes_waiting(families, report)
    add_event_log(families, report)
    for camera, stream in report.streams.items():
        add_stream_metrics(families, camera, stream)
    return families


def metrics_response(families: Families, request: Request) -> Response:
    """
    Give a page of metrics as the caller wants it: the format, `name[]=`, gzip.
    """
    openmetrics, content_type = chosen_format(request.header("Accept"))
    names = request.fields().get("name[]", [])
    body = render(families, openmetrics=openmetrics, names=names)
    vary = {"Vary": "Accept, Accept-Encoding"}
    return compressed(response(200, body, content_type, vary), request)


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
