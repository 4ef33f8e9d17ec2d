"""Where the parts of a person are, estimated from the box around the face."""

from dataclasses import dataclass, replace
from typing import Self

FOREHEAD = (0.28, 0.08, 0.72, 0.24)
"""Left, top, right, bottom in parts of the face box: above the brows, clear of the temples."""

LEFT_CHEEK = (0.16, 0.50, 0.38, 0.76)
"""Beside the nose, below the eye, where vessels are dense and lips do not reach."""

RIGHT_CHEEK = (0.62, 0.50, 0.84, 0.76)
"""The other cheek."""

SKIN = (FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK)
"""The three patches that carry most of the pulse and move least when the face moves."""

CHEST = (-0.50, 1.45, 1.50, 2.35)
"""
Shoulders and upper chest: the box ends at the chin, a neck is nearly half a face long, and
shoulders are about two faces wide.
"""

ABDOMEN = (-0.30, 3.00, 1.30, 3.80)
"""Around the navel: for a person sitting upright, about three face heights below the box's top."""


@dataclass(frozen=True, slots=True)
class Rect:
    """
    A rectangle in pixels, not necessarily within the picture.
    """

    left: float
    top: float
    right: float
    bottom: float

    def within(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """
        The part inside a picture of *size* (width, height), rounded: left, top, right, bottom.
        """
        width, height = size
        return (
            min(max(round(self.left), 0), width),
            min(max(round(self.top), 0), height),
            min(max(round(self.right), 0), width),
            min(max(round(self.bottom), 0), height),
        )

    def share_within(self, size: tuple[int, int]) -> float:
        """
        How much of it lies inside a picture of *size*, 0 to 1.
        """
        left, top, right, bottom = self.within(size)
        area = (self.right - self.left) * (self.bottom - self.top)
        return min(1.0, (right - left) * (bottom - top) / area) if area > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """
    The square around a face, from brow to chin, in pixels.

    Attributes:
        x: Centre, from the left.
        y: Centre, from the top.
        side: Length of a side, which serves as the height of the face.
    """

    x: float
    y: float
    side: float

    def moved(self, x: float, y: float) -> Self:
        """
        The same box that far to the right and down.
        """
        return replace(self, x=self.x + x, y=self.y + y)

    def part(self, part: tuple[float, float, float, float]) -> Rect:
        """
        The rectangle of *part*, whose numbers count from the box's upper left corner in sides.
        """
        left, top = self.x - self.side / 2, self.y - self.side / 2
        return Rect(
            left + part[0] * self.side,
            top + part[1] * self.side,
            left + part[2] * self.side,
            top + part[3] * self.side,
        )

    def whole(self) -> Rect:
        """
        The box itself.
        """
        return self.part((0.0, 0.0, 1.0, 1.0))

    def distance(self, other: Self) -> float:
        """
        From centre to centre, in sides of this box.
        """
        return max(abs(self.x - other.x), abs(self.y - other.y)) / self.side
