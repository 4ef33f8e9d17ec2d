"""A drawing in place of a picture, for sources that have none. It says what it is."""

import cv2
import numpy as np

from services.physiology_server.captures.capture import Picture
from services.physiology_server.signals.frame import Frame, SourceKind

WIDTH_PIXELS = 320
HEIGHT_PIXELS = 240

Colour = tuple[int, int, int]

_WALL: Colour = (226, 230, 233)
_SHIRT: Colour = (72, 104, 140)
_LINE: Colour = (40, 48, 56)
_LABEL: Colour = (176, 24, 24)
_SKIN = np.array((222, 186, 160))
_FLUSH = np.array((60.0, -60.0, -40.0))
"""How skin changes its colour for each unit of blood volume; exaggerated, to be seen."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_BREATH = 0.7
"""How far the chest widens, in parts of its width, for each unit of displacement."""

_MOST = 0.3
"""Displacements beyond this are drawn as this."""


def draw(
    frame: Frame,
    kind: SourceKind,
    width: int = WIDTH_PIXELS,
    height: int = HEIGHT_PIXELS,
) -> Picture:
    """
    Draw a person whose chest, skin, eyes and mouth follow the signals of *frame*.

    It is a schema, not an image, and bears the kind of its source in large letters.

    Args:
        frame: What is measured in the picture.
        kind: What the frames are made of.
        width: In pixels.
        height: In pixels.
    """
    picture = np.full((height, width, 3), _WALL, dtype=np.uint8)
    signals, unit = frame.signals, min(width, height)
    centre = width // 2
    chest = _limited(signals.upper_breathing)
    belly = _limited(signals.lower_breathing)
    _body(picture, centre, unit, chest, belly)
    head_y = round(0.36 * unit - 0.04 * unit * chest)
    _head(picture, centre, head_y, unit, _limited(signals.pulse))
    _face(
        picture,
        centre,
        head_y,
        unit,
        blinking=bool(signals.blinking),
        talking=bool(signals.talking),
    )
    _letter(picture, kind.upper())
    return picture


def _limited(value: float | None) -> float:
    return 0.0 if value is None or value != value else min(max(value, -_MOST), _MOST)  # noqa: PLR0124  NaN


def _body(picture: Picture, centre: int, unit: int, chest: float, belly: float) -> None:
    """
    Shoulders, chest and abdomen, each as wide as the breath makes it.
    """
    bottom = picture.shape[0]
    shoulder = 0.30 * unit
    chest_half = 0.27 * unit * (1 + _BREATH * chest)
    belly_half = 0.24 * unit * (1 + _BREATH * belly)
    top = 0.60 * unit - 0.05 * unit * chest
    right = [(0.08 * unit, top - 0.04 * unit), (shoulder, top), (chest_half, 0.78 * unit),
             (belly_half, 0.95 * unit), (belly_half, bottom)]  # fmt: skip
    outline = [(centre + x, y) for x, y in right] + [(centre - x, y) for x, y in reversed(right)]
    points = np.array(outline).round().astype(np.int32)
    cv2.fillPoly(picture, [points], _SHIRT)
    cv2.polylines(picture, [points], True, _LINE, max(1, unit // 120))


def _head(picture: Picture, centre: int, y: int, unit: int, pulse: float) -> None:
    red, green, blue = np.clip(_SKIN + pulse * _FLUSH, 0, 255).astype(int).tolist()
    axes = (round(0.15 * unit), round(0.20 * unit))
    neck = round(0.06 * unit)
    cv2.rectangle(
        picture, (centre - neck, y), (centre + neck, y + round(0.26 * unit)), (red, green, blue), -1
    )
    cv2.ellipse(picture, (centre, y), axes, 0, 0, 360, (red, green, blue), -1)
    cv2.ellipse(picture, (centre, y), axes, 0, 0, 360, _LINE, max(1, unit // 120))


def _face(
    picture: Picture, centre: int, y: int, unit: int, *, blinking: bool, talking: bool
) -> None:
    eye_x, eye_y = round(0.06 * unit), y - round(0.04 * unit)
    open_axes = (max(1, round(0.025 * unit)), max(1, round(0.018 * unit)))
    thick = max(1, unit // 120)
    for x in (centre - eye_x, centre + eye_x):
        if blinking:
            cv2.line(picture, (x - open_axes[0], eye_y), (x + open_axes[0], eye_y), _LINE, thick)
        else:
            cv2.ellipse(picture, (x, eye_y), open_axes, 0, 0, 360, _LINE, -1)
    mouth = (round(0.05 * unit), round((0.035 if talking else 0.008) * unit))
    cv2.ellipse(picture, (centre, y + round(0.10 * unit)), mouth, 0, 0, 360, _LABEL, -1)


def _letter(picture: Picture, word: str) -> None:
    """
    Write *word* over nearly the whole width, near the lower edge.
    """
    height, width = picture.shape[:2]
    (size_x, _), _ = cv2.getTextSize(word, _FONT, 1.0, 2)
    scale = 0.9 * width / size_x
    thick = max(2, round(2 * scale))
    (size_x, size_y), _ = cv2.getTextSize(word, _FONT, scale, thick)
    if size_y > height // 4:
        scale *= height / 4 / size_y
        (size_x, size_y), _ = cv2.getTextSize(word, _FONT, scale, thick)
    corner = ((width - size_x) // 2, height - size_y // 2)
    cv2.putText(picture, word, corner, _FONT, scale, _WALL, 3 * thick)
    cv2.putText(picture, word, corner, _FONT, scale, _LABEL, thick)
