"""The OpenAPI document: what FastAPI knows, and the plain routes beside it."""

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, Response
from fastapi.openapi.utils import get_openapi

from vitalrig.telemetry.described_errors import Responses, error_response
from vitalrig.telemetry.event_models import (
    MAX_KEY_LENGTH,
    EventRequest,
    RunStartRequest,
    TelemetryEvent,
)
from vitalrig.version import VERSION

TITLE = "vitalrig telemetry"

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=MAX_KEY_LENGTH,
        description="Sent again with the same key, it is kept once.",
    ),
]

_plain = APIRouter()


_BODY: Responses = {
    400: error_response("The body is no text"),
    413: error_response("The body is too large"),
    507: error_response("The disk takes nothing now"),
}
_EVENT_BODY: Responses = {**_BODY, 409: error_response("Conflict")}


@_plain.post("/event", responses={**_EVENT_BODY, 200: {"model": TelemetryEvent}})
async def post_event(_body: EventRequest, idempotency_key: IdempotencyKey = None) -> None:
    """Keep an event."""


@_plain.post("/events", responses=_BODY)
async def post_events(
    _body: list[EventRequest], idempotency_key: IdempotencyKey = None
) -> dict[str, list[int]]:
    """Keep all of these events or none; gives their sequence numbers."""
    raise NotImplementedError


@_plain.post(
    "/run/start",
    responses={
        **_BODY,
        403: error_response("The folder is outside the site folder and all run roots"),
        409: error_response("A run is already active"),
    },
)
async def start_run(_body: RunStartRequest | None = None) -> dict[str, Any]:
    """Begin a run."""
    raise NotImplementedError


@_plain.post(
    "/run/stop",
    responses={404: error_response("No run is active"), 409: error_response("A recording")},
)
async def stop_run() -> dict[str, Any]:
    """End the run."""
    raise NotImplementedError


@_plain.get(
    "/events/stream",
    response_class=Response,
    responses={
        200: {
            "description": "Server-Sent Events whose id is the sequence number",
            "content": {"text/event-stream": {}},
        },
        503: error_response("Too many streams are open"),
    },
)
async def stream_events(
    type: str | None = None,  # noqa: A002  what the parameter is called
    run: str | None = None,
    camera: str | None = None,
    since: int | None = None,
    last_event_id: Annotated[int | None, Header()] = None,
) -> None:
    """Follow events from the one after *since* or `Last-Event-ID`, else from now on."""


def describe(app: FastAPI) -> dict[str, Any]:
    """
    Give the OpenAPI document of an application of ours.
    """
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=TITLE, version=VERSION, routes=[*_plain.routes, *app.routes]
        )
    return app.openapi_schema
