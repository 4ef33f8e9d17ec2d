"""
A file of whole lines that starts anew before it grows too large.
"""

import os
import re
from pathlib import Path

_BLOCK_BYTES = 65_536


class RotatingFile:
    """
    Appends lines to a file, each whole or not at all.

    Before a line would make the file longer than *max_bytes*, it is synced to disk and put away
    under the next number, ``beats.000001.csv`` beside ``beats.csv``, and a new one is begun. Should
    a crash have left half a line at the end, that half is moved to ``beats.csv.torn``.

    One writer for one path: two at a time would rotate under each other.

    Args:
        path: The file; its folder must be there.
        head: The first line of every file, with its line end; empty for none. A file that begins
            with another one is put away at once.
        max_bytes: When to start anew. A single longer line has a file to itself.
        keep: How many files put away are kept, the newest; None for all.

    Raises:
        ValueError: If *max_bytes* is not positive or *keep* is negative.
    """

    def __init__(self, path: Path, head: bytes, max_bytes: int, keep: int | None = None) -> None:
        if max_bytes <= 0:
            raise ValueError("max_bytes must be > 0")
        if keep is not None and keep < 0:
            raise ValueError("keep must be >= 0")
        self._path = path
        self._head = head
        self._max_bytes = max_bytes
        self._keep = keep
        self._file, self._size = self._opened()
        if os.pread(self._file, len(head), 0) != head:
            self.rotate()

    def write(self, line: bytes) -> None:
        """
        Append *line*, which has its line end.

        Raises:
            OSError: If it cannot be written. Then nothing of it is in the file.
        """
        if self._size + len(line) > self._max_bytes and self._size > len(self._head):
            self.rotate()
        self._size = _append(self._file, self._size, line)

    def sync(self) -> None:
        """
        Wait until all that was written is on disk.
        """
        os.fsync(self._file)

    def close(self) -> None:
        """
        Sync and close; a second time is nothing.
        """
        if self._file >= 0:
            file, self._file = self._file, -1
            try:
                os.fsync(file)
            finally:
                os.close(file)

    def rotate(self) -> None:
        """
        Sync this file, put it away under the next number, and begin a new one.
        """
        os.fsync(self._file)
        numbers = self._numbers()
        numbers.append(numbers[-1] + 1 if numbers else 1)
        put_away = self._numbered(numbers[-1])
        self._path.rename(put_away)
        try:
            file, size = self._opened()
        except OSError:
            # Go on with the old file: the next line finds it, and tries again.
            put_away.rename(self._path)
            raise
        old = self._file
        self._file, self._size = file, size
        os.close(old)
        if self._keep is not None:
            for number in numbers[: len(numbers) - self._keep]:
                self._numbered(number).unlink(missing_ok=True)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.stem}.{number:06}{self._path.suffix}")

    def _numbers(self) -> list[int]:
        """
        Numbers of the files put away so far, rising.
        """
        stem, suffix = re.escape(self._path.stem), re.escape(self._path.suffix)
        name = re.compile(rf"{stem}\.(\d{{6,}}){suffix}")
        found = (name.fullmatch(path.name) for path in self._path.parent.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def _opened(self) -> tuple[int, int]:
        """
        Open the file, mended and with its first line. Returns its descriptor and its size.
        """
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            size = self._mend(file)
            if size == 0:
                size = _append(file, 0, self._head)
            _sync_folder(self._path.parent)
        except OSError:
            os.close(file)
            raise
        return file, size

    def _mend(self, file: int) -> int:
        """
        Move half a line away from the end. Returns the length of the rest.
        """
        size = os.fstat(file).st_size
        whole = size
        while whole:
            start = max(whole - _BLOCK_BYTES, 0)
            end_of_line = os.pread(file, whole - start, start).rfind(b"\n")
            whole = start + end_of_line + 1
            if end_of_line >= 0:
                break
        if whole < size:
            with self._path.with_name(self._path.name + ".torn").open("ab") as torn:
                torn.write(os.pread(file, size - whole, whole) + b"\n")
                torn.flush()
                os.fsync(torn.fileno())
            os.ftruncate(file, whole)
        return whole


def _append(file: int, size: int, data: bytes) -> int:
    """
    Append *data* to a file of *size* bytes, all or nothing. Returns the new size.
    """
    written = 0
    try:
        while written < len(data):
            written += os.write(file, data[written:])
    except BaseException:
        # A full disk takes half a line, and an interrupt may come in between.
        os.ftruncate(file, size)
        raise
    return size + written


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
