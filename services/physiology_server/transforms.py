"""How a picture is turned before anything is measured in it: `--input_transform_mode`."""

from enum import Enum

import numpy as np
from numpy.typing import NDArray


class Transform(Enum):
    """
    A quarter turn, a half turn or a mirror; the value is the name that is printed.
    """

    NONE = "none"
    CW90 = "cw90"
    CCW90 = "ccw90"
    ROTATE180 = "rotate180"
    MIRROR_HORIZONTAL = "mirror_horizontal"
    MIRROR_VERTICAL = "mirror_vertical"

    def __str__(self) -> str:
        return self.value

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """
        Turn or mirror *picture*, without copying it: the result is a view.

        A horizontal mirror exchanges left and right, a vertical one top and bottom.

        Args:
            picture: Height x width, with or without channels.
        """
        match self:
            case Transform.CW90:
                return np.rot90(picture, -1)
            case Transform.CCW90:
                return np.rot90(picture)
            case Transform.ROTATE180:
                return picture[::-1, ::-1]
            case Transform.MIRROR_HORIZONTAL:
                return picture[:, ::-1]
            case Transform.MIRROR_VERTICAL:
                return picture[::-1]
        return picture


# What the vendor's parser takes, in lower case. "Unspecified_EnumEnd" is its word for nothing set.
_ALIASES: dict[Transform, tuple[str, ...]] = {
    Transform.NONE: ("none", "off", "unspecified_enumend"),
    Transform.CW90: ("cw90", "clockwise90", "90"),
    Transform.CCW90: ("ccw90", "counterclockwise90"),
    Transform.ROTATE180: ("rotate180", "rot180", "cw180", "180"),
    Transform.MIRROR_HORIZONTAL: ("mirror_horizontal", "mirror_h", "mh"),
    Transform.MIRROR_VERTICAL: ("mirror_vertical", "mirror_v", "mv"),
}
_BY_NAME = {name: transform for transform, names in _ALIASES.items() for name in names}


def parse(name: str | int | None) -> Transform:
    """
    Find the transform called *name*, in upper or lower case.

    YAML makes a number of `90`, false of `off` and nothing of `null`; they are understood too.

    Raises:
        ValueError: If there is none of that name; the message lists those that there are.
    """
    text = "none" if name is None or name is False else str(name)
    found = _BY_NAME.get(text.strip().lower())
    if found is None:
        good = "; ".join(", ".join(names) for names in _ALIASES.values())
        raise ValueError(f"unknown value for enumeration: {text!r}; it may be {good}")
    return found
