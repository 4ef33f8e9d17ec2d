"""What is at which path: a landing page, the metrics, other rigs, and health by its usual names."""

import gzip
import html
import logging
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qs, quote

from services.exporter.exposition import choose
from services.exporter.request_counter import RequestCounter
from vitalrig.metrics.exposition import render
from vitalrig.metrics.families import Families
from vitalrig.service.health import Health
from vitalrig.service.service_page import ALIVE, READY, readiness
from vitalrig.web.basic_auth import Verdict
from vitalrig.web.messages import Request, Response, response

log = logging.getLogger(__name__)

PATHS = ("/", "/metrics", "/probe", *ALIVE, *READY)
SMALLEST_TO_COMPRESS_BYTES = 1_024
COMPRESSION = 1
"""The fastest level: such text shrinks to a twentieth even so."""

MAX_FIELDS = 100
_NEVER = ("q=0", "q=0.0", "q=0.00", "q=0.000")

_LANDING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>vitalrig exporter</title>
<h1>vitalrig exporter</h1>
<p><a href="/metrics">Metrics</a> &middot; <a href="/-/healthy">Health</a> &middot;
<a href="/-/ready">Readiness</a></p>{targets}
<p>For research. Not a medical device; not for diagnosis, not for alarms.</p></html>
"""


class PageSource(Protocol):
    """Gives what is on a page."""

    def families(self) -> Families:
        """
        Ask all sources anew.
        """
        ...


class Web:
    """
    Answers requests.

    `/-/healthy` says that the process answers; `/-/ready` also wants every check to pass and
    names those that fail. `/probe?target=` knows only the targets that it was told of: a caller
    chooses among them by name and never gives an address.

    Args:
        page: This rig's page.
        targets: The pages of other rigs, by name.
        health: What is failing.
        requests: Where requests are counted.
        verdict: Whether an `Authorization` header from an address is good enough.
    """

    def __init__(
        self,
        page: PageSource,
        targets: Mapping[str, PageSource],
        health: Health,
        requests: RequestCounter,
        verdict: Callable[[str, str], Verdict],
    ) -> None:
        self._page = page
        self._targets = targets
        self._health = health
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
        if verdict == "later":
            return response(429, "too many guesses\n", headers={"Retry-After": "5"})
        if verdict == "no":
            challenge = {"WWW-Authenticate": 'Basic realm="vitalrig", charset="UTF-8"'}
            return response(401, "a user and a password, please\n", headers=challenge)
        if request.method not in ("GET", "HEAD"):
            return response(405, "GET and HEAD only\n", headers={"Allow": "GET, HEAD"})
        routes: dict[str, Callable[[Request], Response]] = {
            "/": self._landing,
            "/metrics": self._own,
            "/probe": self._probe,
            **dict.fromkeys(ALIVE, self._alive),
            **dict.fromkeys(READY, self._ready),
        }
        return routes.get(request.path, self._nothing)(request)

    def _own(self, request: Request) -> Response:
        return self._metrics(self._page, request)

    def _nothing(self, _request: Request) -> Response:
        return response(404, "try /metrics\n")

    def _alive(self, _request: Request) -> Response:
        return response(200, "ok\n")

    def _ready(self, _request: Request) -> Response:
        return readiness(self._health)

    def _probe(self, request: Request) -> Response:
        asked = _fields(request).get("target", [])
        if len(asked) != 1 or asked[0] not in self._targets:
            return response(400, "give one target= by a name that the page at / lists\n")
        return self._metrics(self._targets[asked[0]], request)

    def _metrics(self, page: PageSource, request: Request) -> Response:
        openmetrics, content_type = choose(request.header("Accept"))
        names = _fields(request).get("name[]", [])
        body = render(page.families(), openmetrics=openmetrics, names=names)
        headers = {"Vary": "Accept, Accept-Encoding"}
        wants_gzip = accepts_gzip(request.header("Accept-Encoding"))
        if wants_gzip and len(body) >= SMALLEST_TO_COMPRESS_BYTES:
            body = gzip.compress(body, COMPRESSION, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return response(200, body, content_type, headers)

    def _landing(self, _request: Request) -> Response:
        links = "".join(
            f'\n<li><a href="/probe?target={quote(name)}">{html.escape(name)}</a></li>'
            for name in self._targets
        )
        targets = f"\n<p>Other rigs:</p><ul>{links}</ul>" if links else ""
        return response(200, _LANDING.format(targets=targets), "text/html; charset=utf-8")


def accepts_gzip(accept_encoding: str) -> bool:
    """
    Say whether an `Accept-Encoding` header wants gzip.
    """
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        if coding == "gzip":
            return not any(each.replace(" ", "") in _NEVER for each in parameters)
    return False


def _fields(request: Request) -> dict[str, list[str]]:
    try:
        return parse_qs(request.query, max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
