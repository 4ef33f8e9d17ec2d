"""Uploaded pictures: from what came over the wire to an array, or not at all."""

from collections.abc import Awaitable
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.physiology_server.rpc.message_shapes import Mat
from vitalrig.statuses import DropReason

COLOUR, GREY = (16, 3), (0, 1)
"""OpenCV's type and the bytes of a pixel: CV_8UC3 and CV_8UC1."""


class PictureSink(Protocol):
    """Where pictures go, one after the other."""

    def put(self, picture: NDArray[np.uint8], timestamp_us: int) -> Awaitable[DropReason | None]:
        """
        Hand over a picture; wait until there is room for it.

        Who implements it counts what it leaves out.

        Args:
            picture: Height x width x 3, in the order red, green, blue; read only.
            timestamp_us: When it was captured, in us since the capture started.

        Returns:
            None if it is used, else why not.

        Raises:
            InvalidState: While another client uploads.
        """
        ...


class PictureUploads(PictureSink, Protocol):
    """Where uploaded pictures go; a client that has many claims it for itself."""

    def claim(self) -> AbstractContextManager[PictureSink]:
        """
        Keep others out for a while.

        Raises:
            InvalidState: While another client uploads.
        """
        ...


def picture_of(mat: Mat) -> NDArray[np.uint8] | None:
    """
    The picture as height x width x 3 bytes, without a copy where it has colours; None if bad.
    """
    kind = (
        COLOUR[0] if mat.element_type is None else mat.element_type,
        COLOUR[1] if mat.element_size is None else mat.element_size,
    )
    if kind not in (COLOUR, GREY) or mat.rows <= 0 or mat.cols <= 0:
        return None
    if len(mat.data) != mat.rows * mat.cols * kind[1]:
        return None
    pixels = np.frombuffer(mat.data, np.uint8).reshape(mat.rows, mat.cols, kind[1])
    return pixels if kind == COLOUR else np.repeat(pixels, 3, axis=2)
