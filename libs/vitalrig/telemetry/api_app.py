"""The application that serves an event log."""

from collections import Counter
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from vitalrig.telemetry.api_answers import REFUSALS, error_answer
from vitalrig.telemetry.api_description import describe
from vitalrig.telemetry.api_page import api_page
from vitalrig.telemetry.event_feed import EventFeed
from vitalrig.telemetry.event_stream import EventStreams
from vitalrig.telemetry.read_endpoints import read_router
from vitalrig.telemetry.state_endpoints import shutdown, state_router
from vitalrig.telemetry.telemetry_service import TelemetryService
from vitalrig.telemetry.write_endpoints import WriteEndpoint, WriteEndpoints
from vitalrig.web import login
from vitalrig.web.access import Access
from vitalrig.web.plain_page import plain_css_route
from vitalrig.web.request_guard import GuardRules, RequestGuard

PUBLIC = ("/health", "/favicon.ico", *login.PUBLIC)
ADMIN = ("/shutdown",)

SHARED_PATHS = {"/events": "GET, POST"}
"""Paths that have a plain route beside one of FastAPI's, and their methods."""


def create_app(
    service: TelemetryService,
    *,
    rules: GuardRules | None = None,
    access: Access | None = None,
) -> FastAPI:
    """
    Make the application that serves a log.

    Its `state` has `telemetry_service`; `event_feed`, which is to be closed when the server begins
    to stop, since streams end with it; `event_streams`, whose `count` tells how many are open;
    `answers`, which counts answers by method and status; and, if whoever serves it puts it there,
    `uvicorn_server`, whose `should_exit` is what `/shutdown` sets.

    Args:
        service: The log.
        rules: What is let through; by default names of this machine, and `ADMIN` for admins.
        access: Who may; by default everybody.
    """
    access = access or Access(None)
    # What FastAPI tells OpenTelemetry is asked for with every request, and nobody here asks.
    untold: Any = {"tracing": False, "metrics": False, "logs": False}
    app = FastAPI(docs_url=None, redoc_url=None, telemetry=untold)
    state = app.state
    state.telemetry_service = service
    state.event_feed = EventFeed(service)
    state.event_streams = EventStreams(service, state.event_feed)
    state.answers = Counter()
    app.add_middleware(
        RequestGuard,
        rules=rules or GuardRules(public=PUBLIC, admin=ADMIN),
        access=access,
        counts=state.answers,
    )
    _add_plain_routes(app, service)
    app.include_router(state_router(service))
    app.include_router(read_router(service))
    app.router.routes.append(Route("/docs", docs))
    app.router.routes += [plain_css_route(), *login.login_routes(access)]
    app.add_api_route("/shutdown", shutdown, methods=["POST"])
    for error in REFUSALS:
        app.add_exception_handler(error, _refuse)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


async def docs(request: Request) -> Response:
    """
    Show this interface to people.
    """
    return api_page(describe(request.app))


async def _refuse(_request: Request, error: Exception) -> Response:
    return error_answer(error)


def _add_plain_routes(app: FastAPI, service: TelemetryService) -> None:
    """
    Add what `api_description` describes.
    """
    writes = WriteEndpoints(service)
    plain: list[tuple[str, str, ASGIApp]] = [
        ("POST", "/event", WriteEndpoint(writes.post_event)),
        ("POST", "/events", WriteEndpoint(writes.post_events)),
        ("POST", "/run/start", WriteEndpoint(writes.start_run)),
        ("POST", "/run/stop", WriteEndpoint(writes.stop_run)),
        ("GET", "/events/stream", app.state.event_streams),
    ]
    app.router.routes += [
        _PlainRoute(path, endpoint, methods=[method]) for method, path, endpoint in plain
    ]


class _PlainRoute(Route):
    """A route that tells a caller of the wrong method of all that its path takes."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.methods and scope["method"] not in self.methods and self.path in SHARED_PATHS:
            raise HTTPException(405, headers={"Allow": SHARED_PATHS[self.path]})
        await super().handle(scope, receive, send)
