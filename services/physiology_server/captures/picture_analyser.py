"""From a picture to a frame of signals, and which pictures are none."""

import logging
from collections.abc import Callable
from typing import Any, Protocol, TypeGuard

import cv2
import numpy as np
from numpy.typing import NDArray

from services.physiology_server.captures.capture import Picture
from services.physiology_server.signals.frame import Frame
from services.physiology_server.transforms import Transform

log = logging.getLogger(__name__)

FROZEN_AFTER_S = 2.0
"""No sensor gives the same bytes for this long: its noise alone changes them."""

_CHANNELS = 3
_STEP_PX = 16
"""Every 16th pixel of every 16th row is looked at first: in most pictures that is enough."""

_TORN_SHARE = 16
"""A picture is torn when its lowest 16th was never filled."""

# What the missing rest of a picture looks like: YUYV that stayed zero, and JPEG's middle grey.
_FILLERS = np.array(
    [
        cv2.cvtColor(np.zeros((1, 2, 2), np.uint8), cv2.COLOR_YUV2BGR_YUYV)[0, 0],
        (128, 128, 128),
    ],
    dtype=np.uint8,
)


class Analysis(Protocol):
    """What measures the signals in the pictures of one capture."""

    def analyse(self, rgb: NDArray[np.uint8], time_s: float, index: int) -> Frame:
        """Measure the next picture."""
        ...

    def reset(self) -> None:
        """Forget what was seen."""
        ...


MakeAnalysis = Callable[[float], Analysis]
"""Makes the analysis of a capture, given the frames a second to expect until they are measured."""


class PictureAnalyser:
    """
    Turns pictures and has them measured. It is used from one thread at a time.

    Args:
        analysis: What measures them.
        transform: How they are turned before.
    """

    def __init__(self, analysis: Analysis, transform: Transform) -> None:
        self._analysis = analysis
        self._transform = transform
        self._failed = False

    def see(self, rgb: Picture, time_s: float, index: int) -> tuple[Frame, Picture] | None:
        """
        Measure *rgb*.

        Returns:
            The frame, and the picture as it was measured; None if OpenCV cannot work with it.
        """
        turned = np.ascontiguousarray(self._transform.apply(rgb))
        try:
            return self._analysis.analyse(turned, time_s, index), turned
        except cv2.error:
            if not self._failed:
                log.exception("a picture could not be analysed; it is counted as bad")
            self._failed = True
            return None

    def reset(self) -> None:
        """
        Begin anew: what comes next does not follow on what came before.
        """
        self._analysis.reset()


def to_rgb(bgr: Picture) -> Picture:
    """
    Put OpenCV's channels into our order.
    """
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def is_picture(thing: Any) -> TypeGuard[Picture]:  # noqa: ANN401  it may be anything
    """
    Whether *thing* has the form of a picture at all.
    """
    return (
        isinstance(thing, np.ndarray)
        and thing.dtype == np.uint8
        and thing.ndim == _CHANNELS
        and thing.shape[2] == _CHANNELS
        and thing.size > 0
    )


def broken(bgr: Picture) -> bool:
    """
    Whether a camera's picture is of one colour throughout, or its lower part was never filled.
    """
    if _of_one_colour(bgr):
        return True
    lowest = bgr[-(bgr.shape[0] // _TORN_SHARE) or -1 :]
    return bool((lowest[-1, -1] == _FILLERS).all(axis=1).any()) and _of_one_colour(lowest)


def _of_one_colour(pixels: Picture) -> bool:
    few = pixels[::_STEP_PX, ::_STEP_PX]
    return bool((few == few[0, 0]).all()) and bool((pixels == pixels[0, 0]).all())


class FrozenPictureDetector:
    """
    Notices a picture that is frozen: the same, to the byte, for more than two seconds.
    """

    def __init__(self) -> None:
        self._last: Picture | None = None
        self._since_s = 0.0

    def frozen(self, picture: Picture, time_s: float) -> bool:
        """
        Whether *picture*, taken at *time_s*, has stood still for too long.
        """
        if self._last is None or not _same(self._last, picture):
            self._last, self._since_s = picture, time_s
        return time_s - self._since_s > FROZEN_AFTER_S


def _same(one: Picture, other: Picture) -> bool:
    return (
        one.shape == other.shape
        and np.array_equal(one[::_STEP_PX, ::_STEP_PX], other[::_STEP_PX, ::_STEP_PX])
        and np.array_equal(one, other)
    )
