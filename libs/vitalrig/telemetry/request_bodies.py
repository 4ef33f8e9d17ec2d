"""
From a body's bytes to a model, whole or not at all.

A body is read by pydantic's own reader, which is quick and keeps long integers. Only what that
refuses is read again as FastAPI would, for the list of errors that its callers know.
"""

import json
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import TypeAdapter, ValidationError

from vitalrig.telemetry.event_models import EventRequest, RunStartRequest
from vitalrig.telemetry.json_limits import MAX_DEPTH, harmless_input
from vitalrig.telemetry.telemetry_errors import TelemetryRequestError

T = TypeVar("T")

MAX_BODY_BYTES = 1 << 20

UNREADABLE = "There was an error parsing the body"

_EVENT = TypeAdapter(EventRequest)
_BATCH = TypeAdapter(list[EventRequest])
_RUN = TypeAdapter(RunStartRequest)


def read_event(body: bytes, content_type: str) -> EventRequest:
    """
    Read the body of `POST /event`.

    Raises:
        TelemetryRequestError: If it is no event; 400, 413 or 422.
    """
    return _read(_EVENT, body, content_type)


def read_batch(body: bytes, content_type: str) -> list[EventRequest]:
    """
    Read the body of `POST /events`: a list of events. Errors say the index of each bad one.

    Raises:
        TelemetryRequestError: If one of them is no event; 400, 413 or 422.
    """
    return _read(_BATCH, body, content_type)


def read_run(body: bytes, content_type: str) -> RunStartRequest:
    """
    Read the body of `POST /run/start`, which may be empty.

    Raises:
        TelemetryRequestError: If it is no run; 400, 413 or 422.
    """
    if not body or (is_json(content_type) and body.strip() == b"null"):
        return RunStartRequest()
    return _read(_RUN, body, content_type)


def is_json(content_type: str) -> bool:
    """
    Say whether a content type is JSON, as FastAPI sees it.
    """
    kind, _, name = content_type.partition(";")[0].strip().lower().partition("/")
    return kind == "application" and (name == "json" or name.endswith("+json"))


def _read(adapter: TypeAdapter[T], body: bytes, content_type: str) -> T:
    if len(body) > MAX_BODY_BYTES:
        raise TelemetryRequestError(413, f"The body has more than {MAX_BODY_BYTES} bytes")
    if not body:
        _refuse("missing", "Field required", None)
    if not is_json(content_type):
        return _validate(adapter, _text(body, "utf-8"))
    try:
        return adapter.validate_json(body)
    except ValidationError:
        return _validate(adapter, _loaded(body))


def _text(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as exc:
        raise TelemetryRequestError(400, UNREADABLE) from exc


def _loaded(body: bytes) -> Any:  # noqa: ANN401  any JSON
    text = _text(body, json.detect_encoding(body))
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        _refuse("json_invalid", "JSON decode error", {}, exc.pos, error=exc.msg)
    except RecursionError:
        _refuse("json_invalid", "JSON decode error", {}, error=f"Deeper than {MAX_DEPTH} levels")
    except ValueError as exc:  # an integer that Python does not read
        _refuse("json_invalid", "JSON decode error", {}, error=str(exc))


def _validate(adapter: TypeAdapter[T], value: object) -> T:
    try:
        return adapter.validate_python(value, from_attributes=True)
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
        raise TelemetryRequestError(
            422,
            [
                {
                    **error,
                    "loc": ["body", *error["loc"]],
                    "input": harmless_input(error["input"]),
                }
                for error in errors
            ],
        ) from exc


def _refuse(kind: str, message: str, value: object, *place: int, **context: object) -> NoReturn:
    loc: Sequence[object] = ["body", *place]
    error: dict[str, object] = {"type": kind, "loc": loc, "msg": message, "input": value}
    if context:
        error["ctx"] = context
    raise TelemetryRequestError(422, [error])
