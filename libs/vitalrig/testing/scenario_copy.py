"""A scenario of one camera: a copy that does not end, and to which events are added."""

from pathlib import Path
from typing import Any

import yaml

from vitalrig.atomic_files import replace_bytes
from vitalrig.errors import BadSettings
from vitalrig.installation import scenario_path

_LEAST_S = 0.001

Event = dict[str, Any]


class ScenarioCopy:
    """
    The file that a camera's server plays, and reads again when it has changed.

    A subject under test does not end: the copy goes on when the scenario is over, unless it
    loops. Its seed is the camera's.

    Args:
        source: The name of a shipped scenario, or a path; empty for a subject to whom nothing
            happens.
        path: Where the copy is put.

    Attributes:
        path: Where the copy is.
        loops: Whether it begins again at its end.
        added: The events that were added, as they are now.

    Raises:
        BadSettings: If there is no such scenario, with the nearest name, or it cannot be read.
    """

    def __init__(self, source: str | Path, path: Path) -> None:
        self.path = path
        self.added: list[Event] = []
        self._document: Any = {"name": "rest"}
        if source:
            try:
                text = scenario_path(source).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as exc:
                raise BadSettings(f"scenario: {source} cannot be read: {exc}") from exc
            try:
                self._document = yaml.safe_load(text)
            except yaml.YAMLError:
                self._document = text
        is_scenario = isinstance(self._document, dict)
        self.loops = is_scenario and bool(self._document.get("loop"))
        if is_scenario:
            self._document.pop("seed", None)
            if not self.loops:
                self._document.pop("duration_s", None)
        self._write()

    @property
    def fps(self) -> float:
        """
        The scenario's own frames a second; 0 where it leaves that to the camera.
        """
        fps = self._document.get("fps") if isinstance(self._document, dict) else None
        return float(fps) if isinstance(fps, int | float) else 0.0

    @property
    def timeline(self) -> list[Event]:
        """
        All events, also those that are over.
        """
        events = self._document.get("timeline") if isinstance(self._document, dict) else None
        return events if isinstance(events, list) else []

    def add(self, do: str, at_s: float, **keys: object) -> Event:
        """
        Add an event behind all others.

        Args:
            do: Which effect.
            at_s: When it begins, in seconds since the server's start.
            keys: What else it needs.
        """
        event: Event = {"at_s": round(at_s, 3), "do": do, **keys}
        self._document["timeline"] = [*self.timeline, event]
        self.added.append(event)
        self._write()
        return event

    def end(self, event: Event, at_s: float) -> None:
        """
        Let a lasting event end at *at_s*.
        """
        event["for_s"] = max(_LEAST_S, round(at_s - event["at_s"], 3))
        self._write()

    def take_back(self, event: Event) -> None:
        """
        Take away an event that the server could not use.
        """
        self._document["timeline"] = [each for each in self.timeline if each is not event]
        self.added = [each for each in self.added if each is not event]
        self._write()

    def holds(self, do: str, at_s: float) -> Event | None:
        """
        Find an event of one effect that lasts at *at_s*.
        """
        for event in self.timeline:
            if isinstance(event, dict) and event.get("do") == do:
                since_s, for_s = event.get("at_s", 0), event.get("for_s")
                if since_s <= at_s and (for_s is None or at_s < since_s + for_s):
                    return event
        return None

    def _write(self) -> None:
        text = self._document
        if not isinstance(text, str):
            text = yaml.safe_dump(self._document, sort_keys=False)
        replace_bytes(self.path, text.encode())
