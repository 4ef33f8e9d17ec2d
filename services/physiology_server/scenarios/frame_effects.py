"""What a scenario does to frames, by their number and time alone."""

from collections.abc import Iterator

from services.physiology_server.scenarios.events import FrameEvent
from services.physiology_server.scenarios.random_choice import RandomChoice
from services.physiology_server.scenarios.scenario import Scenario
from services.physiology_server.signals.frame import Frame


class FrameEffects:
    """
    The part of a scenario that is done to frames. It has no state.

    Args:
        scenario: What happens.
        seed: Decides what is left to chance.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._events = [
            (event, chance)
            for event, chance in scenario.chances(seed)
            if isinstance(event, FrameEvent)
        ]

    def apply(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """
        Give the frames that come, as they come.
        """
        if not self._events:
            return frames
        return (
            self.change(frame) for frame in frames if self.lets_through(frame.index, frame.time_s)
        )

    def lets_through(self, number: int, time_s: float) -> bool:
        """
        Tell whether frame (or recorded envelope) *number*, which is of *time_s*, comes at all.
        """
        return all(event.passes(number, chance) for event, chance in self._at(time_s))

    def change(self, frame: Frame) -> Frame:
        """
        Give what becomes of a frame that comes.
        """
        for event, chance in self._at(frame.time_s):
            frame = event.change(frame, chance)
        return frame

    def _at(self, time_s: float) -> list[tuple[FrameEvent, RandomChoice]]:
        if not self._events:
            return []
        _, inside_s = self._scenario.place(time_s)
        return [row for row in self._events if row[0].holds(inside_s)]
