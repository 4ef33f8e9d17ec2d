"""A service's own page: its heartbeats and counters, and whether it is healthy, over HTTP."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vitalrig.beats import Beats
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import CannotStart
from vitalrig.health import Health
from vitalrig.metrics.families import Families
from vitalrig.metrics.http import Answer, Request, answer
from vitalrig.metrics.reports import ServiceReport
from vitalrig.metrics.server import Server
from vitalrig.metrics.services import SERVICES
from vitalrig.metrics.showing import (
    show_build,
    show_service,
    show_source,
    show_stream,
    show_waiting,
)
from vitalrig.metrics.text import CONTENT_TYPE, write

log = logging.getLogger(__name__)

ALIVE = ("/-/healthy", "/healthz", "/livez")
READY = ("/-/ready", "/readyz")

STALE_AFTER_S = 10.0
"""A step that was silent for longer has no rate, unless that is usual for it."""

MAX_REQUESTS = 4
TURN_S = 0.25

_CATALOGUE = {metric.name: metric for metric in SERVICES}


class OwnPage:
    """
    Answers `/metrics`, `/-/healthy` and `/-/ready`, to GET and HEAD.

    The page is what the exporter shows of this service, made at once rather than from the last
    report in Redis, so that it is there without Redis and without the exporter.

    Args:
        beats: The service's heartbeats.
        health: What is failing.
    """

    def __init__(self, beats: Beats, health: Health) -> None:
        self._beats = beats
        self._health = health

    def families(self) -> Families:
        """
        Tell how the service is now.
        """
        families = Families(_CATALOGUE)
        report = ServiceReport.parse("", self._beats.report())
        show_service(families, report, age_s=0.0, stale_after_s=STALE_AFTER_S)
        show_build(families, report)
        show_source(families, report)
        show_waiting(families, report)
        for camera, stream in report.streams.items():
            show_stream(families, camera, stream)
        return families

    def answer(self, request: Request) -> Answer:
        """
        Answer one request, whatever happens.
        """
        if request.method not in ("GET", "HEAD"):
            return answer(405, "GET and HEAD only\n", headers={"Allow": "GET, HEAD"})
        if request.path in ALIVE:
            return answer(200, "ok\n")
        if request.path in READY:
            return readiness(self._health)
        if request.path != "/metrics":
            return answer(404, "try /metrics\n")
        try:
            return answer(200, write(self.families(), openmetrics=False), CONTENT_TYPE)
        except Exception:
            log.exception("page could not be made")
            return answer(500, "failed; the log says why\n")


def readiness(health: Health) -> Answer:
    """
    Say whether every check passes, and name those that fail.
    """
    failing = "".join(f"{check}: {why}\n" for check, why in health.failing.items())
    return answer(503 if failing else 200, failing or "ok\n")


@contextmanager
def served(
    answers: Callable[[Request], Answer], address: str, port: int, clock: Clock | None = None
) -> Iterator[int]:
    """
    Serve a page while the block runs; gives the port.

    Raises:
        CannotStart: If the address cannot be listened on.
    """
    try:
        server = Server(
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
