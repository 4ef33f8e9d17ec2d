"""How many frames a second there are, by the times of the frames."""

from collections import deque

OVER_S = 5.0
"""Seconds of frames that the rate is measured over."""

LEAST_S = 0.5
"""Seconds of frames that it takes to measure a rate at all."""


class FrameRate:
    """
    Frames a second as they come, whatever was asked for or is written in a file's header.

    Headers and drivers are often wrong: a browser's recording says 1,000, and a camera that is
    asked for 60 may give 25.

    Args:
        expected_fps: The rate until one is measured.

    Attributes:
        fps: Frames a second, over the last five seconds of frames.
    """

    def __init__(self, expected_fps: float) -> None:
        self.fps = expected_fps
        self._times_s: deque[float] = deque()

    def add(self, time_s: float) -> None:
        """
        Take the time of the next frame. One that is not later than the frame before is not a frame.
        """
        times_s = self._times_s
        if times_s and time_s <= times_s[-1]:
            return
        times_s.append(time_s)
        while time_s - times_s[0] > OVER_S:
            times_s.popleft()
        if (span_s := time_s - times_s[0]) >= LEAST_S:
            self.fps = (len(times_s) - 1) / span_s

    def restart(self) -> None:
        """
        Begin to measure anew, after a time without frames. The rate stays until then.
        """
        self._times_s.clear()
