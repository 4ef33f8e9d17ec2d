"""One picture in, one frame of signals out."""

import math

import numpy as np
from numpy.typing import NDArray

from services.physiology_server.clocks.frame_rate import FrameRate
from services.physiology_server.signals.frame import Frame, Signals
from services.physiology_server.signals.rate_estimator import LONGEST_GAP_S
from services.physiology_server.vision.breathing_trace import BreathingTrace
from services.physiology_server.vision.face_tracker import FaceTracker, Sighting
from services.physiology_server.vision.light import light_code
from services.physiology_server.vision.picture import Picture
from services.physiology_server.vision.placement import placing_code
from services.physiology_server.vision.pulse_window import PulseWindow, skin_colour
from services.physiology_server.vision.regions import ABDOMEN, CHEST
from vitalrig.statuses import StatusCode

FASTEST = 0.15
"""
Speed of the face, in faces a second (about 3 cm/s), above which it moves too fast: light then
plays on the skin more than blood does.
"""

SETTLE_S = 1.0
"""Seconds after fast movement, or after a face was found, until frames are called stable."""

LEAST_BREATHING_FPS = 6.0
"""
Frames a second below which there is no breathing: noise that is sampled more slowly looks like it
to the estimator (confidence of 300 windows of noise: up to 0.70 at 3 a second, 0.36 at 8).
"""

LEAST_ABDOMEN = 0.8
"""Share of the abdomen that must be in the picture to be measured."""

# Who is well placed stays so until this much beyond the limits.
_SLACK = 0.05


class Analyser:
    """
    Measures what can be measured in the pictures of one capture.

    Pulse is the colour of forehead and cheeks by the POS method (`pulse`), breathing the rise of
    the chest (`chest`). Eyelids, speech, skin conductance, glutes and knees are not measured, and
    neither is pressure: they stay None. Nor is there a value while the status forbids it, while
    the face moves fast, and until there is enough to make one from. A chest that does not show
    forbids breathing only.

    Args:
        fps: Frames a second to expect until they have been measured, by the times given.

    Raises:
        ValueError: If *fps* is not a positive number.
    """

    def __init__(self, fps: float) -> None:
        if not (math.isfinite(fps) and fps > 0):
            raise ValueError(f"fps is a positive number, not {fps}")
        self._fps = fps
        self.reset()

    def reset(self) -> None:
        """
        Forget what was seen, as at the start of a capture.
        """
        self._tracker = FaceTracker()
        self._pulse = PulseWindow()
        self._upper = BreathingTrace(CHEST)
        self._lower = BreathingTrace(ABDOMEN)
        self._status = StatusCode.PROCESSING_NOT_STARTED
        self._size: tuple[int, int] | None = None
        self._last_s: float | None = None
        self._stable_from_s = -math.inf
        self._rate = FrameRate(self._fps)

    def analyse(self, rgb: NDArray[np.uint8], time_s: float, index: int) -> Frame:
        """
        Measure *rgb*, the next picture.

        After a step back in time, a gap of more than half a second or a change of size it starts
        anew.

        Args:
            rgb: Height x width x 3, in RGB order.
            time_s: Seconds since capture start.
            index: Number of the frame.

        Raises:
            ValueError: If *rgb* is not such an array.
        """
        picture = Picture.of(rgb)
        gap_s = time_s - self._last_s if self._last_s is not None else 0.0
        if gap_s < 0 or gap_s > LONGEST_GAP_S or self._size not in (None, picture.size):
            self.reset()
        self._rate.add(time_s)
        self._last_s, self._size = time_s, picture.size
        face = self._tracker.update(picture.grey, time_s)
        self._status = self._judge(picture, face)
        moving = face.fresh or face.speed > FASTEST
        if moving:
            self._stable_from_s = time_s + SETTLE_S
        signals = self._measure(picture, face, time_s, moving=moving)
        return Frame(index, time_s, signals, self._status, stable=time_s >= self._stable_from_s)

    def _judge(self, picture: Picture, face: Sighting) -> StatusCode:
        slack = _SLACK if self._status == StatusCode.OK else 0.0
        light = light_code(picture, face.box, slack)
        if light != StatusCode.OK:
            return light
        if face.box is None:
            return StatusCode.NO_FACES_FOUND
        if face.several:
            return StatusCode.MORE_THAN_ONE_FACE_FOUND
        return placing_code(face.box, picture.size, slack)

    def _measure(self, picture: Picture, face: Sighting, time_s: float, *, moving: bool) -> Signals:
        """
        The signals of a picture whose status is known.
        """
        no_chest = self._status == StatusCode.CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING
        if face.box is None or moving or not (self._status == StatusCode.OK or no_chest):
            self._pulse.clear()
            if face.box is None or face.fresh:
                self._upper.clear()
                self._lower.clear()
            return Signals()
        colour = skin_colour(picture.rgb, face.box)
        if face.was is not None:
            self._pulse.rescale(colour / np.maximum(skin_colour(picture.rgb, face.was), 1e-6))
        pulse = self._pulse.add(time_s, colour)
        if no_chest or self._rate.fps < LEAST_BREATHING_FPS:
            return Signals(pulse=pulse)
        upper = self._upper.add(picture.grey, face.box, face.y, time_s)
        lower = None
        if face.box.part(ABDOMEN).share_within(picture.size) >= LEAST_ABDOMEN:
            lower = self._lower.add(picture.grey, face.box, face.y, time_s)
        return Signals(pulse=pulse, upper_breathing=upper, lower_breathing=lower)
