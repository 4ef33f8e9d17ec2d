"""What waits to be sent. While the backend is away it fills; when full, the oldest is lost."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from services.physiology_server.envelopes import Outgoing
from smartspectra.ipc.channels import FRAME
from vitalrig.clock import Clock, SystemClock

NO_NUMBER = 0
"""What stands in place of a number on pictures, which may be left out at any time."""

Tap = Callable[[str, bytes, int], None]


@dataclass(frozen=True, slots=True)
class Numbered:
    """
    An envelope on its way to a backend.

    Attributes:
        seq: Its number in this run, from 1 without a hole; 0 for a picture.
        outgoing: The envelope, with its channel.
        put_at_s: When it was put into the outbox, on the monotonic clock.
    """

    seq: int
    outgoing: Outgoing
    put_at_s: float = 0.0


class Outbox:
    """
    A bounded queue between the frame loop and the backend.

    The frame loop never waits for the backend. What the queue cannot hold is counted as lost,
    and since numbers are given on the way in, its readers can prove the hole too.

    Pictures are another matter: only the newest is worth sending. They have no number, take no
    place in the queue, and a newer one replaces one that still waits.

    Args:
        max_envelopes: How many wait at most.
        clock: What tells when each was put in.
        tap: Gets channel, envelope and number of each, whatever becomes of it here.
    """

    def __init__(
        self, max_envelopes: int, clock: Clock | None = None, tap: Tap | None = None
    ) -> None:
        self._waiting: deque[Numbered] = deque()
        self._in_flight: list[Numbered] = []
        self._picture: Numbered | None = None
        self._picture_in_flight: Numbered | None = None
        self._max = max_envelopes
        self._clock = clock or SystemClock()
        self._tap = tap
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.accepted = 0
        self.lost = 0
        self.pictures_replaced = 0

    def __len__(self) -> int:
        return len(self._in_flight) + len(self._waiting)

    def put(self, outgoing: Outgoing) -> None:
        """
        Add one envelope, or the newest picture.
        """
        now_s = self._clock.monotonic_s()
        self._add(outgoing, now_s)
        if self._tap is not None:
            number = NO_NUMBER if outgoing.channel == FRAME else self.accepted
            self._tap(outgoing.channel, outgoing.envelope, number)
        self._some.set()

    def _add(self, outgoing: Outgoing, now_s: float) -> None:
        if outgoing.channel == FRAME:
            if self._picture is not None and self._picture is not self._picture_in_flight:
                self.pictures_replaced += 1
            self._picture = Numbered(NO_NUMBER, outgoing, now_s)
        else:
            self.accepted += 1
            self._waiting.append(Numbered(self.accepted, outgoing, now_s))
            if len(self._waiting) > self._max:
                self._waiting.popleft()
                self.lost += 1
            if len(self) > self._max // 2:
                self._room.clear()

    async def wait(self) -> None:
        """
        Wait until something is there.
        """
        await self._some.wait()

    async def room(self, within_s: float) -> bool:
        """
        Wait until at least half of the queue is free, for *within_s* at most; tell whether it is.
        """
        if self._room.is_set():
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._room.wait(), within_s)
        return self._room.is_set()

    def take(self, at_most: int) -> list[Numbered]:
        """
        The oldest envelopes, the same ones again until `done` says that they were sent.

        The newest picture comes after them, if one waits.
        """
        while self._waiting and len(self._in_flight) < at_most:
            self._in_flight.append(self._waiting.popleft())
        self._picture_in_flight = self._picture
        return [*self._in_flight, *([self._picture] if self._picture is not None else [])]

    def done(self) -> None:
        """
        What was taken was sent.
        """
        self._in_flight.clear()
        if self._picture is self._picture_in_flight:
            self._picture = None
        self._picture_in_flight = None
        if len(self) <= self._max // 2:
            self._room.set()
        if not self._waiting and self._picture is None:
            self._some.clear()
