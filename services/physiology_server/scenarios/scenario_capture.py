"""A capture to which the frames' part of a scenario happens."""

import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace
from itertools import count

from services.physiology_server.captures.capture import (
    Capture,
    CapturedFrame,
    CaptureItem,
    NoFrame,
    RecordedEnvelope,
    Restart,
)
from services.physiology_server.scenarios.events import Event, Lasting
from services.physiology_server.scenarios.frame_effects import FrameEffects
from services.physiology_server.scenarios.scenario import Scenario
from services.physiology_server.signals.frame import SourceKind
from vitalrig.errors import BadRequest, InvalidState

log = logging.getLogger(__name__)

SetRecording = Callable[[bool, str], None]
"""`Control.set_recording`."""


class ScenarioCapture:
    """
    Passes on what another capture yields, with what the timeline does to it.

    Times are those of the frames, since the capture's start; so what happens is the same at any
    speed. It ends when the scenario does.

    Args:
        inner: Where frames, or recorded envelopes, come from.
        scenario: What happens to them.
        set_recording: Begins and ends recordings.
        seed: Decides what is left to chance.
    """

    def __init__(
        self, inner: Capture, scenario: Scenario, set_recording: SetRecording, seed: int
    ) -> None:
        self._inner = inner
        self._scenario = scenario
        self._set_recording = set_recording
        self._effects = FrameEffects(scenario, seed)

    @property
    def kind(self) -> SourceKind:
        """
        What the frames are made of. A live picture to which things are done is not live.
        """
        return "replay" if self._inner.kind == "replay" else "synthetic"

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

    async def items(self) -> AsyncGenerator[CaptureItem, None]:
        """
        Yield what is left of what comes, and what happens besides.
        """
        timeline = _Timeline(self._scenario, self._set_recording)
        numbers = count()
        async with contextlib.aclosing(self._inner.items()) as items:
            async for item in items:
                if isinstance(item, NoFrame | Restart):
                    yield item
                    continue
                time_s = item.time_s if isinstance(item, RecordedEnvelope) else item.frame.time_s
                for happening in timeline.until(time_s):
                    yield happening
                if self._scenario.is_over(time_s):
                    return
                number = next(numbers) if isinstance(item, RecordedEnvelope) else item.frame.index
                changed = self._change(item, number, time_s)
                if changed is not None:
                    yield changed

    def _change(
        self, item: CapturedFrame | RecordedEnvelope, number: int, time_s: float
    ) -> CapturedFrame | RecordedEnvelope | None:
        if not self._effects.lets_through(number, time_s):
            return None
        if isinstance(item, RecordedEnvelope):
            return item
        changed = self._effects.change(item.frame)
        return item if changed is item.frame else replace(item, frame=changed)


class _Timeline:
    """Begins each event once a turn, and does the scenario's recordings."""

    def __init__(self, scenario: Scenario, set_recording: SetRecording) -> None:
        self._scenario = scenario
        self._set_recording = set_recording
        self._events = sorted(scenario.timeline, key=lambda event: event.at_s)
        self._turn = 0
        self._begun = 0
        self._records = False

    def until(self, time_s: float) -> Iterator[Restart]:
        """
        Begin what begins up to *time_s*.
        """
        scenario = self._scenario
        turn, inside_s = scenario.place(time_s)
        if turn > self._turn:
            yield from self._begin(self._events[self._begun :], time_s)
            # What the scenario has begun to record ends with its turn.
            self.stop_recording()
            self._turn, self._begun = turn, 0
        due = [event for event in self._events[self._begun :] if event.at_s <= inside_s]
        self._begun += len(due)
        if not scenario.is_over(time_s):
            yield from self._begin(due, time_s)

    def _begin(self, events: list[Event], time_s: float) -> Iterator[Restart]:
        for event in events:
            log.info("scenario", extra=_told(event, self._scenario.name, self._turn))
            if (happening := event.begin(self, time_s)) is not None:
                self._records = False
                yield happening

    def record(self, session: str) -> None:
        """
        Begin a recording. From the second turn on its name has the turn's number behind it.
        """
        name = f"{session}_{self._turn + 1}" if session and self._turn else session
        self._records = self._call(True, name)

    def stop_recording(self) -> None:
        """
        End the recording that the scenario has begun; one of somebody else is not its business.
        """
        if self._records:
            self._records = False
            self._call(False, "")

    def _call(self, recording: bool, session: str) -> bool:
        try:
            self._set_recording(recording, session)
        except (InvalidState, BadRequest) as exc:
            log.warning("the scenario is refused", extra={"why": str(exc)})
            return False
        return True


def _told(event: Event, scenario: str, turn: int) -> dict[str, object]:
    lasts_s = event.for_s if isinstance(event, Lasting) else 0.0
    return {
        "scenario": scenario,
        "effect": event.do,
        "at_s": event.at_s,
        "for_s": lasts_s,
        "turn": turn,
    }
