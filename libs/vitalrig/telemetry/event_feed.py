"""The newest events in memory, encoded once for all who follow them."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vitalrig.telemetry.kept_event import KeptEvent
from vitalrig.telemetry.telemetry_service import TelemetryService

MOST_EVENTS = 2_000
MOST_BYTES = 4 << 20


class FedEvent(NamedTuple):
    """
    An event as it is sent to who follows.

    Attributes:
        seq: Its number.
        about: What it is, for who wants some only.
        message: It, as Server-Sent Events have it.
    """

    seq: int
    about: Mapping[str, Any]
    message: bytes


def as_message(seq: int, line: bytes) -> bytes:
    """
    Give a line of the log as a Server-Sent Event whose id is the sequence number.
    """
    return b"id: %d\ndata: %s\n\n" % (seq, line.rstrip())


class EventFeed:
    """
    The newest events, up to so many, and word when there are more.

    Who follows keeps a place (a sequence number) and takes what comes after it; who is too slow
    finds the oldest gone and goes on from the files. So the number of followers costs no memory.

    Args:
        service: The log.
    """

    def __init__(self, service: TelemetryService) -> None:
        self._service = service
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fed: deque[FedEvent] = deque()
        self._bytes = 0
        self._is_woken = False
        self._told: deque[KeptEvent] = deque()
        self._more: asyncio.Future[None] | None = None
        self._gone_seq = 0
        self.newest_seq = 0
        self.closing = asyncio.Event()

    @property
    def closed(self) -> bool:
        """
        Whether it was closed.
        """
        return self.closing.is_set()

    def open(self) -> None:
        """
        Begin, in the event loop of those who follow; a second time there it does nothing.
        """
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self.close()
        self.closing = asyncio.Event()
        self._fed.clear()
        self._told.clear()
        self._bytes = 0
        self._is_woken = False
        self._loop = loop
        # From here on each event is told; what was before is in the files.
        self._service.add_listener(self._tell)
        self._gone_seq = self.newest_seq = self._service.last_seq

    def close(self) -> None:
        """
        End all who follow; in this loop there will be no others.
        """
        self.closing.set()
        self._service.remove_listener(self._tell)
        self._wake()

    def holds(self, seq: int) -> bool:
        """
        Say whether all that comes after a number is in memory.
        """
        return seq >= self._gone_seq

    def after(self, seq: int) -> list[FedEvent]:
        """
        Give what comes after a number; look first whether the feed `holds` that.
        """
        found: list[FedEvent] = []
        for fed in reversed(self._fed):
            if fed.seq <= seq:
                break
            found.append(fed)
        found.reverse()
        return found

    async def more(self) -> None:
        """
        Wait until there is more, or the feed is closed.
        """
        if self._more is None:
            self._more = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._more)

    def _tell(self, events: Sequence[KeptEvent]) -> None:
        """
        Take events in the log's thread; the loop is woken once for all that wait there.
        """
        self._told.extend(events)
        loop = self._loop
        if not self._is_woken and loop is not None and not loop.is_closed():
            self._is_woken = True
            loop.call_soon_threadsafe(self._take)

    def _take(self) -> None:
        self._is_woken = False  # before looking, so that what comes now wakes again
        while self._told:
            event = self._told.popleft()
            if event.seq > self.newest_seq:
                fed = FedEvent(event.seq, _about(event), as_message(event.seq, event.line))
                self._fed.append(fed)
                self._bytes += len(fed.message)
                self.newest_seq = event.seq
        while len(self._fed) > MOST_EVENTS or self._bytes > MOST_BYTES:
            gone = self._fed.popleft()
            self._bytes -= len(gone.message)
            self._gone_seq = gone.seq
        self._wake()

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)
        self._more = None


def _about(event: KeptEvent) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "stream": "site" if event.run is None else "run",
        "type": event.prepared.request.type,
        "meta": event.meta,
    }
