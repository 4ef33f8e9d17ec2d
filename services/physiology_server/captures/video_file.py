"""A video file, picture by picture, with the time stamps that it has."""

import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path

import cv2

from services.physiology_server.captures.capture import Picture
from services.physiology_server.captures.opencv_feed import OpenCvFeed
from services.physiology_server.clocks.frame_rate import FrameRate
from services.physiology_server.dropped_frames import DroppedFrames
from vitalrig.clock import SystemClock

log = logging.getLogger(__name__)

JOINT_S = 2.0
"""
After the joint of a looped file, frames are not stable for this long: what is measured in them
still has the end of the file in it. Those before the joint were measured in one piece.
"""

FPS_RANGE = (1.0, 240.0)
USUAL_FPS = 30.0
"""What is taken for a header's rate that is outside the range: no camera has such a one."""

LOOKED_AT = 60
"""Pictures at the beginning of a file that its rate is measured by."""

SHORT = 0.9
"""A file that gives less than this share of the frames that it announces is damaged."""

_MS = 1_000


@dataclass(frozen=True, slots=True)
class VideoPosition:
    """
    Where in a capture a picture is.

    Attributes:
        number: Its number since capture start.
        time_s: Seconds since capture start, by the file's own time stamps.
        joint: Whether the file began anew shortly before.
    """

    number: int
    time_s: float
    joint: bool


class VideoFileReader:
    """
    Goes through a video file, once or in a loop. It is used from one thread at a time.

    In a loop numbers and times run on: the first picture follows on the last after the usual
    interval.

    Args:
        path: The file.
        drops: Where pictures that do not come later than the one before are counted.
        loop: Begin again at the end.

    Raises:
        ValueError: If the file cannot be read as a video.
    """

    def __init__(self, path: Path, drops: DroppedFrames, *, loop: bool) -> None:
        self._path = path
        self._drops = drops
        self._loop = loop
        self._rate = _measured(path)
        self._without_stamps_fps = self._rate.fps
        self._feed, self._capture = _opened(path)
        self._number = 0
        self._turn = 0
        self._began_s = 0.0
        self._grabbed = 0
        self._first_s: float | None = None
        self._last_s: float | None = None

    @property
    def fps(self) -> float:
        """
        Frames a second, by the file's time stamps; its header counts where it has none.
        """
        return self._rate.fps

    def grab(self) -> VideoPosition | None:
        """
        Go to the next picture; None at the end.
        """
        while True:
            if self._feed.grab() is None:
                if not self._turn_over():
                    return None
                continue
            at_s = self._position_s()
            self._grabbed += 1
            number = self._number
            self._number += 1
            if self._last_s is not None and at_s <= self._last_s:
                self._drops.count("time_not_rising")
                continue
            self._first_s = at_s if self._first_s is None else self._first_s
            self._last_s = at_s
            since_s = at_s - self._first_s
            time_s = self._began_s + since_s
            self._rate.add(time_s)
            return VideoPosition(number, time_s, bool(self._turn) and since_s < JOINT_S)

    def retrieve(self) -> Picture | None:
        """
        Decode the picture that was gone to: blue, green, red. None if that cannot be done.
        """
        return self._feed.retrieve()

    def close(self) -> None:
        """
        Close the file.
        """
        self._feed.close()

    def _position_s(self) -> float:
        """
        The picture's time stamp; in a file without any, as its number and the rate have it.
        """
        stamp_s: float = self._capture.get(cv2.CAP_PROP_POS_MSEC) / _MS
        if stamp_s > 0 or not self._grabbed:
            return stamp_s
        return self._grabbed / self._without_stamps_fps

    def _turn_over(self) -> bool:
        """
        At the end: begin again, if that is wanted and there was anything.
        """
        if not self._turn:
            self._check_whole()
        if not self._loop or self._first_s is None or self._last_s is None:
            return False
        try:
            feed, capture = _opened(self._path)
        except ValueError as exc:
            log.error("the video cannot be played again", extra={"why": str(exc)})
            return False
        self._feed.close()
        self._feed, self._capture = feed, capture
        self._began_s += self._last_s - self._first_s + 1 / self.fps
        self._turn += 1
        self._grabbed, self._first_s, self._last_s = 0, None, None
        return True

    def _check_whole(self) -> None:
        """
        Log if the file has given fewer frames than it announces.

        OpenCV makes their number of duration and rate where the header has none, and the rate may
        be wrong; so the seconds must be too few as well.
        """
        announced = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        claimed_fps = self._capture.get(cv2.CAP_PROP_FPS)
        seconds = 0.0 if self._first_s is None else (self._last_s or 0.0) - self._first_s
        if self._grabbed < SHORT * announced and seconds * claimed_fps < SHORT * announced:
            log.warning(
                "the video ends early; the file is damaged or incomplete",
                extra={
                    "path": str(self._path),
                    "frames": self._grabbed,
                    "announced": int(announced),
                },
            )


def _measured(path: Path) -> FrameRate:
    """
    The rate of the first pictures, by their time stamps.
    """
    feed, capture = _opened(path)
    with contextlib.closing(feed):
        claimed = capture.get(cv2.CAP_PROP_FPS)
        rate = FrameRate(claimed if FPS_RANGE[0] <= claimed <= FPS_RANGE[1] else USUAL_FPS)
        for _ in range(LOOKED_AT):
            if feed.grab() is None:
                break
            rate.add(capture.get(cv2.CAP_PROP_POS_MSEC) / _MS)
    rate.restart()
    return rate


def _opened(path: Path) -> tuple[OpenCvFeed, cv2.VideoCapture]:
    if not path.is_file():
        raise ValueError(f"{path}: there is no such video file: check the path")
    # An absolute path, because FFmpeg takes "a:b.mp4" for a protocol called a.
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise ValueError(f"{path}: cannot be read as a video: check the file and its permissions")
    return OpenCvFeed(capture, SystemClock()), capture
