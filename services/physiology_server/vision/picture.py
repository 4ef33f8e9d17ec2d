"""A picture as the analysis sees it: checked, and no larger than it needs to be."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Colour = NDArray[np.float64]

LONGEST_SIDE_PX = 640
"""
Larger pictures are reduced to this by averaging areas, which keeps all light and costs no
accuracy in a mean; so a picture of any size takes about the same time.
"""

_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Picture:
    """
    One picture at working size.

    Attributes:
        rgb: Height x width x 3.
        grey: Its luminance, height x width.
    """

    rgb: Pixels
    grey: Pixels

    @classmethod
    def of(cls, rgb: Pixels) -> Self:
        """
        Check *rgb* and bring it to working size.

        Raises:
            ValueError: If it is not an H x W x 3 array of uint8 with at least one pixel.
        """
        if (
            not isinstance(rgb, np.ndarray)
            or rgb.dtype != np.uint8
            or rgb.ndim != _CHANNELS
            or rgb.shape[2] != _CHANNELS
            or rgb.size == 0
        ):
            got = f"{rgb.dtype} {rgb.shape}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
            raise ValueError(f"a picture is an H x W x 3 array of uint8 in RGB order, not {got}")
        work = np.ascontiguousarray(rgb)
        height, width = work.shape[:2]
        scale = LONGEST_SIDE_PX / max(height, width)
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            work = _bytes(cv2.resize(work, size, interpolation=cv2.INTER_AREA))
        return cls(work, _bytes(cv2.cvtColor(work, cv2.COLOR_RGB2GRAY)))

    @property
    def size(self) -> tuple[int, int]:
        """
        Width and height in pixels.
        """
        return self.grey.shape[1], self.grey.shape[0]


def _bytes(pixels: object) -> Pixels:
    """
    *pixels* with the type that OpenCV's annotations leave open.
    """
    return np.asarray(pixels, dtype=np.uint8)
