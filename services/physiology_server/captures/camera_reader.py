"""The thread that reads a camera, opens it anew when it is lost, and hands good pictures over."""

import contextlib
import logging
import threading
from dataclasses import dataclass
from typing import Protocol

from services.physiology_server.captures.availability import Availability
from services.physiology_server.captures.capture import Picture
from services.physiology_server.captures.opencv_feed import CameraUnavailable, Feed
from services.physiology_server.captures.picture_analyser import FrozenPictureDetector, broken
from services.physiology_server.captures.thread_bridge import ThreadBridge
from services.physiology_server.clocks.frame_rate import FrameRate
from services.physiology_server.clocks.live import LiveClock
from services.physiology_server.dropped_frames import DroppedFrames
from smartspectra.ipc.storage.outage import Outage
from vitalrig.clock import Clock
from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.service.heartbeats import ServiceHeartbeats

log = logging.getLogger(__name__)

TICK_S = 0.5
FIRST_WAIT_S = 0.5
"""Short, so that a loose plug costs little; each further pause is twice as long."""

NOTHING_GOOD_S = 5.0
"""A camera that gives nothing but broken or frozen pictures for this long is opened anew."""

FROZEN = "its picture is frozen"

MUTE = CameraUnavailable(
    "it opens but gives no good picture",
    "close the program that may be using it, or plug it in anew",
)


class Opener(Protocol):
    """How a camera is opened, again and again. All of it is called from one thread."""

    @property
    def name(self) -> str:
        """What the camera is called in the log; without credentials."""
        ...

    @property
    def longest_wait_s(self) -> float:
        """The longest pause between two attempts."""
        ...

    def open(self) -> Feed:
        """
        Open it.

        Raises:
            CameraUnavailable: If that cannot be done for now.
        """
        ...

    def close(self) -> None:
        """Let go of what is kept between attempts."""
        ...


@dataclass(frozen=True, slots=True)
class CameraPicture:
    """
    A good picture.

    Attributes:
        bgr: The picture, with OpenCV's order of channels.
        number: Its number, from 0; broken ones have numbers as well.
        time_s: Seconds since the first good picture.
        stamp_us: When it was taken, in us since the epoch.
        run: Changes when the picture does not follow on the one before, such as after an absence.
    """

    bgr: Picture
    number: int
    time_s: float
    stamp_us: int
    run: int


class CameraReader:
    """
    Reads a camera until it is stopped.

    Args:
        opener: How the camera is opened.
        handover: Takes the good pictures.
        clock: What tells the time.
        beats: Where absences and stalls are counted.
        drops: Where broken pictures are counted.
        rate: Measures how many pictures come, good or not.
        events: Where absences and clock jumps are said.
    """

    def __init__(
        self,
        opener: Opener,
        handover: ThreadBridge[CameraPicture],
        clock: Clock,
        beats: ServiceHeartbeats,
        drops: DroppedFrames,
        rate: FrameRate,
        events: Emitter = NO_EVENTS,
    ) -> None:
        self._opener = opener
        self._handover = handover
        self._clock = clock
        self._beats = beats
        self._drops = drops
        self._rate = rate
        self._absence = Availability(opener.name, beats, clock, events)
        self._outage = Outage(FIRST_WAIT_S, opener.longest_wait_s, clock.monotonic_s)
        self._time = LiveClock(clock, beats, events)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="camera", daemon=True)
        # A frozen picture stays frozen when the camera is opened anew and gives the same again.
        self._stillness = FrozenPictureDetector()
        self._number = 0
        self._run = 0
        self._frozen = False
        beats.count("camera_stalls", 0)

    @property
    def seeing(self) -> bool:
        """
        Whether the camera is there, and its picture not frozen.
        """
        return self._absence.there and not self._frozen

    def start(self) -> None:
        """
        Begin to read.
        """
        self._thread.start()

    def stop(self) -> None:
        """
        End after the picture that is being waited for.
        """
        self._stop.set()

    def join(self, timeout_s: float) -> None:
        """
        Wait for the end. A device that hangs is left to its own timeout, and closed then.
        """
        self._thread.join(timeout_s)

    def _work(self) -> None:
        try:
            with contextlib.closing(self._opener):
                self._read_on()
        except BaseException as exc:  # noqa: BLE001  raised where the pictures are taken
            self._handover.fail(exc)

    def _read_on(self) -> None:
        """
        Open, read to the end, open again.
        """
        while not self._stop.is_set():
            try:
                feed = self._opener.open()
            except CameraUnavailable as away:
                self._pause(away)
                continue
            with contextlib.closing(feed):
                self._absence.opened()
                self._run += 1
                self._read(feed)
            if self._stop.is_set():
                return
            if self._absence.there:
                self._outage.end()
                self._absence.lose()
            else:
                self._pause(MUTE)

    def _read(self, feed: Feed) -> None:
        """
        Read until the pictures end, or until none has been good for too long.
        """
        shape: tuple[int, ...] | None = None
        self._rate.restart()
        good_s = self._clock.monotonic_s()
        while not self._stop.is_set() and self._clock.monotonic_s() - good_s <= NOTHING_GOOD_S:
            taken_s = feed.grab()
            if taken_s is None:
                return
            self._rate.add(taken_s)
            number = self._number
            self._number += 1
            bgr = feed.retrieve()
            if bgr is None or shape not in (None, bgr.shape) or broken(bgr):
                self._drops.count("bad_picture")
                continue
            shape = bgr.shape
            if self._stands_still(self._stillness.frozen(bgr, taken_s)):
                self._drops.count("bad_picture")
                continue
            good_s = self._clock.monotonic_s()
            self._absence.end(feed.facts)
            placed = self._time.place(taken_s)
            if placed is None:
                self._drops.count("time_not_rising")
                continue
            self._handover.put(CameraPicture(bgr, number, *placed, self._run))

    def _stands_still(self, frozen: bool) -> bool:
        if frozen and not self._frozen:
            self._beats.count("camera_stalls")
            self._absence.say_lost(FROZEN)
            log.warning(
                "the camera's picture is frozen; frames are left out until it moves",
                extra={"camera": self._opener.name},
            )
        elif self._frozen and not frozen:
            self._run += 1
            self._absence.say_back()
            log.info("the camera's picture moves again", extra={"camera": self._opener.name})
        self._frozen = frozen
        return frozen

    def _pause(self, away: CameraUnavailable) -> None:
        """
        Say why there is no camera, and leave it alone for a while.
        """
        self._absence.explain(away)
        self._outage.fail(away.reason)
        while (left_s := self._outage.left_s) > 0:
            if self._stop.wait(min(left_s, TICK_S)):
                return
            self._absence.tick()
