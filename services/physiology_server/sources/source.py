"""What every source of frames promises."""

from collections.abc import Iterator
from typing import Protocol

from services.physiology_server.signals.frame import Frame, SourceKind


class Source(Protocol):
    """
    A source of frames at camera rate.

    It knows nothing of real time: whoever iterates decides how fast frames come.
    """

    @property
    def kind(self) -> SourceKind:
        """What the frames are made of. Every number made from them carries it."""
        ...

    @property
    def fps(self) -> float:
        """Nominal frames per second."""
        ...

    def frames(self) -> Iterator[Frame]:
        """
        Yield frames from the capture's start; every call starts a capture of its own.
        """
        ...
