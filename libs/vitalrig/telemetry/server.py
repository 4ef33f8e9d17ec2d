"""The documented module of the server: the application, and all that goes with it."""

from collections import Counter

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from vitalrig.telemetry.api_answers import REFUSALS, error_answer, json_answer
from vitalrig.telemetry.api_description import describe
from vitalrig.telemetry.api_page import api_page
from vitalrig.telemetry.event_feed import EventFeed
from vitalrig.telemetry.event_models import ActiveRun, EventRequest, RunStartRequest
from vitalrig.telemetry.event_stream import EventStreams
from vitalrig.telemetry.event_times import get_site_day_key, utc_iso_z
from vitalrig.telemetry.read_endpoints import read_router
from vitalrig.telemetry.telemetry_errors import TelemetryConflictError, TelemetryNotFoundError
from vitalrig.telemetry.telemetry_service import TelemetryService
from vitalrig.telemetry.write_endpoints import WriteEndpoint, WriteEndpoints
from vitalrig.web import login
from vitalrig.web.access import Access
from vitalrig.web.plain_page import plain_css_route
from vitalrig.web.request_guard import GuardRules, RequestGuard

__all__ = [
    "ActiveRun",
    "EventRequest",
    "RunStartRequest",
    "TelemetryConflictError",
    "TelemetryNotFoundError",
    "TelemetryService",
    "create_app",
    "get_site_day_key",
    "utc_iso_z",
]

LOOPBACK = {"127.0.0.1", "::1", "localhost"}

PUBLIC = ("/health", "/favicon.ico", *login.PUBLIC)
ADMIN = ("/shutdown",)


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
    app = FastAPI(docs_url=None, redoc_url=None)
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
    _add_write_routes(app, service)
    _add_state_routes(app, service)
    app.include_router(read_router(service))
    app.router.routes += [plain_css_route(), *login.login_routes(access)]
    for error in REFUSALS:
        app.add_exception_handler(error, _refuse)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


async def _refuse(_request: Request, error: Exception) -> Response:
    return error_answer(error)


def _add_write_routes(app: FastAPI, service: TelemetryService) -> None:
    """
    Add the plain routes; `api_description` describes them.
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
        Route(path, endpoint, methods=[method]) for method, path, endpoint in plain
    ]


def _add_state_routes(app: FastAPI, service: TelemetryService) -> None:
    """
    Add what is answered from memory.
    """

    @app.get("/health")
    async def health() -> Response:
        """Say that the server answers."""
        return json_answer({"ok": True})

    @app.get("/ready")
    async def ready() -> Response:
        """Say what the log does."""
        return json_answer(service.ready())

    @app.get("/run")
    async def get_run() -> Response:
        """The run that goes on."""
        return json_answer(service.get_run())

    @app.get("/current")
    async def current() -> Response:
        """The newest event of each type."""
        return json_answer(service.current_snapshot())

    @app.get("/current/{event_type:path}")
    async def current_event(event_type: str) -> Response:
        """The newest event of one type."""
        if not event_type:
            return RedirectResponse("/current", 307)
        return json_answer(service.current_event(event_type))

    @app.post("/shutdown")
    async def shutdown(request: Request) -> Response:
        """Ask the server to stop."""
        if request.client is None or request.client.host not in LOOPBACK:
            return json_answer({"detail": "Server shutdown is restricted to loopback clients"}, 403)
        server = getattr(app.state, "uvicorn_server", None)
        if server is None:
            return json_answer({"detail": "Server shutdown not available"}, 409)
        server.should_exit = True
        return json_answer({"shutting_down": True})

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        """This interface, for people."""
        return api_page(describe(app))
