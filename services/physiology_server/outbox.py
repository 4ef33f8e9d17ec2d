"""What waits to be sent. While the backend is away it fills; when full, the oldest is lost."""

import asyncio
from collections import deque
from dataclasses import dataclass

from services.physiology_server.envelopes import Outgoing


@dataclass(frozen=True, slots=True)
class Numbered:
    """An envelope with its number in this run, from 1 without a hole."""

    seq: int
    outgoing: Outgoing


class Outbox:
    """
    A bounded queue between the frame loop and the backend.

    The frame loop never waits for the backend. What the queue cannot hold is counted as lost,
    and since numbers are given on the way in, its readers can prove the hole too.

    Args:
        max_envelopes: How many wait at most.
    """

    def __init__(self, max_envelopes: int) -> None:
        self._waiting: deque[Numbered] = deque()
        self._in_flight: list[Numbered] = []
        self._max = max_envelopes
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.accepted = 0
        self.lost = 0

    def __len__(self) -> int:
        return len(self._in_flight) + len(self._waiting)

    def put(self, outgoing: Outgoing) -> None:
        """
        Add one envelope.
        """
        self.accepted += 1
        self._waiting.append(Numbered(self.accepted, outgoing))
        if len(self._waiting) > self._max:
            self._waiting.popleft()
            self.lost += 1
        if len(self) > self._max // 2:
            self._room.clear()
        self._some.set()

    async def wait(self) -> None:
        """
        Wait until something is there.
        """
        await self._some.wait()

    async def room(self) -> None:
        """
        Wait until at least half of the queue is free.
        """
        await self._room.wait()

    def take(self, at_most: int) -> list[Numbered]:
        """
        The oldest envelopes; the same ones again until `done` says that they were sent.
        """
        while self._waiting and len(self._in_flight) < at_most:
            self._in_flight.append(self._waiting.popleft())
        return list(self._in_flight)

    def done(self) -> None:
        """
        What was taken was sent.
        """
        self._in_flight.clear()
        if len(self) <= self._max // 2:
            self._room.set()
        if not self._waiting:
            self._some.clear()
