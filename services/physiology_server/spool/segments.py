"""The spool's folder: files in order, the oldest of which may go."""

import contextlib
import fcntl
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smartspectra.ipc.storage.platform_calls import sync_path
from vitalrig.errors import CannotStart

LOCK_FILE = ".lock"
ENDING = ".jsonl"
HALF = ".part"
"""What the name of a file ends with that a crash left before it was whole."""


@dataclass(slots=True)
class Segment:
    """
    One file.

    Attributes:
        path: Where it is. Its name is the place of the first envelope that it may hold.
        first: That place.
        size_bytes: Its size.
    """

    path: Path
    first: int
    size_bytes: int


class Segments:
    """
    The files of one spool, which belong to one process at a time.

    Args:
        folder: Where they are; it is made where it is missing.

    Raises:
        CannotStart: If another process has the folder.
        OSError: If it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._folder = folder
        self._lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise CannotStart(
                f"{folder} is in use by another server: give each a redis_key_prefix or a"
                " spool_folder of its own"
            ) from None
        for half in folder.glob(f"*{HALF}"):
            half.unlink()
        self._all = deque(sorted(_found(folder), key=lambda segment: segment.first))

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def size_bytes(self) -> int:
        """
        The size of all files.
        """
        return sum(segment.size_bytes for segment in self._all)

    @property
    def newest(self) -> Segment | None:
        """
        The file that is written.
        """
        return self._all[-1] if self._all else None

    @property
    def oldest_first(self) -> int:
        """
        The place of the first envelope that may be here.
        """
        return self._all[0].first if self._all else 0

    def drop_sent(self, sent: int) -> None:
        """
        Remove the files that hold nothing behind the place *sent*, but for the newest.
        """
        while len(self._all) > 1 and self._all[1].first <= sent + 1:
            self.drop_oldest()

    def begin(self, first: int, line: bytes) -> tuple[Segment, int]:
        """
        Begin a new file with its first line; it appears whole.

        Returns:
            The file, and its descriptor, to which can be added.

        Raises:
            OSError: If the disk does not take it.
        """
        path = self._folder / f"{first:020}{ENDING}"
        partial = path.with_suffix(HALF)
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o640)
        try:
            if os.write(descriptor, line) < len(line):
                raise OSError("the disk took half a line")
            partial.replace(path)
        except BaseException:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                partial.unlink()
            raise
        if self._all and self._all[-1].path == path:  # it held nothing yet
            self._all.pop()
        segment = Segment(path, first, len(line))
        self._all.append(segment)
        return segment, descriptor

    def drop_oldest(self) -> None:
        """
        Remove the oldest file.
        """
        segment = self._all.popleft()
        with contextlib.suppress(OSError):
            segment.path.unlink()

    def close(self) -> None:
        """
        Give the folder up.
        """
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def sync(paths: Sequence[Path]) -> None:
    """
    Make what is in files, and their names, survive a power cut.

    Raises:
        OSError: If the disk fails.
    """
    for path in paths:
        with contextlib.suppress(FileNotFoundError):  # sent and removed meanwhile
            sync_path(path)
    for folder in {path.parent for path in paths}:
        sync_path(folder)


def _found(folder: Path) -> Iterator[Segment]:
    for path in folder.glob(f"*{ENDING}"):
        if path.stem.isdigit():
            yield Segment(path, int(path.stem), path.stat().st_size)
