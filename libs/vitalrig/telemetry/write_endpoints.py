"""
The routes that take events and runs, as plain ASGI: they are the hot ones.

FastAPI would double what an event costs. Their bodies are checked by `request_bodies`, and
`api_description` has their part of the OpenAPI document.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from vitalrig.telemetry.api_answers import REFUSALS, QuickAnswer, error_answer
from vitalrig.telemetry.event_models import MAX_KEY_LENGTH
from vitalrig.telemetry.request_bodies import (
    MAX_BODY_BYTES,
    read_batch,
    read_event,
    read_run,
)
from vitalrig.telemetry.telemetry_errors import TelemetryRequestError
from vitalrig.telemetry.telemetry_service import TelemetryService

Answer = Callable[[bytes, dict[bytes, bytes]], Awaitable[ASGIApp]]
"""Answers a body, with the headers by their small names."""


class WriteEndpoint:
    """
    A route that takes a body, as an ASGI application.

    Args:
        answer: What it does with the body.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Read the body, and answer it.
        """
        try:
            body = await _body(receive)
            reply: ASGIApp = await self._answer(body, dict(scope["headers"]))
        except ClientDisconnect:
            return
        except REFUSALS as exc:
            reply = error_answer(exc)
        await reply(scope, receive, send)


class WriteEndpoints:
    """
    What is done with bodies.

    Args:
        service: The log.
    """

    def __init__(self, service: TelemetryService) -> None:
        self._service = service

    async def post_event(self, body: bytes, headers: dict[bytes, bytes]) -> ASGIApp:
        """
        Keep one event.
        """
        request = read_event(body, _content_type(headers))
        key = _key(headers)
        if key is not None and request.key is None:
            request = request.model_copy(update={"key": key})
        return QuickAnswer(await self._service.append(request), key)

    async def post_events(self, body: bytes, headers: dict[bytes, bytes]) -> ASGIApp:
        """
        Keep all of a batch or none of it.
        """
        requests = read_batch(body, _content_type(headers))
        key = _key(headers)
        events = await self._service.append_batch(requests, key=key)
        return QuickAnswer({"seqs": [event["seq"] for event in events]}, key)

    async def start_run(self, body: bytes, headers: dict[bytes, bytes]) -> ASGIApp:
        """
        Begin a run.
        """
        asked = read_run(body, _content_type(headers))
        starting = self._service.submit_start_run(asked.run_dir, asked.meta, asked.run_id)
        run: dict[str, Any] = await asyncio.wrap_future(starting)
        return QuickAnswer(run)

    async def stop_run(self, _body: bytes, _headers: dict[bytes, bytes]) -> ASGIApp:
        """
        End a run.
        """
        run: dict[str, Any] = await asyncio.wrap_future(self._service.submit_stop_run())
        return QuickAnswer(run)


def _content_type(headers: dict[bytes, bytes]) -> str:
    return headers.get(b"content-type", b"").decode("latin-1")


def _key(headers: dict[bytes, bytes]) -> str | None:
    raw = headers.get(b"idempotency-key")
    if raw is None:
        return None
    if not 0 < len(raw) <= MAX_KEY_LENGTH:
        raise TelemetryRequestError(
            422,
            [
                {
                    "type": "string_too_long" if raw else "string_too_short",
                    "loc": ["header", "Idempotency-Key"],
                    "msg": f"A key should have 1 to {MAX_KEY_LENGTH} characters",
                    "input": raw.decode("latin-1"),
                }
            ],
        )
    return raw.decode("latin-1")


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        length += len(chunks[-1])
        if length > MAX_BODY_BYTES:
            raise TelemetryRequestError(413, f"The body has more than {MAX_BODY_BYTES} bytes")
        if not message.get("more_body", False):
            return b"".join(chunks)
