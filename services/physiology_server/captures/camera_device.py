"""A camera of this machine, by V4L2."""

import errno
import os

import cv2

from services.physiology_server.captures.live_capture import LiveCapture
from services.physiology_server.captures.opencv_feed import CameraUnavailable, OpenCvFeed
from services.physiology_server.captures.picture_analyser import MakeAnalysis
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.transforms import Transform
from vitalrig.clock import Clock
from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.service.heartbeats import ServiceHeartbeats

LONGEST_WAIT_S = 10.0

_PLUG_IN = "plug it in, and check camera_device_index; a container needs the device passed to it"
_WHY_NOT = {
    errno.ENOENT: ("there is no such device", _PLUG_IN),
    errno.ENODEV: ("there is no camera behind the device", _PLUG_IN),
    errno.ENXIO: ("there is no camera behind the device", _PLUG_IN),
    errno.EACCES: (
        "this user may not open it",
        "add the user to the group video, and in a container add that group's number",
    ),
    errno.EPERM: (
        "this container or service may not open it",
        "pass the device to the container, or allow it in the service's device policy",
    ),
    errno.EBUSY: ("it is busy", "close the other program that uses it"),
}
_NO_PICTURES = CameraUnavailable(
    "it opens but cannot be set up for pictures",
    "close the other program that may be using it; if there is none, check that it is a camera",
)


class CameraDevice:
    """
    Opens a camera with the size, rate and codec asked for, or the nearest that it has.

    Args:
        device: Its number, or the path of its device.
        clock: What tells the time.
        width: Wanted width in pixels.
        height: Wanted height in pixels.
        fps: Wanted frames per second.
    """

    longest_wait_s = LONGEST_WAIT_S

    def __init__(
        self, device: int | str, clock: Clock, *, width: int, height: int, fps: float
    ) -> None:
        self.name = f"/dev/video{device}" if isinstance(device, int) else device
        self._clock = clock
        self._width = width
        self._height = height
        self._fps = fps

    def open(self) -> OpenCvFeed:
        """
        Open the camera.

        Raises:
            CameraUnavailable: If that cannot be done, with the reason that the system gives.
        """
        self._knock()
        capture = cv2.VideoCapture(self.name, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise _NO_PICTURES
        # The codec comes first: it decides which sizes and rates there are. Most USB cameras
        # reach full rate at large sizes only with MJPG; one without it keeps its own.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._height)
        capture.set(cv2.CAP_PROP_FPS, self._fps)
        return OpenCvFeed(capture, self._clock, driver_times=True)

    def close(self) -> None:
        """
        Nothing is kept between attempts.
        """

    def _knock(self) -> None:
        """
        Learn from the system what is in the way, which OpenCV does not say.
        """
        try:
            os.close(os.open(self.name, os.O_RDWR | os.O_NONBLOCK))
        except OSError as exc:
            reason, advice = _WHY_NOT.get(
                exc.errno or 0, (f"it cannot be opened ({exc.strerror})", _PLUG_IN)
            )
            raise CameraUnavailable(reason, advice) from exc


def camera_capture(
    device: int | str,
    clock: Clock,
    beats: ServiceHeartbeats,
    drops: DroppedFrames,
    make_analysis: MakeAnalysis,
    *,
    width: int = 1280,
    height: int = 720,
    fps: float = 30.0,
    transform: Transform = Transform.NONE,
    events: Emitter = NO_EVENTS,
) -> LiveCapture:
    """
    Make the capture of a camera, which need not be there yet.

    Args:
        device: Its number, or the path of its device.
        clock: What tells the time.
        beats: Where absences, stalls and clock jumps are counted.
        drops: Where dropped frames are counted.
        make_analysis: Makes what measures the pictures.
        width: Wanted width in pixels.
        height: Wanted height in pixels.
        fps: Wanted frames per second.
        transform: How pictures are turned before.
        events: Where absences and clock jumps are said.
    """
    return LiveCapture(
        lambda: CameraDevice(device, clock, width=width, height=height, fps=fps),
        clock,
        beats,
        drops,
        make_analysis,
        transform=transform,
        fps=fps,
        events=events,
    )
