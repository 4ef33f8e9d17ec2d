"""What of a scenario's timeline has begun, and what begins."""

import logging
import math
from collections.abc import Callable, Iterator

from services.physiology_server.captures.capture import Restart
from services.physiology_server.scenarios.events import Event, Lasting
from services.physiology_server.scenarios.scenario import Scenario
from vitalrig.errors import BadRequest, InvalidState

log = logging.getLogger(__name__)

SetRecording = Callable[[bool, str], None]
"""`Control.set_recording`."""


class Timeline:
    """Begins each event once a turn, and does the scenario's recordings."""

    def __init__(self, scenario: Scenario, set_recording: SetRecording) -> None:
        self._set_recording = set_recording
        self._turn = 0
        self._begun: set[int] = set()
        self._records = False
        self.take(scenario)

    def take(self, scenario: Scenario) -> None:
        """
        Go by *scenario* from now on; what has begun in this turn, by its number, has begun.
        """
        self._scenario = scenario
        self._events = sorted(enumerate(scenario.timeline), key=lambda row: row[1].at_s)

    def until(self, time_s: float) -> Iterator[Restart]:
        """
        Begin what begins up to *time_s*.
        """
        scenario = self._scenario
        turn, inside_s = scenario.place(time_s)
        if turn > self._turn:
            yield from self._begin(self._due(math.inf), time_s)
            # What the scenario has begun to record ends with its turn.
            self.stop_recording()
            self._turn, self._begun = turn, set()
        due = self._due(inside_s)
        if not scenario.is_over(time_s):
            yield from self._begin(due, time_s)

    def _due(self, inside_s: float) -> list[Event]:
        """
        What begins up to *inside_s* and has not begun, by time.
        """
        due = [
            (number, event)
            for number, event in self._events
            if event.at_s <= inside_s and number not in self._begun
        ]
        self._begun.update(number for number, _ in due)
        return [event for _, event in due]

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
