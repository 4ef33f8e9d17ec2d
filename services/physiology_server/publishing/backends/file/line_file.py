"""One file of whole lines that others read meanwhile, remove, or run out of room for."""

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from smartspectra.ipc.storage.append_file import LineAppender, WriteFailed, end_of_last_line
from smartspectra.ipc.storage.disk import Disk
from vitalrig.errors import Unavailable

log = logging.getLogger(__name__)

LOCK_PATIENCE_S = 1.0
"""How long a reader may hold its lock before the file counts as away."""

_ASK_AGAIN_S = 0.005


class Line(NamedTuple):
    """
    One line.

    Attributes:
        seq: Its number in this run; numbers rise.
        data: The line, with its newline.
    """

    seq: int
    data: bytes


class LineFile:
    """
    Adds lines, each once, and leaves nothing but whole lines behind.

    What a failed write left of a line is cut off again, at the latest before the next line. A
    file that was removed or renamed meanwhile is made anew. Nothing here is synced: the file is
    for those who read along, not for keeping.

    Args:
        path: The file; its folder exists.
        lock: Hold `flock` while lines are added.
        most_bytes: Most bytes in one `write`; a single longer line is written at once.
        empty: Empty the file first.

    Raises:
        OSError: If it cannot be opened.
    """

    def __init__(self, path: Path, *, lock: bool, most_bytes: int, empty: bool = False) -> None:
        self.path = path
        self._lock = lock
        self._most_bytes = most_bytes
        self._last_seq = 0
        self._descriptor = self._open()
        if empty:
            os.ftruncate(self._descriptor, 0)
        self._lines = self._appender()

    def add(self, lines: Sequence[Line]) -> None:
        """
        Add those of *lines* that are not there yet.

        Raises:
            OSError: If the disk does not take them. Those that it took are known, and are not
                added again by the next call.
            Unavailable: If a reader keeps its lock.
        """
        fresh = [line for line in lines if line.seq > self._last_seq]
        if not fresh:
            return
        self._follow_the_name()
        with self._locked():
            self._lines.cut_half_line()
            for piece in _pieces(fresh, self._most_bytes):
                self._write(piece)

    def close(self) -> None:
        """
        Close the file.
        """
        os.close(self._descriptor)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o644)
        found = os.fstat(descriptor)
        self._identity = (found.st_dev, found.st_ino)
        return descriptor

    def _follow_the_name(self) -> None:
        """
        Open the file anew if its name now belongs to another one, or to none.
        """
        with contextlib.suppress(FileNotFoundError):
            found = self.path.stat()
            if (found.st_dev, found.st_ino) == self._identity:
                return
        descriptor = self._open()
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._lines = self._appender()
        log.info("file made anew", extra={"file": str(self.path)})

    def _appender(self) -> LineAppender:
        """
        Cut off what an earlier run that died left behind the last whole line, and go on there.
        """
        size = os.fstat(self._descriptor).st_size
        whole = end_of_last_line(self._descriptor, size)
        if whole < size:
            os.ftruncate(self._descriptor, whole)
            log.warning(
                "half a line cut off", extra={"file": str(self.path), "bytes": size - whole}
            )
        return LineAppender(self._descriptor, whole, Disk())

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        if not self._lock:
            yield
            return
        deadline_s = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    raise Unavailable(f"{self.path}: a reader keeps it locked") from None
            time.sleep(_ASK_AGAIN_S)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _write(self, piece: Sequence[Line]) -> None:
        self._lines.size_bytes = os.fstat(self._descriptor).st_size  # others may have emptied it
        try:
            self._lines.append(b"".join(line.data for line in piece))
        except WriteFailed as exc:
            if exc.kept_lines:
                self._last_seq = piece[exc.kept_lines - 1].seq
            raise
        self._last_seq = piece[-1].seq


def _pieces(lines: Sequence[Line], most_bytes: int) -> Iterator[list[Line]]:
    piece: list[Line] = []
    size = 0
    for line in lines:
        if piece and size + len(line.data) > most_bytes:
            yield piece
            piece, size = [], 0
        piece.append(line)
        size += len(line.data)
    if piece:
        yield piece
