"""Every touch of the file system that can fail for want of room, in one object."""

import errno
import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from smartspectra.ipc.platform_calls import OPEN_FLAGS, read_at, sync_folder_entries

log = logging.getLogger(__name__)

STORAGE_ERRORS = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""Errors of a disk that is full, read-only, over quota or failing; they may pass."""

_COPY_BYTES = 8 << 20


@contextmanager
def patience(what: str, path: Path) -> Iterator[None]:
    """Log an error of the disk that may pass, and go on behind the block."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in STORAGE_ERRORS:
            raise
        log.error("cannot %s %s for now: %s", what, path, exc)


class Disk:
    """
    The few system calls that files are written with.

    Tests hand in a disk that fails at a chosen call.
    """

    def open_to_append(self, path: Path) -> int:
        """Open or create a file for reading and appending; gives its descriptor."""
        return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | OPEN_FLAGS, 0o644)

    def open_anew(self, path: Path) -> int:
        """Open a file for writing, empty; gives its descriptor."""
        return os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CREAT | OPEN_FLAGS, 0o644)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        """Write once; gives how many bytes were taken."""
        return os.write(descriptor, data)

    def copy(self, target: int, source: int, offset: int, count: int) -> int:
        """Copy part of one file to the end of another; gives how many bytes were taken."""
        try:
            return os.sendfile(target, source, offset, min(count, _COPY_BYTES))
        except (OSError, AttributeError) as exc:
            if isinstance(exc, OSError) and exc.errno in STORAGE_ERRORS:
                raise
            # Not every system can send from file to file.
            return self.write(target, read_at(source, min(count, _COPY_BYTES), offset))

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        """Cut a file to *size_bytes*."""
        os.ftruncate(descriptor, size_bytes)

    def sync(self, descriptor: int) -> None:
        """Wait until a file's content is on the disk."""
        getattr(os, "fdatasync", os.fsync)(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """Wait until a folder's list of names is on the disk."""
        sync_folder_entries(folder)

    def make_folder(self, folder: Path) -> None:
        """Make a folder and its parents if they are missing."""
        folder.mkdir(parents=True, exist_ok=True)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file another name, replacing what had it."""
        source.replace(target)

    def link_open_file(self, descriptor: int, path: Path) -> bool:
        """Give an open file that still has a name another one; gives whether that can be done."""
        try:
            os.link(f"/proc/self/fd/{descriptor}", path, follow_symlinks=True)
        except (OSError, NotImplementedError):
            return False
        return True

    def free_bytes(self, folder: Path) -> int:
        """Room left on the disk that holds *folder*."""
        return shutil.disk_usage(folder).free

    def write_all(self, descriptor: int, data: bytes) -> None:
        """Write all of *data*, in as many calls as it takes."""
        done = 0
        while done < len(data):
            taken = self.write(descriptor, memoryview(data)[done:])
            if taken == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            done += taken

    def replace(self, path: Path, pieces: Iterable["bytes | Span"]) -> None:
        """
        Make *pieces* the whole content of *path*, in one step.

        A reader sees the old file or the new one, and after a power cut it is one of
        the two as well.

        Raises:
            OSError: If it cannot be done; *path* is then as it was.
        """
        partial = path.with_name(f".{path.name}.part")
        descriptor = self.open_anew(partial)
        try:
            try:
                for piece in pieces:
                    if isinstance(piece, Span):
                        piece.copy_to(descriptor, self)
                    else:
                        self.write_all(descriptor, piece)
                self.sync(descriptor)
            finally:
                os.close(descriptor)
            self.rename(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        self.sync_folder(path.parent)


def free_name(path: Path, ending: str) -> Path:
    """The file's name with *ending*, or the first of ``ending_2`` and so on that is free."""
    names = (path.name + ending if n == 1 else f"{path.name}{ending}_{n}" for n in count(1))
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())


class PartGone(OSError):
    """Part of a file is not there any more: someone removed the file, or cut it. Make it anew."""


class Span:
    """
    Part of a file, to be copied into another without passing through memory.

    Attributes:
        path: The file.
        start: Its first byte.
        length_bytes: How many bytes.
    """

    __slots__ = ("length_bytes", "path", "start")

    def __init__(self, path: Path, start: int, length_bytes: int) -> None:
        self.path = path
        self.start = start
        self.length_bytes = length_bytes

    def read(self) -> bytes:
        """
        The bytes themselves.

        Raises:
            PartGone: If they are not there any more.
        """
        source = self._open()
        with os.fdopen(source, "rb") as file:
            file.seek(self.start)
            data = file.read(self.length_bytes)
        if len(data) < self.length_bytes:
            raise self._gone("a work file is shorter than it was")
        return data

    def copy_to(self, target: int, disk: Disk) -> None:
        """
        Append the part to an open file.

        Raises:
            PartGone: If it is not there any more.
            OSError: If it cannot be written.
        """
        source = self._open()
        try:
            at, end = self.start, self.start + self.length_bytes
            while at < end:
                copied = disk.copy(target, source, at, end - at)
                if copied == 0:
                    raise self._gone("a work file is shorter than it was")
                at += copied
        finally:
            os.close(source)

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDONLY | OPEN_FLAGS)
        except FileNotFoundError as exc:
            raise self._gone("a work file was removed") from exc

    def _gone(self, why: str) -> PartGone:
        return PartGone(errno.EIO, why, str(self.path))
