"""What happens to a camera's person while it runs: events are added to the scenario."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vitalrig.statuses import StatusCode
from vitalrig.testing.camera_watch import CameraWatch
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.scenario_copy import Event, ScenarioCopy

_GONE = StatusCode.NO_FACES_FOUND.name

_BLOCK_FRAMES = 32
"""So many frames at a time a server makes of a synthetic person; the next ones are as told."""


class ScenarioPlay:
    """
    Adds events to what a server plays, and ends them; each is done when the call returns.

    Args:
        copy: What the server plays.
        watch: Waits for the camera.
        fps: Frames a second of the camera.
    """

    def __init__(self, copy: ScenarioCopy, watch: CameraWatch, fps: float) -> None:
        self._copy = copy
        self._watch = watch
        self._fps = fps
        self._left: Event | None = None

    def begin(self, do: str, **keys: object) -> Event:
        """
        Let something happen from now on.

        Args:
            do: Which effect.
            keys: What else the effect needs.

        Raises:
            HarnessError: If the server cannot use it, or does not do it.
        """
        if self._copy.loops:
            raise HarnessError(
                "a scenario that begins again and again takes no further events: "
                "take one without loop"
            )
        since, now_s = self._watch.process.log_size(), self._watch.history().now_s
        event = self._copy.add(do, self._watch.stream.history.capture_s, **keys)
        try:
            self._watch.see(f"it begins {event}", lambda: self._has_begun(event, since))
        except HarnessError:
            self._copy.take_back(event)
            raise
        self._watch.look_from(now_s)
        return event

    def end(self, event: Event) -> None:
        """
        Let what lasts be over.

        Raises:
            HarnessError: If the server cannot do it.
        """
        since, now_s = self._watch.process.log_size(), self._watch.history().now_s
        self._copy.end(event, self._watch.stream.history.capture_s)
        self._watch.see(f"it ends {event}", lambda: self._has_read(since))
        self._watch.look_from(now_s)

    def change_rates(self, rates: Mapping[str, float], ramp_s: float) -> None:
        """
        Give the person other rates, and wait until frames come that were made with them.

        Who holds the breath breathes again.

        Args:
            rates: A rate a minute by effect: `pulse_rate`, `breathing_rate`.
            ramp_s: How long it takes the person, in seconds.

        Raises:
            HarnessError: If the server cannot do it, or does not.
        """
        history = self._watch.history()
        held = self._copy.holds("apnea", history.capture_s)
        if held is not None and "breathing_rate" in rates:
            self.end(held)
        for do, rate in rates.items():
            self.begin(do, to_per_minute=rate, ramp_s=ramp_s)
        new_from_s = history.capture_s + _BLOCK_FRAMES / self._fps
        self._watch.see(
            f"frames of a person with {dict(rates)}", lambda: history.capture_s > new_from_s
        )

    def leave(self) -> None:
        """
        Let the person leave, and wait until the status says so.

        Raises:
            HarnessError: If the person has left already, or the status does not come.
        """
        if self._left is not None:
            raise HarnessError("the person has left already: call return_() first")
        now_s = self._watch.history().now_s
        self._left = self.begin("subject_leaves")
        history = self._watch.stream.history
        self._watch.see("the person leaves", lambda: history.status == _GONE)
        self._watch.look_from(now_s)

    def come_back(self) -> None:
        """
        Let the person who left come back, and wait until the status says so.

        Raises:
            HarnessError: If nobody has left, or the status does not change.
        """
        if self._left is None:
            raise HarnessError("nobody has left: call leave() first")
        now_s = self._watch.history().now_s
        left, self._left = self._left, None
        self.end(left)
        history = self._watch.stream.history
        self._watch.see("the person is back", lambda: history.status != _GONE)
        self._watch.look_from(now_s)

    def _has_begun(self, event: Event, since: int) -> bool:
        return self._has_read(since) and any(
            told.get("event") == "scenario"
            and told.get("effect") == event["do"]
            and told.get("at_s") == event["at_s"]
            for told in self._told(since)
        )

    def _has_read(self, since: int) -> bool:
        told = list(self._told(since))
        for each in told:
            if each.get("event") == "the changed scenario cannot be used":
                raise HarnessError(f"{self._watch.process.name} cannot do it: {each.get('why')}")
        return any(each.get("event") == "scenario read again" for each in told)

    def _told(self, since: int) -> Iterator[dict[str, Any]]:
        """What the server logged from a place on."""
        for line in self._watch.process.log_lines(since):
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict):
                yield told
