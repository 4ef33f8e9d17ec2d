"""What happens to the person. Only a synthetic one can be told to."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from services.physiology_server.scenarios.events import Lasting, PersonEvent, Seconds
from services.physiology_server.sources.rate_profile import Knot


class Apnea(Lasting, PersonEvent):
    """The breath is held: both breathing traces stand still, the pulse goes on."""

    rate: ClassVar[Literal["pulse", "breathing"]] = "breathing"
    do: Literal["apnea"] = "apnea"

    def knots(self, base_per_minute: float) -> Sequence[Knot]:
        """
        A step to 0 and a step back.
        """
        held = [Knot(self.at_s, base_per_minute), Knot(self.at_s, 0.0)]
        if self.end_s is not None:
            held += [Knot(self.end_s, 0.0), Knot(self.end_s, base_per_minute)]
        return held


class Tachycardia(Lasting, PersonEvent):
    """The pulse rises in a ramp, stays high, and comes down in a ramp before the end."""

    rate: ClassVar[Literal["pulse", "breathing"]] = "pulse"
    do: Literal["tachycardia"] = "tachycardia"
    to_per_minute: Seconds = Field(ge=100, le=190, description="the rate it rises to")
    ramp_s: Seconds = Field(30.0, gt=0, description="how long it takes to rise, and to come down")

    def flaws(self) -> Iterator[tuple[str, str]]:
        """
        Both ramps must find room.
        """
        if self.for_s is not None and 2 * self.ramp_s > self.for_s:
            yield "ramp_s", f"up and down take {2 * self.ramp_s:g} s, for_s is {self.for_s:g}"

    def knots(self, base_per_minute: float) -> Sequence[Knot]:
        """
        Up, along, and down.
        """
        up = [
            Knot(self.at_s, base_per_minute),
            Knot(self.at_s + self.ramp_s, self.to_per_minute),
        ]
        if self.end_s is not None:
            up += [
                Knot(self.end_s - self.ramp_s, self.to_per_minute),
                Knot(self.end_s, base_per_minute),
            ]
        return up


class _OtherRate(PersonEvent):
    """The person has another rate from then on."""

    to_per_minute: Seconds
    ramp_s: Seconds = Field(0.0, ge=0, description="how long it takes to come there; at once if 0")

    @property
    def end_s(self) -> float | None:
        """
        When it has come there.
        """
        return self.at_s + self.ramp_s

    def knots(self, base_per_minute: float) -> Sequence[Knot]:
        """
        A ramp, or a step.
        """
        return [
            Knot(self.at_s, base_per_minute),
            Knot(self.at_s + self.ramp_s, self.to_per_minute),
        ]

    def base_after(self, base_per_minute: float) -> float:  # noqa: ARG002
        """
        That rate.
        """
        return self.to_per_minute


class OtherPulseRate(_OtherRate):
    """The pulse has another rate from then on."""

    rate: ClassVar[Literal["pulse", "breathing"]] = "pulse"
    do: Literal["pulse_rate"] = "pulse_rate"
    to_per_minute: Seconds = Field(ge=42, le=190, description="that rate")


class OtherBreathingRate(_OtherRate):
    """Breathing has another rate from then on."""

    rate: ClassVar[Literal["pulse", "breathing"]] = "breathing"
    do: Literal["breathing_rate"] = "breathing_rate"
    to_per_minute: Seconds = Field(ge=5, le=42, description="that rate")
