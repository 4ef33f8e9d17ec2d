"""A scenario as a value, and what makes one impossible."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from services.physiology_server.scenarios.action_events import Record, ServerRestart, StopRecording
from services.physiology_server.scenarios.clock_events import Wrap32Bit
from services.physiology_server.scenarios.events import Event, Lasting, PersonEvent, Seconds
from services.physiology_server.scenarios.random_choice import RandomChoice
from services.physiology_server.sources.rate_profile import Knot, RateProfile


class Scenario(BaseModel):
    """
    What happens, and when.

    A key that is left out is for the server's settings to say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str = Field(pattern=r"^[a-z0-9_]{1,64}$", description="its name, as in its file's")
    description: str = Field("", description="what it shows, for people")
    seed: int | None = Field(
        None, strict=True, description="seed of the person and of every random choice"
    )
    pulse_rate: Seconds | None = Field(
        None, ge=42, le=190, description="synthetic: pulse in beats per minute"
    )
    breathing_rate: Seconds | None = Field(
        None, ge=5, le=42, description="synthetic: breathing in breaths per minute"
    )
    fps: Seconds | None = Field(
        None, gt=1, le=240, description="frames a second; a camera has its own"
    )
    duration_s: Seconds | None = Field(
        None, gt=0, description="when it ends, in seconds; never if left out"
    )
    loop: bool = Field(False, strict=True, description="begin again at the end")
    timeline: tuple[SerializeAsAny[Event], ...] = Field((), description="the events, in any order")

    def chances(self, seed: int) -> Sequence[tuple[Event, RandomChoice]]:
        """
        Each event with its dice.
        """
        return [
            (event, RandomChoice(seed, number))
            for number, event in enumerate(self.timeline, start=1)
        ]

    def place(self, time_s: float) -> tuple[int, float]:
        """
        In which turn *time_s* lies, from 0, and where in it.
        """
        if not self.loop or self.duration_s is None:
            return 0, time_s
        turn = int(time_s // self.duration_s)
        return turn, time_s - turn * self.duration_s

    def is_over(self, time_s: float) -> bool:
        """
        Whether *time_s* lies behind the end.
        """
        return not self.loop and self.duration_s is not None and time_s >= self.duration_s

    def profile(self, rate: str, base_per_minute: float) -> RateProfile:
        """
        The course of the person's *rate*, which is *base_per_minute* where nothing happens to it.
        """
        events = sorted(
            (e for e in self.timeline if isinstance(e, PersonEvent) and e.rate == rate),
            key=lambda event: event.at_s,
        )
        knots = [Knot(0.0, base_per_minute)]
        for event in events:
            knots += event.knots(base_per_minute)
            base_per_minute = event.base_after(base_per_minute)
        return RateProfile(knots, self.duration_s if self.loop else None)

    def flaws(self) -> Iterator[tuple[int, str, str]]:
        """
        What is impossible: the event's number (0 for the scenario), the key, and why.
        """
        if self.loop and self.duration_s is None:
            yield 0, "duration_s", "what loops must say how long a turn is"
        for number, event in enumerate(self.timeline, start=1):
            for key, why in event.flaws():
                yield number, key, why
            yield from self._beyond_the_end(number, event)
        yield from self._at_once()
        yield from self._recordings()

    def _beyond_the_end(self, number: int, event: Event) -> Iterator[tuple[int, str, str]]:
        if self.duration_s is None:
            return
        if event.at_s >= self.duration_s:
            yield number, "at_s", f"{event.at_s:g} s is not before duration_s, {self.duration_s:g}"
        elif isinstance(event, Lasting) and event.end_s and event.end_s > self.duration_s:
            yield (
                number,
                "for_s",
                (f"it would last until {event.end_s:g} s, beyond duration_s, {self.duration_s:g}"),
            )
        elif isinstance(event, PersonEvent) and event.knots(0.0)[-1].at_s > self.duration_s:
            yield number, "ramp_s", f"the ramp would end beyond duration_s, {self.duration_s:g}"

    def _at_once(self) -> Iterator[tuple[int, str, str]]:
        """
        Two events that pull one thing in two directions.
        """
        rows = sorted(enumerate(self.timeline, start=1), key=lambda row: row[1].at_s)
        by_thing: dict[str, list[tuple[int, Event]]] = {}
        for number, event in rows:
            if isinstance(event, PersonEvent):
                by_thing.setdefault(event.rate, []).append((number, event))
            elif isinstance(event, ServerRestart | Wrap32Bit):
                by_thing.setdefault(event.do, []).append((number, event))
        for thing, events in by_thing.items():
            for (first, before), (number, event) in pairwise(events):
                if thing == "wrap_32_bit":
                    yield number, "do", f"the clock of event {first} is one of 32 bits already"
                elif before.end_s is None or event.at_s < before.end_s:
                    yield number, "at_s", f"event {first} ({before.do}) is not over then"

    def _recordings(self) -> Iterator[tuple[int, str, str]]:
        rows = sorted(enumerate(self.timeline, start=1), key=lambda row: row[1].at_s)
        open_since = 0
        for number, event in rows:
            if isinstance(event, Record):
                if open_since:
                    yield number, "do", f"event {open_since} (record) records already"
                open_since = number
            elif isinstance(event, StopRecording | ServerRestart):
                open_since = 0
