"""What is at which path: a landing page, the metrics, other rigs, and health by its usual names."""

import html
import logging
from collections.abc import Callable, Mapping
from urllib.parse import quote

from services.exporter.request_counter import RequestCounter
from vitalrig.metrics.families import Families
from vitalrig.service import service_page
from vitalrig.service.service_page import READING, ServicePage, metrics_response
from vitalrig.web.basic_auth import Verdict
from vitalrig.web.messages import Request, Response, response
from vitalrig.web.security import refusal

log = logging.getLogger(__name__)

PATHS = ("/", "/probe", *service_page.PATHS)

_LANDING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>vitalrig exporter</title>
<h1>vitalrig exporter</h1>
<p><a href="/metrics">Metrics</a> &middot; <a href="/-/healthy">Health</a> &middot;
<a href="/-/ready">Readiness</a></p>{targets}
<p>For research. Not a medical device; not for diagnosis, not for alarms.</p></html>
"""


class Web:
    """
    Answers requests.

    `/probe?target=` knows only the targets of the settings: a caller
    chooses among them by name and never gives an address.

    Args:
        page: This rig's metrics, and the exporter's health.
        targets: The metrics of other rigs, by name.
        requests: Where requests are counted.
        verdict: Whether an `Authorization` header from an address is good enough.
    """

    def __init__(
        self,
        page: ServicePage,
        targets: Mapping[str, Callable[[], Families]],
        requests: RequestCounter,
        verdict: Callable[[str, str], Verdict],
    ) -> None:
        self._page = page
        self._targets = targets
        self._requests = requests
        self._verdict = verdict

    def answer(self, request: Request) -> Response:
        """
        Answer one request, whatever happens.
        """
        try:
            reply = self._answer(request)
        except Exception:
            log.exception("request failed", extra={"path": request.path[:64]})
            reply = response(500, "failed; the log says why\n")
        self._requests.count(request.path, reply.status)
        return reply

    def _answer(self, request: Request) -> Response:
        verdict = self._verdict(request.header("Authorization"), request.address)
        if refused := refusal(verdict):
            return refused
        own = {"/": self._landing, "/probe": self._probe} if request.method in READING else {}
        return own.get(request.path, self._page.answer)(request)

    def _probe(self, request: Request) -> Response:
        asked = request.fields().get("target", [])
        if len(asked) != 1 or asked[0] not in self._targets:
            return response(400, "give one target= by a name that the page at / lists\n")
        return metrics_response(self._targets[asked[0]](), request)

    def _landing(self, _request: Request) -> Response:
        links = "".join(
            f'\n<li><a href="/probe?target={quote(name)}">{html.escape(name)}</a></li>'
            for name in self._targets
        )
        targets = f"\n<p>Other rigs:</p><ul>{links}</ul>" if links else ""
        return response(200, _LANDING.format(targets=targets), "text/html; charset=utf-8")
