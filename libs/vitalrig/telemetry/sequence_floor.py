"""The last number that was given to something that no event file holds."""

import contextlib
import os
from pathlib import Path

from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.platform_calls import read_at

_DIGITS = 20


class SequenceFloor:
    """
    A small file with one number, written in its place, so that it needs no room.

    Events that are not stored have numbers, too, and no number is given twice.

    Args:
        path: The file.
        disk: How it is written.

    Attributes:
        seq: The number.

    Raises:
        OSError: If it cannot be made.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self._disk = disk
        if not path.exists():
            disk.replace(path, [_text(0)])
        self._descriptor = disk.open_within(path)
        text = read_at(self._descriptor, _DIGITS, 0)
        self.seq = int(text) if text.isdigit() else 0

    def raise_to(self, seq: int) -> None:
        """
        Write a greater number down.

        Raises:
            OSError: If the disk does not take it.
        """
        if seq > self.seq:
            self._write(seq)

    def lower_to(self, seq: int) -> None:
        """
        Take back what nobody was told of, if the disk allows it.
        """
        if seq < self.seq:
            with contextlib.suppress(OSError):
                self._write(seq)

    def sync(self) -> None:
        """
        Wait until it is on the disk.

        Raises:
            OSError: If the disk cannot say so.
        """
        self._disk.sync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _write(self, seq: int) -> None:
        data = _text(seq)
        done = 0
        while done < len(data):
            done += self._disk.write_at(self._descriptor, data[done:], done)
        self.seq = seq


def _text(seq: int) -> bytes:
    return f"{seq:0{_DIGITS}}\n".encode("ascii")
