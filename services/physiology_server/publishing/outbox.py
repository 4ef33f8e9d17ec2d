"""What waits to be sent: in memory, and on disk where there is a spool."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

from services.physiology_server.envelopes import NO_NUMBER, Numbered, Outgoing
from services.physiology_server.spool.spool import Spool
from smartspectra.ipc.wire.channels import FRAME
from vitalrig.clock import Clock, SystemClock

Tap = Callable[[str, bytes, int], None]


class Outbox:
    """
    A bounded queue between the frame loop and the backend.

    The frame loop never waits for the backend. Memory holds the newest envelopes; older ones,
    and those that earlier runs could not send, are read from the spool. What neither can hold is
    lost, the oldest first, and counted; since numbers are given on the way in, its readers can
    prove the hole too.

    Pictures are another matter: only the newest is worth sending. They have no number, take no
    place in the queue, and a newer one replaces one that still waits.

    Args:
        max_envelopes: How many wait in memory at most.
        clock: What tells when each was put in.
        tap: Gets channel, envelope and number of each, whatever becomes of it here.
        run: The run that makes them.
        spool: Where they are kept until they were sent; None for memory alone.
    """

    def __init__(
        self,
        max_envelopes: int,
        clock: Clock | None = None,
        tap: Tap | None = None,
        run: str = "",
        spool: Spool | None = None,
    ) -> None:
        self._waiting: deque[Numbered] = deque()
        self._in_flight: list[Numbered] = []
        self._picture: Numbered | None = None
        self._picture_in_flight: Numbered | None = None
        self._max = max_envelopes
        self._clock = clock or SystemClock()
        self._tap = tap
        self._run = run
        self._spool = spool
        self._follows = "" if spool is None else spool.past.follows
        self._last = 0 if spool is None else spool.written
        self._next = 1 if spool is None else spool.start
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.accepted = 0
        self.lost = 0
        self.pictures_replaced = 0
        if len(self):
            self._some.set()

    def __len__(self) -> int:
        return len(self._in_flight) + self._last + 1 - self._next

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
            self._picture = Numbered(NO_NUMBER, outgoing, now_s, self._run)
            return
        self.accepted += 1
        self._last += 1
        follows = self._follows if self.accepted == 1 else ""
        numbered = Numbered(self.accepted, outgoing, now_s, self._run, follows, self._last)
        self._waiting.append(numbered)
        if self._spool is not None:
            self._spool.add(numbered, self._in_memory())
            self._lose_before(min(self._spool.oldest_kept, self._first_waiting()))
        if len(self._waiting) > self._max:
            oldest = self._waiting.popleft()
            if oldest.position == self._next and oldest.position > self._written():
                self._lose_before(oldest.position + 1)
        if len(self) > self._max // 2:
            self._room.clear()

    def _written(self) -> int:
        return 0 if self._spool is None else self._spool.written

    def _in_memory(self) -> Iterator[Numbered]:
        yield from self._in_flight
        yield from self._waiting

    def _first_waiting(self) -> int:
        return self._waiting[0].position if self._waiting else self._last + 1

    def _lose_before(self, position: int) -> None:
        """
        Count what was not taken yet and has its place before *position* as lost.
        """
        if position > self._next:
            self.lost += position - self._next
            self._next = position

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
        while len(self._in_flight) < at_most and self._next <= self._last:
            self._in_flight += self._take(at_most - len(self._in_flight))
        self._picture_in_flight = self._picture
        return [*self._in_flight, *([self._picture] if self._picture is not None else [])]

    def _take(self, at_most: int) -> list[Numbered]:
        """
        Some of the next envelopes; none if what comes next is lost.
        """
        first_waiting = self._first_waiting()
        if self._next == first_waiting:
            self._next += 1
            return [self._waiting.popleft()]
        found = [] if self._spool is None else self._spool.read(self._next, first_waiting, at_most)
        for numbered in found:
            self._lose_before(numbered.position)
            self._next = numbered.position + 1
        if not found:
            self._lose_before(first_waiting)
        return found

    def newest(self, at_most: int) -> list[Numbered]:
        """
        The newest envelopes that wait in memory, the oldest of them first; nothing is taken.
        """
        return list(islice(reversed(self._waiting), at_most))[::-1]

    def done(self) -> None:
        """
        What was taken was sent.
        """
        if self._in_flight and self._spool is not None:
            self._spool.sent(self._in_flight[-1].position)
        self._in_flight.clear()
        if self._picture is self._picture_in_flight:
            self._picture = None
        self._picture_in_flight = None
        if len(self) <= self._max // 2:
            self._room.set()
        if not len(self) and self._picture is None:
            self._some.clear()

    async def close(self) -> int:
        """
        Leave what was not sent to the next run; what no disk keeps is lost.

        Returns:
            How many envelopes wait for the next run.
        """
        lost = min(len(self), self._last - self._written())
        waiting = len(self) - lost
        self.lost += lost
        self._in_flight.clear()
        self._next = self._last + 1
        if self._spool is not None:
            await self._spool.close()
        return waiting

    def let_go(self) -> None:
        """
        Let go of the disk, as it is.
        """
        if self._spool is not None:
            self._spool.let_go()
