"""
Time a block or a function, and issue a heartbeat for it.
"""

import functools
import inspect
import itertools
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from vitalrig.heartbeat.heartbeat import Heartbeat
from vitalrig.heartbeat.records import HeartbeatFieldValue, HeartbeatIdentifier

_P = ParamSpec("_P")
_R = TypeVar("_R")


class BeatTimer:
    """
    Issues a beat for every block that ends well. A block that raises did no unit of work.

    One timer serves any number of threads and blocks at once::

        timer = BeatTimer(hbt)

        with timer.block(tag) as block:
            faces = detect(frame)
            block.fields = ((len(faces),),)

        @timer
        def detect(frame): ...

    Args:
        hbt: The heartbeat, of either ``time_shape``.
        clock: What tells the time, in the heartbeat's unit.
        shortest: What a block counts for that began and ended at the same tick of the clock.
    """

    def __init__(
        self,
        hbt: Heartbeat,
        clock: Callable[[], float] = time.monotonic_ns,
        shortest: float = 1,
    ) -> None:
        self._hbt = hbt
        self._clock = clock
        self._shortest = shortest
        self._numbers = itertools.count()

    def block(
        self,
        tag: HeartbeatIdentifier | None = None,
        fields: Iterable[HeartbeatFieldValue] | None = None,
    ) -> "Block":
        """
        Time the ``with`` block that this opens.

        Args:
            tag: The beat's tag; by default this timer numbers its blocks from 0.
            fields: The beat's fields. They may also be set on the block, before it ends.
        """
        return Block(self, next(self._numbers) if tag is None else tag, fields)

    def now(self) -> float:
        """
        What the clock says.
        """
        return self._clock()

    def beat(
        self,
        tag: HeartbeatIdentifier,
        start: float,
        end: float,
        fields: Iterable[HeartbeatFieldValue] | None,
    ) -> None:
        """
        Issue a beat that took from *start* to *end*.
        """
        elapsed = max(end - start, self._shortest)
        one = self._hbt.time_shape == 1
        self._hbt.heartbeat(tag, (elapsed,) if one else (start, start + elapsed), fields)

    def __call__(self, work: Callable[_P, _R]) -> Callable[_P, _R]:
        """
        Issue a beat for every call of *work*, which may be a coroutine function.
        """
        if inspect.iscoroutinefunction(work):

            @functools.wraps(work)
            async def awaited(*args: _P.args, **kwargs: _P.kwargs) -> Any:  # noqa: ANN401
                with self.block():
                    return await work(*args, **kwargs)

            return cast("Callable[_P, _R]", awaited)

        @functools.wraps(work)
        def called(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            with self.block():
                return work(*args, **kwargs)

        return called


class Block:
    """
    One timed block.

    Attributes:
        tag: The beat's tag; may be set until the block ends.
        fields: The beat's fields; may be set until the block ends.
    """

    def __init__(
        self,
        timer: BeatTimer,
        tag: HeartbeatIdentifier,
        fields: Iterable[HeartbeatFieldValue] | None,
    ) -> None:
        self.tag = tag
        self.fields = fields
        self._timer = timer
        self._start: float = 0

    def __enter__(self) -> Self:
        self._start = self._timer.now()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        end = self._timer.now()
        if kind is None:
            self._timer.beat(self.tag, self._start, end, self.fields)
