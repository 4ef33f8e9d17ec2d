"""The HTTP face: a landing page, the metrics, and health under the usual names."""

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import make_wsgi_app

from vitalrig.health import Health

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

LANDING = b"""<!doctype html><html lang="en"><title>vitalrig exporter</title>
<h1>vitalrig exporter</h1>
<p><a href="/metrics">Metrics</a> &middot; <a href="/-/healthy">Health</a></p>
<p>For research. No medical device; not for diagnosis, not for alarms.</p></html>
"""
ALIVE = ("/-/healthy", "/healthz", "/livez")
READY = ("/-/ready", "/readyz")


def make_app(registry: CollectorRegistry, health: Health) -> App:
    """
    Make the WSGI application.

    `/-/healthy` says that the process answers; `/-/ready` also wants every check to pass and
    names those that fail.
    """
    metrics: App = make_wsgi_app(registry, disable_compression=False)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _text(start_response, "405 Method Not Allowed", b"GET and HEAD only\n")
        if path == "/metrics":
            return metrics(environ, start_response)
        if path == "/":
            return _text(start_response, "200 OK", LANDING, "text/html; charset=utf-8")
        if path in ALIVE:
            return _text(start_response, "200 OK", b"ok\n")
        if path in READY:
            failing = "".join(f"{check}: {why}\n" for check, why in health.failing.items())
            status = "503 Service Unavailable" if failing else "200 OK"
            return _text(start_response, status, (failing or "ok\n").encode())
        return _text(start_response, "404 Not Found", b"try /metrics\n")

    return app


def _text(
    start_response: Callable[..., Any],
    status: str,
    body: bytes,
    content_type: str = "text/plain; charset=utf-8",
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
