"""The routes that answer from memory, so that no disk can hold them up."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from vitalrig.telemetry.api_answers import json_answer
from vitalrig.telemetry.described_errors import error_response
from vitalrig.telemetry.telemetry_service import TelemetryService

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def state_router(service: TelemetryService) -> APIRouter:
    """
    Make the routes.
    """
    router = APIRouter()

    @router.get("/health")
    async def health() -> Response:
        """Say that the server answers."""
        return json_answer({"ok": True})

    @router.get("/ready")
    async def ready() -> Response:
        """Say what the log does."""
        return json_answer(service.ready() | {"last_seq": service.last_seq})

    @router.get("/run", responses={404: error_response("No run is active")})
    async def get_run() -> Response:
        """The run that goes on."""
        return json_answer(service.get_run())

    @router.get("/current")
    async def current() -> Response:
        """The newest event of each type."""
        return json_answer(service.current_snapshot())

    @router.get(
        "/current/{event_type:path}", responses={404: error_response("There is no such event")}
    )
    async def current_event(event_type: str) -> Response:
        """The newest event of one type."""
        if not event_type:
            return RedirectResponse("/current", 307)
        return json_answer(service.current_event(event_type))

    return router


async def shutdown(request: Request) -> Response:
    """Ask the server to stop."""
    if request.client is None or request.client.host not in LOOPBACK:
        return json_answer({"detail": "Server shutdown is restricted to loopback clients"}, 403)
    server = getattr(request.app.state, "uvicorn_server", None)
    if server is None:
        return json_answer({"detail": "Server shutdown not available"}, 409)
    server.should_exit = True
    return json_answer({"shutting_down": True})
