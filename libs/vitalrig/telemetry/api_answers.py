"""What the event API answers: JSON as Python's own library writes it, and each error's status."""

import json
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vitalrig.telemetry.telemetry_errors import (
    TelemetryConflictError,
    TelemetryForbiddenError,
    TelemetryKeyError,
    TelemetryNotFoundError,
    TelemetryRequestError,
    TelemetryStorageError,
)

STATUSES: Mapping[type[Exception], int] = {
    TelemetryForbiddenError: 403,
    TelemetryNotFoundError: 404,
    TelemetryConflictError: 409,
    TelemetryKeyError: 422,
    TelemetryStorageError: 507,
}

REFUSALS: tuple[type[Exception], ...] = (*STATUSES, TelemetryRequestError)
"""Errors that have an answer."""

UNPROCESSABLE = 422

COME_BACK = {"Retry-After": "5"}

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def json_answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """
    Answer JSON data.
    """
    return Response(_encode(content).encode(), status, headers, "application/json")


class QuickAnswer:
    """
    JSON data as an ASGI application, for the routes that are asked most.

    Args:
        content: The data.
        key: The `Idempotency-Key` of the request, which tells clients that it is known here.
    """

    __slots__ = ("_body", "_headers")

    def __init__(self, content: object, key: str | None = None) -> None:
        self._body = _encode(content).encode()
        self._headers = [
            (b"content-length", b"%d" % len(self._body)),
            (b"content-type", b"application/json"),
        ]
        if key is not None:
            self._headers.append((b"idempotency-key", key.encode("latin-1")))

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """
        Send it.
        """
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def error_answer(error: Exception) -> Response:
    """
    Answer one of `REFUSALS`.
    """
    if isinstance(error, TelemetryRequestError):
        detail = error.detail
        if error.status == UNPROCESSABLE and isinstance(detail, str):
            detail = _listed("value_error", detail)
        return json_answer({"detail": detail}, error.status)
    status = next(code for kind, code in STATUSES.items() if isinstance(error, kind))
    if status == UNPROCESSABLE:
        return json_answer({"detail": _listed("key_reused", str(error))}, status)
    later = COME_BACK if isinstance(error, TelemetryStorageError) else None
    return json_answer({"detail": str(error)}, status, later)


def _listed(kind: str, message: str) -> list[dict[str, object]]:
    """Give an error of the whole body in pydantic's form, as every 422 has it."""
    return [{"type": kind, "loc": ["body"], "msg": message, "input": None}]
