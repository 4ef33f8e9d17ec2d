"""Whether there is enough light, and not too much."""

import numpy as np

from services.physiology_server.vision.picture import Picture
from services.physiology_server.vision.regions import Box
from vitalrig.statuses import StatusCode

DARKEST = 30.0
"""
Mean luminance (of 255) below which it is too dark: a pulse of half a percent is 0.15 grey levels
of it, no more than twice the noise that is left in the mean of the smallest face (see `placing`).
"""

BRIGHTEST = 225.0
"""Mean luminance above which it is too bright: highlights are clipped, and have no pulse."""

MOST_CLIPPED = 0.3
"""Share of pixels with a channel at its end above which a face is too bright, whatever the mean."""

MOST_CLIPPED_PICTURE = 0.5
"""The same for a whole picture: a white wall may be as bright, but then no face is found."""

_FULL = 254
_LEAST_PX = 2


def light_code(picture: Picture, box: Box | None, slack: float = 0.0) -> StatusCode:
    """
    Judge the light on the face, or in the whole picture when *box* is None.

    Args:
        picture: What is judged.
        box: Where the face is.
        slack: How much further than the limits is still allowed, as a share of them; with some
            of it a status that holds does not flicker at the limit.
    """
    rgb, grey, most_clipped = picture.rgb, picture.grey, MOST_CLIPPED_PICTURE
    if box is not None:
        left, top, right, bottom = box.whole().within(picture.size)
        if min(right - left, bottom - top) >= _LEAST_PX:
            rgb, grey = rgb[top:bottom, left:right], grey[top:bottom, left:right]
            most_clipped = MOST_CLIPPED
    mean = float(grey.mean())
    if mean < DARKEST * (1 - slack):
        return StatusCode.IMAGE_TOO_DARK
    if mean > BRIGHTEST * (1 + slack):
        return StatusCode.IMAGE_TOO_BRIGHT
    clipped = float(np.mean((rgb >= _FULL).any(axis=2)))
    if clipped > most_clipped * (1 + slack):
        return StatusCode.IMAGE_TOO_BRIGHT
    return StatusCode.OK
