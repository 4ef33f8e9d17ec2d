"""A recording whose times are known: its frames bear those, not the present."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace

from services.physiology_server.captures.base import Capture, Item, Shot
from services.physiology_server.sources.base import SourceKind

_US = 1_000_000


class RecordedStamps:
    """
    Gives each frame the stamp of the moment at which it was recorded.

    Args:
        inner: Plays the recording.
        started_us: When its first frame was recorded, in us since the epoch.
    """

    def __init__(self, inner: Capture, started_us: int) -> None:
        self._inner = inner
        self._started_us = started_us

    @property
    def kind(self) -> SourceKind:
        """
        What the frames are made of.
        """
        return self._inner.kind

    @property
    def fps(self) -> float:
        """
        Nominal frames per second.
        """
        return self._inner.fps

    @property
    def waits(self) -> bool:
        """
        Whether a slow receiver makes it wait.
        """
        return self._inner.waits

    async def items(self) -> AsyncGenerator[Item, None]:
        """
        Yield what comes, with its own stamp.
        """
        async with contextlib.aclosing(self._inner.items()) as items:
            async for item in items:
                if isinstance(item, Shot):
                    stamp_us = self._started_us + round(item.frame.time_s * _US)
                    yield replace(item, stamp_us=stamp_us)
                else:
                    yield item
