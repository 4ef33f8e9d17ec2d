"""Pictures of a person whose pulse and breathing are known exactly, because they are drawn."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

# In pixels of scikit-image's portrait (512 x 512, public domain, NASA), of which the upper part
# is shown.
SHOWN_ROWS = 384
_SKIN_CENTRE, _SKIN_AXES = (226, 128), (42, 55)
_NECK_ROWS = (180, 205)

BLOOD = np.array([0.33, 0.77, 0.53])
"""How much red, green and blue darken with blood in the skin, relative to one another."""


@dataclass(frozen=True)
class Portrait:
    """
    A person facing the camera.

    Attributes:
        base: The picture at rest, float, height x width x 3.
        skin: 1 on the face, 0 elsewhere, soft at the edge.
        torso: Row by row, 0 above the neck and 1 below.
    """

    base: np.ndarray
    skin: np.ndarray
    torso: np.ndarray

    @property
    def size(self):
        return self.base.shape[1], self.base.shape[0]

    def picture(
        self,
        *,
        blood=0.0,
        rise_px=0.0,
        move_px=(0.0, 0.0),
        closer=1.0,
        light=1.0,
        noise=0.0,
        rng=None,
    ):
        """
        Draw one picture.

        Args:
            blood: Relative darkening of the skin, weighed by `BLOOD`: 0.005 is a usual pulse.
            rise_px: How far the torso is lifted.
            move_px: How far everything is moved to the right and down.
            closer: How much larger everything is, seen from the middle of the upper half.
            light: Brightness of everything; one number, or one for each colour.
            noise: Standard deviation of the sensor's noise, in grey levels.
            rng: Where the noise comes from.
        """
        drawn, skin = self.base, self.skin
        if rise_px or any(move_px) or closer != 1:
            width, height = self.size
            x, y = np.meshgrid(
                _before(width, move_px[0], closer, width / 2),
                _before(height, move_px[1], closer, height / 4),
            )
            y += (rise_px * self.torso).astype(np.float32)[:, None]
            drawn = cv2.remap(drawn, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            skin = cv2.remap(skin, x, y, cv2.INTER_LINEAR)
        drawn = drawn * np.float32(light)
        if blood:
            drawn *= 1 - np.float32(blood * BLOOD) * skin[..., None]
        return finished(drawn, noise, rng)


def _before(count, move_px, closer, fixed_px):
    """
    Where each of *count* rows or columns was before it was moved and enlarged.
    """
    at = (np.arange(count) - move_px - fixed_px) / closer + fixed_px
    return at.astype(np.float32)


@cache
def portrait(width=320, height=240, zoom=1.0, centre=(0.5, 0.5)):
    """
    The portrait in a picture of that size.

    Args:
        width: Of the picture, in pixels.
        height: Likewise.
        zoom: How much larger than life the person is.
        centre: Where the middle of the portrait goes, in parts of the picture.
    """
    from skimage import data

    whole = data.astronaut()[:SHOWN_ROWS]
    scale = zoom * height / SHOWN_ROWS
    matrix = np.array(
        [
            [scale, 0, centre[0] * width - scale * (whole.shape[1] - 1) / 2],
            [0, scale, centre[1] * height - scale * (SHOWN_ROWS - 1) / 2],
        ]
    )
    smooth = cv2.GaussianBlur(whole, (0, 0), 0.4 / scale) if scale < 1 else whole
    base = cv2.warpAffine(smooth, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros(whole.shape[:2], np.float32)
    cv2.ellipse(mask, _SKIN_CENTRE, _SKIN_AXES, 0, 0, 360, 1.0, cv2.FILLED)
    skin = cv2.warpAffine(cv2.GaussianBlur(mask, (0, 0), 3), matrix, (width, height))
    rows = (np.arange(height) - matrix[1, 2]) / scale
    torso = np.clip((rows - _NECK_ROWS[0]) / (_NECK_ROWS[1] - _NECK_ROWS[0]), 0, 1)
    return Portrait(base.astype(np.float32), skin, torso)


def finished(drawn, noise=0.0, rng=None):
    """
    What a sensor of 8 bits makes of *drawn*.
    """
    if noise:
        drawn = drawn + noise * rng.standard_normal(drawn.shape, dtype=np.float32)
    return cv2.add(drawn, 0.0, dtype=cv2.CV_8U)  # rounds, and keeps within 0 and 255


def room(width=320, height=240):
    """
    A wall with light from the side, and nobody in front of it.
    """
    across, down = np.linspace(90, 170, width), np.linspace(0, 20, height)
    plain = (across + down[:, None])[..., None] * np.array([1.0, 0.96, 0.9])
    return plain.astype(np.float32)


def heartbeat(per_minute, time_s):
    """
    Blood volume from -1 to 1 or so: steep in systole, with the wave that comes back.
    """
    phase = 2 * np.pi * per_minute / 60 * time_s
    return 0.8 * np.sin(phase) + 0.3 * np.sin(2 * phase - 0.8)


def breath(per_minute, time_s):
    """
    How far the chest is lifted, from -1 to 1.
    """
    return np.sin(2 * np.pi * per_minute / 60 * time_s)
