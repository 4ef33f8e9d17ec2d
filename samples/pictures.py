"""Frames of a camera or a video file, as the server takes them."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np

from vitalrig.rpc import physiology_pb2 as pb

CV_8UC3 = 16
BYTES_PER_PIXEL = 3


class Pictures:
    """
    Reads pictures in a thread, so that the program hears the keyboard meanwhile.

    Args:
        video: A video file; without one the camera is read.
        camera: Number of the camera.
        as_fast_as_it_goes: Do not wait for a video's own time.

    Raises:
        OSError: If it cannot be opened.
    """

    def __init__(self, video: Path | None, camera: int, *, as_fast_as_it_goes: bool) -> None:
        # OpenCV does not bear to be closed while a thread still reads.
        self._lock = threading.Lock()
        self._source = cv2.VideoCapture(str(video) if video else camera)
        if not self._source.isOpened():
            another = "" if video else "; --camera N takes another, --video FILE a video file"
            raise OSError(f"{video or f'camera {camera}'} cannot be opened{another}")
        self._is_video = video is not None
        self._waits = self._is_video and not as_fast_as_it_goes
        self.sent = 0

    async def frames(self) -> AsyncIterator[pb.FrameWithTimestamp]:
        """Yield each picture with its time since the capture's start, until there are no more."""
        began_s = time.monotonic()
        while True:
            there, picture = await asyncio.to_thread(self._read)
            if not there:
                return
            time_s = self._time_s() if self._is_video else time.monotonic() - began_s
            if self._waits:
                await asyncio.sleep(max(0.0, began_s + time_s - time.monotonic()))
            yield _message(picture, round(time_s * 1_000_000))
            self.sent += 1

    def close(self) -> None:
        """Let the camera go, after the picture that is being read."""
        with self._lock:
            self._source.release()

    def _time_s(self) -> float:
        """
        When the picture was taken, by the file's time stamps.

        The rate in its header only counts where it has no stamps: many headers are wrong.
        """
        stamp_s = self._source.get(cv2.CAP_PROP_POS_MSEC) / 1_000
        return stamp_s or self.sent / (self._source.get(cv2.CAP_PROP_FPS) or 30.0)

    def _read(self) -> tuple[bool, np.ndarray]:
        with self._lock:
            return self._source.read()


def _message(picture: np.ndarray, timestamp_us: int) -> pb.FrameWithTimestamp:
    # OpenCV reads blue, green, red; the server wants red, green, blue.
    rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    rows, cols, _ = rgb.shape
    return pb.FrameWithTimestamp(
        timestamp=timestamp_us,
        frame=pb.Mat(
            rows=rows,
            cols=cols,
            element_type=CV_8UC3,
            element_size=BYTES_PER_PIXEL,
            data=rgb.tobytes(),
        ),
    )
