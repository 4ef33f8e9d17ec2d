"""A scenario whose file is read again when it has changed."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.physiology_server.scenarios.events import Event
from services.physiology_server.scenarios.scenario import Scenario
from services.physiology_server.scenarios.scenario_file import load_scenario
from vitalrig.clock import Clock
from vitalrig.errors import BadSettings
from vitalrig.installation import scenario_path

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.05

_Stamp = tuple[int, int, int] | None


class FollowedScenario:
    """
    A scenario that grows while it plays: events can be added to its file.

    What was said stays: only behind the last event others may come, and a lasting event may get
    another end. A file that cannot be used so is logged once, and the scenario stays as it was.

    Args:
        path: Its file.
        clock: What tells the time.

    Attributes:
        scenario: What was last read and could be used.

    Raises:
        BadSettings: If it cannot work.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = scenario_path(path)
        self._clock = clock
        self._seen = self._stamp()
        self.scenario = load_scenario(self._path)
        self._due_s = clock.monotonic_s() + LOOK_EVERY_S

    def look(self, check: Callable[[Scenario], None]) -> Scenario:
        """
        Give the scenario, read again if that is due and the file has changed.

        Args:
            check: Raises BadSettings for a scenario that cannot be played where it is.
        """
        now_s = self._clock.monotonic_s()
        if now_s < self._due_s:
            return self.scenario
        self._due_s = now_s + LOOK_EVERY_S
        # Its stamp first: what changes while it is read is seen the next time.
        stamp = self._stamp()
        if stamp == self._seen:
            return self.scenario
        self._seen = stamp
        try:
            scenario = load_scenario(self._path)
            _check_growth(self.scenario, scenario, self._path)
            check(scenario)
        except BadSettings as exc:
            log.warning("the changed scenario cannot be used", extra={"why": str(exc)})
        else:
            log.info("scenario read again", extra={"events": len(scenario.timeline)})
            self.scenario = scenario
        return self.scenario

    def _stamp(self) -> _Stamp:
        """
        What tells two contents apart; None where there is no file.
        """
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _check_growth(before: Scenario, after: Scenario, path: Path) -> None:
    """
    See that what was said stays.

    Raises:
        BadSettings: If *after* takes back what *before* has said.
    """
    for key in Scenario.model_fields:
        if key not in ("timeline", "description") and getattr(before, key) != getattr(after, key):
            raise BadSettings(f"{path}: {key}: cannot change while it plays")
    if len(after.timeline) < len(before.timeline):
        raise BadSettings(f"{path}: timeline: event {len(before.timeline)} cannot be taken back")
    for number, (old, new) in enumerate(zip(before.timeline, after.timeline, strict=False), 1):
        if _but_its_end(old) != _but_its_end(new):
            raise BadSettings(
                f"{path}: event {number} ({new.do}): of what is there only for_s can change; "
                "put new events behind the last one"
            )


def _but_its_end(event: Event) -> dict[str, Any]:
    return event.model_dump(exclude={"for_s"})
