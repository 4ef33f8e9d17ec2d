"""Pictures in a folder: the newest, or the newest few by number. Each appears whole."""

import re
from collections import deque
from pathlib import Path

import cv2
import numpy as np

from vitalrig.atomic_files import replace_bytes

DIGITS = 10


class NoPicture(ValueError):
    """These bytes are not a JPEG. Count them, and go on with the next picture."""


class PictureFiles:
    """
    Writes pictures to `latest.<extension>`, or to `frame_<number>.<extension>`.

    A picture is written beside its place and renamed into it, so that a reader sees the one
    before or all of the new one. Numbers rise; where earlier pictures are kept, they go on.

    Args:
        folder: Where they go.
        keep: How many numbered ones are kept; 0 for the newest alone, without a number.
        extension: What the names end with.
        compress: Write the JPEG as it is, or else as uncompressed BMP.
        empty: Remove what an earlier run left.

    Raises:
        OSError: If the folder cannot be read.
    """

    def __init__(
        self, folder: Path, *, keep: int, extension: str, compress: bool, empty: bool
    ) -> None:
        if not compress and extension.lower() in ("jpg", "jpeg"):
            extension = "bmp"
        self._folder = folder
        self._keep = keep
        self._extension = extension
        self._compress = compress
        self._numbers = deque(sorted(self._found()))
        if empty:
            for number in self._numbers:
                self._numbered(number).unlink(missing_ok=True)
            self._latest.unlink(missing_ok=True)
            self._numbers.clear()

    def add(self, jpeg: bytes) -> None:
        """
        Write one picture.

        Raises:
            OSError: If the disk does not take it.
            NoPicture: If it cannot be decoded, where it has to be.
        """
        data = jpeg if self._compress else to_bmp(jpeg)
        if not self._keep:
            replace_bytes(self._latest, data)
            return
        number = self._numbers[-1] + 1 if self._numbers else 1
        replace_bytes(self._numbered(number), data)
        self._numbers.append(number)
        while len(self._numbers) > self._keep:
            self._numbered(self._numbers[0]).unlink(missing_ok=True)
            self._numbers.popleft()

    @property
    def _latest(self) -> Path:
        return self._folder / f"latest.{self._extension}"

    def _numbered(self, number: int) -> Path:
        return self._folder / f"frame_{number:0{DIGITS}}.{self._extension}"

    def _found(self) -> list[int]:
        pattern = re.compile(rf"frame_([0-9]{{{DIGITS},}})\.{re.escape(self._extension)}")
        matches = (pattern.fullmatch(path.name) for path in self._folder.iterdir())
        return [int(match[1]) for match in matches if match]


def to_bmp(jpeg: bytes) -> bytes:
    """
    Make an uncompressed BMP of a JPEG. What compressing took away does not come back.

    Raises:
        NoPicture: If it is not a JPEG.
    """
    try:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as exc:
        raise NoPicture("no JPEG") from exc
    if picture is None:
        raise NoPicture("no JPEG")
    return cv2.imencode(".bmp", picture)[1].tobytes()
