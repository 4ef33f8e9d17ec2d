"""
Events as they happen: Server-Sent Events, as an ASGI application of our own.

A stream begins at the number in `Last-Event-ID` (or `since`), else with what comes next. What is
not in memory any more is read from the files, so that each stored event comes exactly once however
slow its reader is. It ends when we stop: uvicorn does not tell a stream that it does.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from starlette.types import Receive, Scope, Send

from vitalrig.telemetry.api_answers import COME_BACK, json_answer
from vitalrig.telemetry.event_feed import EventFeed, as_message
from vitalrig.telemetry.event_line import seq_of
from vitalrig.telemetry.event_query import EventQuery, parse_seq
from vitalrig.telemetry.packed_file import SeqSpan
from vitalrig.telemetry.telemetry_service import TelemetryService

T = TypeVar("T")

MOST_STREAMS = 64
HEARTBEAT_S = 15.0

LONGEST_SEND_S = 60.0
"""A reader that takes nothing for longer is given up; it may come back to where it was."""

LAST_WORDS_S = 1.0
"""So long a stream has to end when we stop."""

STILL_ALLOWED_S = 1.0
"""How often it is looked whether a reader's token is still there."""

LINES_AT_A_TIME = 500
READING_THREADS = 4

BEGINNING = b"retry: 2000\nid: %d\n\n"
HEARTBEAT = b":\n\n"
MISSED = b'event: missed\nid: %d\ndata: {"from":%d,"to":%d}\n\n'

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events until there are many
]


class EventStreams:
    """
    All streams of one log.

    Args:
        service: The log.
        feed: Its newest events.
        most: How many streams there may be.
        heartbeat_s: A stream on which nothing happens says so this often.
    """

    def __init__(
        self,
        service: TelemetryService,
        feed: EventFeed,
        most: int = MOST_STREAMS,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self.service = service
        self.feed = feed
        self.heartbeat_s = heartbeat_s
        self._most = most
        self._threads: CapacityLimiter | None = None
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Serve one stream, if there is room.
        """
        self.feed.open()
        if self.feed.closed or self.count >= self._most:
            why = {"detail": f"No more than {self._most} streams may be open"}
            await json_answer(why, 503, COME_BACK)(scope, receive, send)
            return
        self.count += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self.count -= 1

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.ensure_future(_Stream(scope, send, self).write())
        gone = asyncio.ensure_future(_until_gone(receive))
        ending = asyncio.ensure_future(self.feed.closing.wait())
        tasks = (writing, gone, ending)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                await asyncio.wait((writing,), timeout=LAST_WORDS_S)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not writing.cancelled() and (error := writing.exception()) is not None:
            raise error

    async def in_thread(self, work: Callable[[], T]) -> T:
        """
        Do what reads files.
        """
        if self._threads is None:  # it belongs to the loop that is running now
            self._threads = CapacityLimiter(READING_THREADS)
        return await to_thread.run_sync(work, limiter=self._threads)


class _Stream:
    """One reader's."""

    def __init__(self, scope: Scope, send: Send, streams: EventStreams) -> None:
        self._send = send
        self._streams = streams
        self._feed = streams.feed
        self._still_allowed = scope.get("vitalrig.still_allowed")
        fields = parse_qs(scope["query_string"].decode("latin-1"))
        self._wanted = EventQuery(
            types=tuple(fields.get("type", ())),
            run=fields.get("run", [None])[0],
            camera=fields.get("camera", [None])[0],
        )
        given = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1")
        self._place = parse_seq(given or fields.get("since", [""])[0])
        self._sent_s = 0.0
        self._told_to = 0

    async def write(self) -> None:
        """
        Send events until we stop, or the reader may not read any more.
        """
        await self._send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        newest = self._feed.newest_seq
        place = newest if self._place is None else min(self._place, newest)
        # Who loses the line before the first event comes back to here.
        await self._say(BEGINNING % place)
        while not self._feed.closed and self._is_still_allowed():
            if self._feed.holds(place):
                messages = [
                    fed.message
                    for fed in self._feed.after(place)
                    if self._wanted.matches(fed.about)
                ]
                place = self._feed.newest_seq
                if messages:
                    await self._say(b"".join(messages))
                await self._wait(place)
            else:
                place = await self._catch_up(place)
        await self._send({"type": "http.response.body", "body": b""})

    async def _catch_up(self, place: int) -> int:
        """
        Send some of what is in the files, and what is not there any more; gives the new place.
        """
        newest = self._feed.newest_seq
        service = self._streams.service
        query = replace(self._wanted, after_seq=place, until_seq=newest, limit=LINES_AT_A_TIME)
        lines, removed = await self._streams.in_thread(
            lambda: (list(service.read_lines(query)), service.removed_after(place))
        )
        is_all = len(lines) < LINES_AT_A_TIME
        seqs = [seq_of(line) or 0 for line in lines]
        end = newest if is_all else seqs[-1]
        messages: list[bytes] = []
        gaps = deque(self._untold(removed, end))
        for seq, line in zip(seqs, lines, strict=True):
            while gaps and gaps[0].first <= seq:
                messages.append(_missed(gaps.popleft(), seq - 1))
            messages.append(as_message(seq, line))
        messages += [_missed(span, end) for span in gaps]
        if messages:
            await self._say(b"".join(messages))
        return end

    def _untold(self, removed: list[SeqSpan], end: int) -> Iterator[SeqSpan]:
        """What the reader was not told yet: a span may hold events that are still there."""
        for span in removed:
            first = max(span.first, self._told_to + 1)
            if first <= min(span.last, end):
                self._told_to = span.last
                yield SeqSpan(first, span.last)

    async def _wait(self, place: int) -> None:
        """
        Wait for more than a place, for a while, and say that nothing happens if that is so.
        """
        if self._feed.newest_seq == place:
            patience_s = STILL_ALLOWED_S if self._still_allowed else self._streams.heartbeat_s
            with suppress(TimeoutError):
                async with asyncio.timeout(min(patience_s, self._streams.heartbeat_s)):
                    await self._feed.more()
        if asyncio.get_running_loop().time() - self._sent_s >= self._streams.heartbeat_s:
            await self._say(HEARTBEAT)

    async def _say(self, words: bytes) -> None:
        async with asyncio.timeout(LONGEST_SEND_S):
            await self._send({"type": "http.response.body", "body": words, "more_body": True})
        self._sent_s = asyncio.get_running_loop().time()

    def _is_still_allowed(self) -> bool:
        return self._still_allowed is None or self._still_allowed()


def _missed(span: SeqSpan, place: int) -> bytes:
    """Tell of a span; who comes back after that goes on behind *place*, or behind the span."""
    return MISSED % (max(span.first - 1, min(span.last, place)), span.first, span.last)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
