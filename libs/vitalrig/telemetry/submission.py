"""What waits to be written, who waits for it, and what he is told."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from vitalrig.telemetry.event_line import PreparedEvent

_NO_KEYS: frozenset[str] = frozenset()


class BatchKey(NamedTuple):
    """
    What a whole batch is named by.

    Attributes:
        key: The key.
        digest: What tells the batch's content from another's.
    """

    key: str
    digest: str


class Waiting:
    """
    Something that the log's thread does for somebody who waits.

    Args:
        loop: Where an asyncio future is to be answered; None for one of `concurrent.futures`.
    """

    __slots__ = ("error", "future", "loop", "result")

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.loop = loop
        self.future: Future[Any] | asyncio.Future[Any] = (
            Future() if loop is None else loop.create_future()
        )
        self.result: Any = None
        self.error: BaseException | None = None

    def claim(self) -> bool:
        """
        Take it on; False if nobody waits any more, so that it is not done at all.
        """
        if isinstance(self.future, Future):
            return self.future.set_running_or_notify_cancel()
        return not self.future.cancelled()

    def settle(self) -> None:
        """
        Tell who waits, in his own thread.
        """
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Command(Waiting):
    """
    Something else than events, such as the start of a run.

    Args:
        work: What is done; what it gives is the answer.
        loop: See `Waiting`.
    """

    __slots__ = ("work",)

    def __init__(
        self, work: Callable[[], Any], loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        super().__init__(loop)
        self.work = work


class Submission(Waiting):
    """
    Events that are kept together or not at all.

    Args:
        events: The events.
        loop: See `Waiting`.
        is_batch: Whether the answer is a list.
        from_rig: Whether the rig itself says it, rather than a client.
        key: What names a whole batch.

    Attributes:
        keys: All keys in it.
    """

    __slots__ = ("events", "from_rig", "is_batch", "key", "keys")

    def __init__(
        self,
        events: Sequence[PreparedEvent],
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        is_batch: bool = False,
        from_rig: bool = False,
        key: BatchKey | None = None,
    ) -> None:
        super().__init__(loop)
        self.events = events
        self.is_batch = is_batch
        self.from_rig = from_rig
        self.key = key
        self.keys: frozenset[str] = _NO_KEYS
        if key is not None or any(event.digest for event in events):
            named = [event.request.key for event in events] + [key.key if key else None]
            self.keys = frozenset(each for each in named if each is not None)


def tell(waiting: Iterable[Waiting]) -> None:
    """
    Tell all who wait; an event loop is woken once for all of its own.
    """
    by_loop: dict[asyncio.AbstractEventLoop, list[Waiting]] = defaultdict(list)
    for each in waiting:
        if each.loop is None:
            each.settle()
        else:
            by_loop[each.loop].append(each)
    for loop, some in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits there
            loop.call_soon_threadsafe(_settle_all, some)


def _settle_all(waiting: Iterable[Waiting]) -> None:
    for each in waiting:
        each.settle()
