"""What an event in a timeline is, by the layer that it works in."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from services.physiology_server.captures.capture import Restart
from services.physiology_server.envelopes import Outgoing
from services.physiology_server.scenarios.random_choice import RandomChoice
from services.physiology_server.signals.frame import Frame
from services.physiology_server.sources.rate_profile import Knot

Seconds = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Share = Annotated[
    float, Field(strict=True, gt=0, le=1, description="how many of them, from over 0 to 1")
]


class Recorder(Protocol):
    """Who begins and ends recordings."""

    def record(self, session: str) -> None:
        """Begin one; without a name whoever records gives it one."""
        ...

    def stop_recording(self) -> None:
        """End one."""
        ...


class Event(BaseModel):
    """
    One line of a timeline.

    Attributes:
        needs_rates: Whether it changes the person, which only a synthetic source lets it do.
        needs_frames: Whether it changes frames, which a recorded session has none of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    needs_rates: ClassVar[bool] = False
    needs_frames: ClassVar[bool] = False

    do: str = Field(description="which effect")
    at_s: Seconds = Field(ge=0, description="when it begins, in seconds since the start")

    @property
    def end_s(self) -> float | None:
        """
        When it is over; None for the end of the scenario.
        """
        return self.at_s

    def begin(self, recorder: Recorder, time_s: float) -> Restart | None:  # noqa: ARG002
        """
        Do what is done once, at the first frame of the event, at *time_s*.
        """
        return None

    def flaws(self) -> Iterator[tuple[str, str]]:
        """
        What in it is impossible: the key, and why.
        """
        return iter(())


class Lasting(Event):
    """An event that goes on for a while."""

    for_s: Seconds | None = Field(
        None, gt=0, description="how long it lasts, in seconds; until the end if left out"
    )

    @property
    def end_s(self) -> float | None:
        """
        When it is over; None for the end of the scenario.
        """
        return None if self.for_s is None else self.at_s + self.for_s

    def holds(self, time_s: float) -> bool:
        """
        Whether *time_s* lies in it.
        """
        return self.at_s <= time_s and (self.end_s is None or time_s < self.end_s)


class PersonEvent(Event):
    """It changes a rate of the person before any frame is made."""

    needs_rates = True
    rate: ClassVar[Literal["pulse", "breathing"]]

    @abstractmethod
    def knots(self, base_per_minute: float) -> Sequence[Knot]:
        """
        The course of the rate, from *base_per_minute* and, at the end, to what is left of it.
        """
        ...

    def base_after(self, base_per_minute: float) -> float:
        """
        The rate that the person has when it is over.
        """
        return base_per_minute


class FrameEvent(Lasting):
    """It changes frames, or leaves them out."""

    needs_frames = True

    def passes(self, number: int, chance: RandomChoice) -> bool:  # noqa: ARG002
        """
        Whether frame (or recorded envelope) *number* gets through at all.
        """
        return True

    def change(self, frame: Frame, chance: RandomChoice) -> Frame:  # noqa: ARG002
        """
        What becomes of *frame*.
        """
        return frame


class StampEvent(Event):
    """It changes what the clock says, of envelopes and of the samples in them."""

    @abstractmethod
    def restamp(self, stamp_us: int, since_us: int, inside_us: int) -> int:
        """
        What the clock says instead of *stamp_us*.

        Args:
            stamp_us: The stamp, since the epoch.
            since_us: The same moment since the start of the capture.
            inside_us: The same moment since the start of this turn of a scenario that loops.
        """
        ...


class MessageEvent(Lasting):
    """It changes or repeats metrics envelopes."""

    @abstractmethod
    def spoil(self, outgoing: Outgoing, number: int, chance: RandomChoice) -> Sequence[Outgoing]:
        """
        What goes out instead of *outgoing*, the metrics envelope *number* of its channel.
        """
        ...


class DelayEvent(Lasting):
    """It holds metrics envelopes back."""

    keeps_order: ClassVar[bool]

    @abstractmethod
    def delay_s(self, outgoing: Outgoing, number: int, chance: RandomChoice) -> float:
        """
        How long *outgoing*, the metrics envelope *number* of its channel, is held back.
        """
        ...
