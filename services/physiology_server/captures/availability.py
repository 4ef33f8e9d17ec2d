"""The time without a camera: logged and said once at its begin and end, and counted."""

import logging
from collections.abc import Mapping

from services.physiology_server.captures.opencv_feed import CameraUnavailable
from vitalrig.clock import Clock
from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.service.heartbeats import ServiceHeartbeats

log = logging.getLogger(__name__)

STOPPED = CameraUnavailable("it stopped sending pictures", "look at its cable and power")


class Availability:
    """
    Whether the camera is there. It is once it has given a good picture.

    Args:
        name: What the camera is called in the log.
        beats: Where `camera_disconnects` and `camera_away_seconds` are counted.
        clock: What tells the time.
        events: Where `source.lost` and `source.back` are said.
    """

    def __init__(
        self, name: str, beats: ServiceHeartbeats, clock: Clock, events: Emitter = NO_EVENTS
    ) -> None:
        self._events = events
        self._lost_s: float | None = None
        self._name = name
        self._beats = beats
        self._clock = clock
        self._began_s: float | None = None
        self._counted_s = 0.0
        self._reason: str | None = None
        self.there = False
        beats.count("camera_disconnects", 0)
        beats.count("camera_away_seconds", 0)

    def lose(self) -> None:
        """
        Note that the camera, which was there, gives no more pictures.
        """
        self.there = False
        self._beats.count("camera_disconnects")
        self._begin()

    def explain(self, away: CameraUnavailable) -> None:
        """
        Log why it is away, unless that was said before.
        """
        self._begin()
        self.tick()
        self.say_lost(away.reason)
        if away.reason != self._reason:
            self._reason = away.reason
            log.warning(
                "the camera gives no pictures; trying on",
                extra={"camera": self._name, "why": away.reason, "advice": away.advice},
            )

    def opened(self) -> None:
        """
        Note that it could be opened: what made it stop is then not known.
        """
        if self._began_s is not None and self._reason is None:
            self.explain(STOPPED)

    def tick(self) -> None:
        """
        Count the time that has passed since the last call.
        """
        if self._began_s is not None:
            now_s = self._clock.monotonic_s()
            self._beats.count("camera_away_seconds", now_s - self._counted_s)
            self._counted_s = now_s

    def end(self, facts: Mapping[str, object]) -> None:
        """
        Note a good picture.
        """
        if self.there:
            return
        self.tick()
        now_s = self._clock.monotonic_s()
        away_s = 0.0 if self._began_s is None else now_s - self._began_s
        self._began_s, self._reason, self.there = None, None, True
        self.say_back()
        log.info(
            "the camera gives pictures",
            extra={"camera": self._name, "away_s": round(away_s, 1), **facts},
        )

    def say_lost(self, why: str) -> None:
        """
        Say that the source gives nothing of use, unless that was said before.
        """
        if self._lost_s is None:
            self._lost_s = self._clock.monotonic_s()
            self._events.emit("source.lost", {"source": self._name, "why": why})

    def say_back(self) -> None:
        """
        Say that it does again, if it was lost.
        """
        if self._lost_s is not None:
            away_s = round(self._clock.monotonic_s() - self._lost_s, 1)
            self._lost_s = None
            self._events.emit("source.back", {"source": self._name, "away_s": away_s})

    def _begin(self) -> None:
        if self._began_s is None:
            self._began_s = self._counted_s = self._clock.monotonic_s()
