"""OpenCV's video input, set up so that it neither hangs for long nor writes to the terminal."""

import os
from collections.abc import Mapping
from typing import Protocol

# OpenCV reads these when it is first used. What a person has set stays as it is.
# A camera that hangs is given up after 2 s, not 10. FFmpeg is silent: what matters is in our
# log, which leaves out the credentials in a URL.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2
import numpy as np

from services.physiology_server.captures.capture import Picture
from vitalrig.clock import Clock
from vitalrig.errors import Unavailable

if "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)

OLDEST_S = 2.0
"""A driver's time stamp that lies further back than this is not of the monotonic clock."""

_MS = 1_000


class CameraUnavailable(Unavailable):
    """
    No picture can be had for now. Log it, wait, then try again.

    Args:
        reason: What is wrong.
        advice: What a person can do.
    """

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}: {advice}")
        self.reason = reason
        self.advice = advice


class Feed(Protocol):
    """An open device, file or stream. All of it is called from one thread."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What it has settled on: width, height and the like, for the log."""
        ...

    def grab(self) -> float | None:
        """
        Wait for the next picture.

        Returns:
            When it was taken, on the monotonic clock; None if no more come.
        """
        ...

    def retrieve(self) -> Picture | None:
        """Decode what was grabbed: blue, green, red. None if that cannot be done."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class OpenCvFeed:
    """
    What `cv2.VideoCapture` has opened.

    Args:
        capture: OpenCV's object, open.
        clock: What tells the time.
        driver_times: Whether `CAP_PROP_POS_MSEC` may be the driver's stamp on the monotonic
            clock. It is believed as long as it lies shortly before the arrival; drivers that
            stamp otherwise are left to the time of arrival, for good.
    """

    def __init__(
        self, capture: cv2.VideoCapture, clock: Clock, *, driver_times: bool = False
    ) -> None:
        self._capture = capture
        self._clock = clock
        self._driver_times = driver_times

    @property
    def facts(self) -> dict[str, object]:
        """
        Width, height, frames per second and codec, as the driver or the stream says.
        """
        fourcc = int(self._capture.get(cv2.CAP_PROP_FOURCC))
        letters = fourcc.to_bytes(4, "little", signed=fourcc < 0)
        return {
            "width": int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            "height": int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
            "fps": round(self._capture.get(cv2.CAP_PROP_FPS), 3),
            "codec": letters.decode("ascii", "replace").strip("\0 "),
        }

    def grab(self) -> float | None:
        """
        Wait for the next picture.
        """
        if not self._capture.grab():
            return None
        arrived_s = self._clock.monotonic_s()
        if self._driver_times:
            taken_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / _MS
            if 0 <= arrived_s - taken_s <= OLDEST_S:
                return taken_s
            self._driver_times = False
        return arrived_s

    def retrieve(self) -> Picture | None:
        """
        Decode what was grabbed.
        """
        try:
            decoded, picture = self._capture.retrieve()
        except cv2.error:
            return None
        return np.asarray(picture, dtype=np.uint8) if decoded and picture is not None else None

    def close(self) -> None:
        """
        Let go of the device or the stream.
        """
        self._capture.release()
