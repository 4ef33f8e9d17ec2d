"""Faces in a picture, by OpenCV's frontal cascade."""

from functools import cache
from pathlib import Path

import cv2
from cv2.data import haarcascades

from services.physiology_server.vision.picture import Pixels
from services.physiology_server.vision.regions import Box

SHORT_SIDE_PX = 240
"""
The search is made at this size, in which a face that is not too small has 38 pixels or more;
with a fifth less, faces of that size are often missed.
"""

LEAST_FACE = 0.12
"""Smallest face looked for, as a share of the short side."""

SECOND_FACE = 0.5
"""
A second face counts if it is at least this large compared with the first: what is smaller is
too far behind the subject to be taken for it, or the cascade's mistake.
"""

_STEP = 1.15
# So many overlapping hits make a face; with fewer, folds of clothes become faces.
_NEIGHBOURS = 5
# The cascade knows no smaller ones.
_LEAST_PX = 20


def find_faces(grey: Pixels) -> list[Box]:
    """
    Find the faces in *grey*.

    Returns:
        The largest first, then those that are not much smaller.
    """
    short_px = min(grey.shape)
    scale = min(1.0, SHORT_SIDE_PX / short_px)
    least_px = max(_LEAST_PX, round(LEAST_FACE * short_px * scale))
    if short_px * scale < least_px:
        return []
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    hits = _cascade().detectMultiScale(small, _STEP, _NEIGHBOURS, minSize=(least_px, least_px))
    boxes = [
        Box((x + side / 2) / scale, (y + side / 2) / scale, side / scale)
        for x, y, side, _ in (map(int, hit) for hit in hits)
    ]
    boxes.sort(key=lambda box: (-box.side, box.x, box.y))
    return [box for box in boxes if box.side >= SECOND_FACE * boxes[0].side]


@cache
def _cascade() -> cv2.CascadeClassifier:
    """
    The one of OpenCV's frontal cascades that is fastest, and mistakes least for a face.
    """
    path = Path(haarcascades) / "haarcascade_frontalface_alt2.xml"
    return cv2.CascadeClassifier(str(path))
