"""Whether the subject sits where it can be measured."""

from services.physiology_server.vision.regions import CHEST, Box
from vitalrig.statuses import StatusCode

SMALLEST_FACE = 0.16
"""
Least height of the face as a share of the picture's short side: 77 pixels in 480 lines, where
forehead and cheeks have 1100. Of a noise of 2 grey levels their mean keeps 0.06, which is a tenth
of a usual pulse in well-lit skin.
"""

LARGEST_FACE = 0.60
"""Greatest height likewise: there is no room for a chest below it, and lenses distort it."""

FARTHEST_FROM_MIDDLE = 0.25
"""
Greatest distance of the face's centre from the middle, to the sides, as a share of the width:
farther out it leaves the picture with the next movement.
"""

HIGHEST_CENTRE = 0.12
"""Least distance of the face's centre from the upper edge, as a share of the height."""

LOWEST_CENTRE = 0.75
"""Greatest distance of it likewise."""

LEAST_CHEST = 0.6
"""Share of the chest region that must be in the picture, so that it shows a shoulder's outline."""


def placing_code(box: Box, size: tuple[int, int], slack: float = 0.0) -> StatusCode:
    """
    Judge where the face is in a picture of *size* (width, height).

    Args:
        box: The face.
        size: Of the picture, in pixels.
        slack: How much further than the limits is still allowed, as a share of them.
    """
    width, height = size
    share = box.side / min(size)
    if not SMALLEST_FACE * (1 - slack) <= share <= LARGEST_FACE * (1 + slack):
        return StatusCode.FACE_TOO_BIG_OR_TOO_SMALL
    beside = abs(box.x / width - 0.5)
    if (
        beside > FARTHEST_FROM_MIDDLE * (1 + slack)
        or box.y / height < HIGHEST_CENTRE * (1 - slack)
        or box.y / height > LOWEST_CENTRE * (1 + slack)
    ):
        return StatusCode.FACE_NOT_CENTERED
    if box.part(CHEST).share_within(size) < LEAST_CHEST * (1 - slack):
        return StatusCode.CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING
    return StatusCode.OK
