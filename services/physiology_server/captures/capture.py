"""What the graph takes frames from, and what it gets."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.physiology_server.envelopes import Outgoing
from services.physiology_server.signals.frame import Frame, SourceKind
from vitalrig.statuses import StatusCode

Picture = NDArray[np.uint8]
"""Height x width x 3 bytes, in the order red, green, blue."""


@dataclass(frozen=True, slots=True)
class CapturedFrame:
    """
    One frame, as it came.

    Attributes:
        frame: What was measured in it.
        stamp_us: When it was captured, in us since the epoch.
        picture: Gives the picture, for who wants to show it; None where there is none.
    """

    frame: Frame
    stamp_us: int
    picture: Callable[[], Picture] | None = None


@dataclass(frozen=True, slots=True)
class RecordedEnvelope:
    """
    Envelopes of a recorded session, which go out as they are.

    Attributes:
        time_s: Seconds since the beginning of the session.
        outgoing: The envelope, with its channel.
    """

    time_s: float
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Restart:
    """
    The server is to behave as if it were started anew.

    Attributes:
        time_s: Seconds since the capture's start.
    """

    time_s: float


@dataclass(frozen=True, slots=True)
class NoFrame:
    """
    Nothing came. A live capture says so at least every half second, so that the loop turns.

    Attributes:
        status: What is wrong, where the capture knows: without a camera nothing is processed.
    """

    status: StatusCode | None = None


CaptureItem = CapturedFrame | RecordedEnvelope | Restart | NoFrame


class Capture(Protocol):
    """A stream of frames, in the time in which they are to be worked on."""

    @property
    def kind(self) -> SourceKind:
        """What the frames are made of."""
        ...

    @property
    def fps(self) -> float:
        """Frames per second, measured where they can be; until then, those that are expected."""
        ...

    @property
    def waits(self) -> bool:
        """
        Whether a slow receiver makes it wait. A live one does not wait: it drops and counts.
        """
        ...

    def items(self) -> AsyncGenerator[CaptureItem, None]:
        """
        Begin a capture and yield what comes, until its end or until it is closed.

        Frames that are left out are counted by reason, not yielded.
        """
        ...
