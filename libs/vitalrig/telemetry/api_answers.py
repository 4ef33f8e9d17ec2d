"""What the event API answers: JSON as Python's own library writes it, and each error's status."""

import json
from collections.abc import Mapping

from starlette.responses import Response

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

COME_BACK = {"Retry-After": "5"}

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def json_answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """
    Answer JSON data.
    """
    return Response(_encode(content).encode(), status, headers, "application/json")


def error_answer(error: Exception) -> Response:
    """
    Answer one of `REFUSALS`.
    """
    if isinstance(error, TelemetryRequestError):
        return json_answer({"detail": error.detail}, error.status)
    status = next(code for kind, code in STATUSES.items() if isinstance(error, kind))
    later = COME_BACK if isinstance(error, TelemetryStorageError) else None
    return json_answer({"detail": str(error)}, status, later)
