"""The routes that read events and runs back from the files, in constant memory."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Query
from pydantic import WithJsonSchema
from starlette.responses import Response, StreamingResponse

from vitalrig.telemetry.api_answers import json_answer
from vitalrig.telemetry.event_line import seq_of
from vitalrig.telemetry.event_query import EventQuery, parse_seq
from vitalrig.telemetry.rfc3339 import parse_rfc3339
from vitalrig.telemetry.telemetry_errors import TelemetryRequestError
from vitalrig.telemetry.telemetry_service import TelemetryService

NDJSON = "application/x-ndjson"
DEFAULT_LIMIT = 1_000
MOST_IN_JSON = 10_000
LINES_AT_A_TIME = 200
READING_THREADS = 8
"""So many requests read files at a time, so that a disk that hangs holds up no others."""

Bound = Annotated[
    str | None,
    Query(description="A sequence number, or an RFC 3339 time with a zone."),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^[0-9]{1,18}$"},
                {"type": "string", "format": "date-time"},
            ]
        }
    ),
]
Types = Annotated[
    list[str] | None,
    Query(alias="type", description="A type, in which * stands for any characters; repeatable."),
]
Limit = Annotated[
    int | None,
    Query(
        ge=1,
        description=f"At most so many; in JSON {DEFAULT_LIMIT} by default, {MOST_IN_JSON} at most.",
    ),
]


def read_router(service: TelemetryService) -> APIRouter:
    """
    Make the routes.
    """
    router = APIRouter()
    pages = _Pages(service)

    @router.get("/events")
    async def get_events(
        since: Bound = None,
        until: Bound = None,
        types: Types = None,
        run: str | None = None,
        camera: str | None = None,
        limit: Limit = None,
        backwards: bool = False,
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        """Stored events: after the number *since* to *until*, or from a time to before another."""
        query = _query(since, until, types, run, camera, limit, backwards=backwards)
        return await pages.answer(query, accept)

    @router.get("/runs")
    async def get_runs() -> Response:
        """All runs, oldest first."""
        return json_answer({"runs": await to_thread.run_sync(service.runs)})

    @router.get("/runs/{run_id:path}/events")
    async def get_run_events(
        run_id: str,
        since: Bound = None,
        until: Bound = None,
        types: Types = None,
        camera: str | None = None,
        limit: Limit = None,
        backwards: bool = False,
        accept: Annotated[str, Header()] = "",
    ) -> Response:
        """Stored events of the runs with this id."""
        query = _query(since, until, types, run_id, camera, limit, backwards=backwards)
        return await pages.answer(query, accept)

    return router


class _Pages:
    """Answers with lines of the log."""

    def __init__(self, service: TelemetryService) -> None:
        self._service = service
        self._threads: CapacityLimiter | None = None

    async def answer(self, query: EventQuery, accept: str) -> Response:
        as_lines = NDJSON in accept
        if not as_lines:
            query = replace(query, limit=min(query.limit or DEFAULT_LIMIT, MOST_IN_JSON))
        lines = self._service.read_lines(query)
        first = await self._next(lines)
        if as_lines:
            return StreamingResponse(self._lines(lines, first), media_type=NDJSON)
        return StreamingResponse(self._document(lines, first, query), media_type="application/json")

    async def _next(self, lines: Iterator[bytes]) -> list[bytes]:
        if self._threads is None:  # it belongs to the loop that is running now
            self._threads = CapacityLimiter(READING_THREADS)
        return await to_thread.run_sync(
            lambda: list(islice(lines, LINES_AT_A_TIME)), limiter=self._threads
        )

    async def _lines(self, lines: Iterator[bytes], chunk: list[bytes]) -> AsyncIterator[bytes]:
        try:
            while chunk:
                yield b"".join(chunk)
                chunk = await self._next(lines)
        finally:
            _close(lines)

    async def _document(
        self, lines: Iterator[bytes], chunk: list[bytes], query: EventQuery
    ) -> AsyncIterator[bytes]:
        count, last, comma = 0, b"", b""
        try:
            yield b'{"events":['
            while chunk:
                yield comma + b",".join(line.rstrip(b"\n") for line in chunk)
                count, last, comma = count + len(chunk), chunk[-1], b","
                chunk = await self._next(lines)
            yield b'],"next":%s}' % _next_bound(count, last, query)
        finally:
            _close(lines)


def _next_bound(count: int, last: bytes, query: EventQuery) -> bytes:
    """
    Tell what to ask for next: `since`, or backwards `until`; null when that was all.
    """
    if count != query.limit:
        return b"null"
    seq = seq_of(last) or 0
    return b"%d" % (seq - 1 if query.backwards else seq)


def _close(lines: Iterator[bytes]) -> None:
    with suppress(AttributeError, ValueError):  # no generator, or one that a thread is still in
        lines.close()  # type: ignore[attr-defined]


def _query(
    since: str | None,
    until: str | None,
    types: list[str] | None,
    run: str | None,
    camera: str | None,
    limit: int | None,
    *,
    backwards: bool,
) -> EventQuery:
    after_seq, since_time = _bound("since", since)
    until_seq, until_time = _bound("until", until)
    return EventQuery(
        after_seq=after_seq or 0,
        until_seq=until_seq,
        since=since_time,
        until=until_time,
        types=tuple(types or ()),
        run=run,
        camera=camera,
        limit=limit,
        backwards=backwards,
    )


def _bound(name: str, text: str | None) -> tuple[int | None, datetime | None]:
    if text is None:
        return None, None
    if (seq := parse_seq(text)) is not None:
        return seq, None
    try:
        # A + that was not quoted arrives as a space.
        return None, parse_rfc3339(text if text[-6:-5] != " " else f"{text[:-6]}+{text[-5:]}")
    except ValueError:
        error: dict[str, Any] = {
            "type": "bound",
            "loc": ["query", name],
            "msg": "Input should be a sequence number or an RFC 3339 time with a zone",
            "input": text,
        }
        raise TelemetryRequestError(422, [error]) from None
