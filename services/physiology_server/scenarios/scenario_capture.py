"""A capture to which the frames' part of a scenario happens."""

import contextlib
from collections.abc import AsyncGenerator, Callable
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
from services.physiology_server.scenarios.frame_effects import FrameEffects
from services.physiology_server.scenarios.scenario import Scenario
from services.physiology_server.scenarios.timeline import SetRecording, Timeline
from services.physiology_server.signals.frame import SourceKind

Follow = Callable[[], Scenario]
"""Gives the scenario as it is by now."""


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
        follow: Where the scenario can grow: gives it as it is by now.
        change_person: Told the scenario when it has grown.
    """

    def __init__(
        self,
        inner: Capture,
        scenario: Scenario,
        set_recording: SetRecording,
        seed: int,
        follow: Follow | None = None,
        change_person: Callable[[Scenario], None] = lambda _scenario: None,
    ) -> None:
        self._inner = inner
        self._set_recording = set_recording
        self._seed = seed
        self._follow = follow
        self._change_person = change_person
        self._take(scenario)

    def _take(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._effects = FrameEffects(scenario, self._seed)

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
        timeline = Timeline(self._scenario, self._set_recording)
        numbers = count()
        async with contextlib.aclosing(self._inner.items()) as items:
            async for item in items:
                if self._has_grown():
                    timeline.take(self._scenario)
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

    def _has_grown(self) -> bool:
        if self._follow is None or (scenario := self._follow()) is self._scenario:
            return False
        self._take(scenario)
        self._change_person(scenario)
        return True

    def _change(
        self, item: CapturedFrame | RecordedEnvelope, number: int, time_s: float
    ) -> CapturedFrame | RecordedEnvelope | None:
        if not self._effects.lets_through(number, time_s):
            return None
        if isinstance(item, RecordedEnvelope):
            return item
        changed = self._effects.change(item.frame)
        return item if changed is item.frame else replace(item, frame=changed)
