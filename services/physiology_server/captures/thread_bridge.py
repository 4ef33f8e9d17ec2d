"""From a thread to the event loop, newest first kept."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class ThreadBridge(Generic[T]):
    """
    A bounded queue out of one thread into the event loop in which it was made.

    The thread never waits: when the queue is full, its oldest item makes room for the newest.

    Args:
        size: How many items wait at most.
        on_drop: Called, in the thread, for each item that made room.
    """

    def __init__(self, size: int, on_drop: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._some = asyncio.Event()
        self._lock = threading.Lock()
        self._items: deque[T] = deque()
        self._size = size
        self._on_drop = on_drop
        self._fault: BaseException | None = None

    def put(self, item: T) -> None:
        """
        Hand *item* over, from the thread.
        """
        with self._lock:
            self._items.append(item)
            full = len(self._items) > self._size
            if full:
                self._items.popleft()
        if full:
            self._on_drop()
        self._wake()

    def fail(self, fault: BaseException) -> None:
        """
        Have *fault*, which ended the thread, raised to whoever takes.
        """
        self._fault = fault
        self._wake()

    async def take(self, timeout_s: float) -> T | None:
        """
        The oldest item that waits, or None if none comes within *timeout_s*.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    with self._lock:
                        if self._items:
                            return self._items.popleft()
                        self._some.clear()
                    if self._fault is not None:
                        raise self._fault
                    await self._some.wait()
        except TimeoutError:
            return None

    def _wake(self) -> None:
        # The loop may have ended before the thread noticed that it is to stop.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._some.set)
