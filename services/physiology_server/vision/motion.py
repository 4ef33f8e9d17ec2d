"""How far what a region shows has moved since it was first looked at."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.physiology_server.vision.picture import Pixels
from services.physiology_server.vision.regions import Rect

Plane = NDArray[np.float32]

LEAST_TEXTURE = 1.0
"""
Mean square of the vertical gradient, in grey levels a pixel, that a region needs: below it
there is little more than sensor noise, and noise has a displacement of its own every frame.
"""

_TALLEST_PX = 56
_BLUR_PX = 1.2
_ROUNDS = 5
_CLOSE_ENOUGH_PX = 0.003
# The rim is not compared, since what lies there may have moved in or out.
_RIM = 0.12
_LEAST_SIDE_PX = 8
_LEAST_DEVIATION = 0.5


@dataclass(frozen=True, slots=True)
class Shift:
    """
    How far a region's content has moved.

    Attributes:
        x: To the right, in pixels of the picture.
        y: Down, likewise.
        likeness: Correlation with what was there first, moved so: 1 is the very same.
    """

    x: float
    y: float
    likeness: float


class Keyframe:
    """
    A region of one picture, against which later pictures are compared.

    Shifts are relative to this one picture, so that errors do not add up from frame to frame.
    They are found by least squares on the brightness gradient (Lucas and Kanade 1981, for the
    translation of a whole region, in the inverse compositional form of Baker and Matthews 2004),
    to a few hundredths of a pixel. Each picture is brought to equal mean and contrast first, so
    light that changes does not count as movement.

    Args:
        grey: The picture.
        region: Which part of it; it stays at this place in all later pictures.

    Raises:
        ValueError: If the region shows too little to follow.
    """

    def __init__(self, grey: Pixels, region: Rect) -> None:
        self._left, self._top, self._right, self._bottom = region.within(
            (grey.shape[1], grey.shape[0])
        )
        width_px, height_px = self._right - self._left, self._bottom - self._top
        if min(width_px, height_px) < _LEAST_SIDE_PX:
            raise ValueError("the region is too small to follow")
        self._scale = min(1.0, _TALLEST_PX / height_px)
        self._size = (max(2, round(width_px * self._scale)), max(2, round(height_px * self._scale)))
        plain = self._reduced(grey)
        rim_x, rim_y = round(_RIM * self._size[0]), round(_RIM * self._size[1])
        self._inner = np.s_[rim_y : self._size[1] - rim_y, rim_x : self._size[0] - rim_x]
        texture = float(np.mean(np.gradient(plain, axis=0)[self._inner] ** 2))
        if texture < LEAST_TEXTURE:
            raise ValueError("the region is too plain to follow")
        normal = self._normal(plain[self._inner])
        self._first = normal
        # Gradients of the normalised picture, from the whole one so that the rim is known.
        deviation = max(float(plain[self._inner].std()), _LEAST_DEVIATION)
        down, right = np.gradient(plain / deviation)
        self._gradients = np.stack([right[self._inner].ravel(), down[self._inner].ravel()])
        hessian = self._gradients @ self._gradients.T
        hessian += 1e-3 * np.trace(hessian) * np.eye(2, dtype=hessian.dtype)
        self._solve = np.linalg.inv(hessian) @ self._gradients
        self._last = np.zeros(2)

    def shift(self, grey: Pixels) -> Shift:
        """
        Find how far the content has moved in *grey*, starting from where it was last.
        """
        now = self._reduced(grey)
        at = self._last.copy()
        for _ in range(_ROUNDS):
            error = self._normal(self._moved(now, at)) - self._first
            step = self._solve @ error.ravel()
            at -= step
            if float(np.abs(step).max()) < _CLOSE_ENOUGH_PX:
                break
        limit = np.array(self._size) / 2
        at = np.clip(at, -limit, limit)
        likeness = float(np.mean(self._normal(self._moved(now, at)) * self._first))
        self._last = at
        return Shift(float(at[0]) / self._scale, float(at[1]) / self._scale, likeness)

    def _reduced(self, grey: Pixels) -> Plane:
        """
        The region at working size, slightly blurred so that gradients hold for a pixel or so.
        """
        region = grey[self._top : self._bottom, self._left : self._right]
        small = cv2.resize(region, self._size, interpolation=cv2.INTER_AREA)
        smooth = cv2.GaussianBlur(small.astype(np.float32), (0, 0), _BLUR_PX)
        return np.asarray(smooth, dtype=np.float32)

    def _moved(self, plane: Plane, at: NDArray[np.float64]) -> Plane:
        """
        The inner part of *plane* as it was before it moved by *at*.
        """
        matrix = np.array([[1, 0, at[0]], [0, 1, at[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(
            plane, matrix, self._size, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(moved[self._inner], dtype=np.float32)

    @staticmethod
    def _normal(plane: Plane) -> Plane:
        centred = plane - plane.mean()
        normal: Plane = centred / max(float(plane.std()), _LEAST_DEVIATION)
        return normal
