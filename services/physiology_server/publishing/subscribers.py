"""Who reads a stream. Each reader has a queue of its own, so that a slow one slows nobody."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from smartspectra.ipc.wire.envelope import Envelope

log = logging.getLogger(__name__)

QUEUE = 256
"""Messages that wait for one reader: some seconds of a camera."""


class Delivery:
    """
    One envelope on its way to several readers. What is made of it is made once.

    Args:
        envelope: The message.
        seq: Its number in this run.
    """

    __slots__ = ("_made", "envelope", "seq")

    def __init__(self, envelope: bytes, seq: int) -> None:
        self.envelope = envelope
        self.seq = seq
        self._made: dict[Hashable, Any] = {}

    def parsed(self) -> Envelope:
        """
        The envelope's parts.

        Raises:
            BadEnvelope: If it is none.
        """
        parsed: Envelope = self.once("parsed", lambda: Envelope.parse(self.envelope))
        return parsed

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:  # noqa: ANN401  anything
        """
        What *make* gave when it was first asked for under *key*.
        """
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


class Subscriber:
    """
    One reader's queue. When it is full, the oldest message makes room and counts as missed.

    Args:
        most: How many messages wait at most.
        who: Names the reader in the log, where the first loss is told.
    """

    def __init__(self, most: int, who: str = "") -> None:
        self._who = who
        self._waiting: deque[Delivery] = deque(maxlen=most)
        self._some = asyncio.Event()
        self._closed = False
        self._missed_since = 0
        self.missed = 0

    def put(self, delivery: Delivery) -> None:
        """
        Add a message.
        """
        if len(self._waiting) == self._waiting.maxlen:
            self.miss(1)
        self._waiting.append(delivery)
        self._some.set()

    def miss(self, messages: int) -> None:
        """
        Note *messages* that were lost on the way here.
        """
        if messages and not self.missed:
            log.warning("reader is too slow", extra={"reader": self._who})
        self._missed_since += messages
        self.missed += messages

    def close(self) -> None:
        """
        End the stream after what waits.
        """
        self._closed = True
        self._some.set()

    async def next(self) -> tuple[Delivery, int] | None:
        """
        Wait for a message.

        Returns:
            The message, and how many were lost since the one before; None at the end.
        """
        while not self._waiting:
            if self._closed:
                return None
            self._some.clear()
            await self._some.wait()
        missed, self._missed_since = self._missed_since, 0
        return self._waiting.popleft(), missed


class Subscribers:
    """
    All readers, by channel. Belongs to the event loop: other threads stay out.

    Args:
        queue: How many messages wait for one reader at most.

    Attributes:
        missed: Messages that readers who are gone have lost, all together.
    """

    def __init__(self, queue: int = QUEUE) -> None:
        self._queue = queue
        self._readers: dict[str, set[Subscriber]] = {}
        self._closed = False
        self.missed = 0

    def offer(self, channel: str, envelope: bytes, seq: int) -> None:
        """
        Give an envelope to who reads *channel*. Never waits, and costs nothing without readers.
        """
        if readers := self._readers.get(channel):
            delivery = Delivery(envelope, seq)
            for reader in readers:
                reader.put(delivery)

    def miss(self, channel: str, messages: int) -> None:
        """
        Tell the readers of *channel* that *messages* were lost before they were offered.
        """
        for reader in self._readers.get(channel, ()):
            reader.miss(messages)

    def count(self, channel: str) -> int:
        """
        How many read *channel*.
        """
        return len(self._readers.get(channel, ()))

    @contextmanager
    def subscribe(self, channel: str, who: str = "") -> Iterator[Subscriber]:
        """
        Read what is offered on *channel* from now on.

        Args:
            channel: Which messages.
            who: Names the reader in the log.
        """
        reader = Subscriber(self._queue, f"{who} of {channel}")
        if self._closed:
            reader.close()
        readers = self._readers.setdefault(channel, set())
        readers.add(reader)
        try:
            yield reader
        finally:
            readers.discard(reader)
            self.missed += reader.missed
            if reader.missed:
                log.info("reader left", extra={"reader": who, "missed": reader.missed})

    def close(self) -> None:
        """
        End all streams after what waits in them.
        """
        self._closed = True
        for readers in self._readers.values():
            for reader in readers:
                reader.close()
