"""Every touch of the file system that can fail for want of room, in one object."""

import errno
import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from smartspectra.ipc.storage.platform_calls import (
    OPEN_FLAGS,
    check_written_back,
    give_to_group,
    group_id,
    read_at,
    sync_file_system,
    sync_path,
    write_at,
)
from smartspectra.ipc.storage.stages import Stages, SyncTarget, finish_now

log = logging.getLogger(__name__)

STORAGE_ERRORS = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""Errors of a disk that is full, read-only, over quota or failing; they may pass."""

FILE_MODE, FOLDER_MODE = 0o640, 0o750
"""Recordings are of people: their user writes, one group reads, and nobody else does either."""

FILE_ERRORS = frozenset({errno.EFBIG, errno.EPERM, errno.EACCES})
"""Errors that belong to one file: it has the size that is allowed, or nobody may write to it."""

_COPY_BYTES = 8 << 20
_MANY = 8
"""From so many on it pays to sync the file system, with whatever others have written to it."""


@contextmanager
def tolerating_storage_errors(what: str, path: Path) -> Iterator[None]:
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

    What it makes is for its user and the group; what is there keeps the permissions it has.
    Tests hand in a disk that fails at a chosen call.

    Args:
        group: The group that may read, by name or number; the system's choice if empty.

    Raises:
        ValueError: If there is no such group.
    """

    _group: int | None = None

    def __init__(self, group: str = "") -> None:
        self._group = group_id(group) if group else None

    def open_to_append(self, path: Path) -> int:
        """Open or create a file for reading and appending; gives its descriptor."""
        return self._opened(path, os.O_RDWR | os.O_APPEND)

    def open_anew(self, path: Path) -> int:
        """Open a file for writing, empty; gives its descriptor."""
        return self._opened(path, os.O_WRONLY | os.O_TRUNC)

    def _opened(self, path: Path, how: int) -> int:
        descriptor = os.open(path, how | os.O_CREAT | OPEN_FLAGS, FILE_MODE)
        try:
            if self._group is not None and os.fstat(descriptor).st_size == 0:
                give_to_group(descriptor, self._group)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def open_within(self, path: Path) -> int:
        """Open a file for reading and for writing within it; gives its descriptor."""
        return os.open(path, os.O_RDWR | OPEN_FLAGS)

    def write_at(self, descriptor: int, data: bytes, offset: int) -> int:
        """Write once from *offset* on; gives how many bytes were taken."""
        return write_at(descriptor, data, offset)

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

    def copy_all(self, target: int, source: int, start: int, end: int) -> None:
        """
        Copy a part of one file to the end of another, in as many calls as it takes.

        Raises:
            FileRangeGone: If the part is not there any more.
        """
        while start < end:
            copied = self.copy(target, source, start, end - start)
            if copied == 0:
                raise FileRangeGone(errno.EIO, "a file is shorter than it was")
            start += copied

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        """Cut a file to *size_bytes*."""
        os.ftruncate(descriptor, size_bytes)

    def sync(self, descriptor: int) -> None:
        """Wait until a file's content is on the disk."""
        getattr(os, "fdatasync", os.fsync)(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """Wait until a folder's list of names is on the disk."""
        sync_path(folder)

    def sync_file_system(self, descriptor: int) -> bool:
        """Wait for all on an open file's file system; gives whether that can be done."""
        return sync_file_system(descriptor)

    def sync_all(self, targets: Sequence[SyncTarget]) -> list[OSError | None]:
        """
        Wait until files and lists of names are on the disk.

        Where there are many, all on one file system are waited for at once.

        Returns:
            For each target what went wrong, or None.
        """
        errors: dict[SyncTarget, OSError | None] = {}
        for some in _by_file_system(targets):
            at_once = len(some) >= _MANY and self._sync_at_once(some)
            for target in some:
                errors[target] = self._sync_one(target, at_once=at_once)
        return [errors[target] for target in targets]

    def _sync_at_once(self, targets: Sequence[SyncTarget]) -> bool:
        target = next((each for each in targets if isinstance(each, int)), targets[0])
        if isinstance(target, int):
            return self.sync_file_system(target)
        try:
            descriptor = os.open(target, os.O_RDONLY | OPEN_FLAGS)
        except OSError:
            return False
        try:
            return self.sync_file_system(descriptor)
        finally:
            os.close(descriptor)

    def _sync_one(self, target: SyncTarget, *, at_once: bool) -> OSError | None:
        try:
            if isinstance(target, Path):
                if not at_once:
                    self.sync_folder(target)
            elif at_once:
                check_written_back(target)
            else:
                self.sync(target)
        except OSError as exc:
            return exc
        return None

    def make_folder(self, folder: Path) -> None:
        """Make a folder and its parents if they are missing."""
        if folder.is_dir():
            return
        if not folder.parent.exists():
            self.make_folder(folder.parent)
        folder.mkdir(FOLDER_MODE, exist_ok=True)
        if self._group is not None:
            give_to_group(folder, self._group)

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

    def replace(self, path: Path, pieces: Iterable["bytes | FileRange"]) -> None:
        """
        Make *pieces* the whole content of *path*, in one step.

        A reader sees the old file or the new one, and after a power cut it is one of
        the two as well.

        Raises:
            OSError: If it cannot be done; *path* is then as it was.
        """
        finish_now(self.replacing(path, pieces), self)

    def replacing(self, path: Path, pieces: Iterable["bytes | FileRange"]) -> Stages:
        """
        The stages of :meth:`replace`.

        Raises:
            OSError: If it cannot be done; *path* is then as it was.
        """
        partial = path.with_name(f".{path.name}.part")
        descriptor = self.open_anew(partial)
        try:
            try:
                for piece in pieces:
                    if isinstance(piece, FileRange):
                        piece.copy_to(descriptor, self)
                    else:
                        self.write_all(descriptor, piece)
                yield [descriptor]
            finally:
                os.close(descriptor)
            self.rename(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        yield [path.parent]


def _by_file_system(targets: Sequence[SyncTarget]) -> list[list[SyncTarget]]:
    """The targets, each once; apart from each other if they are many on several systems."""
    distinct = list(dict.fromkeys(targets))
    if len(distinct) < _MANY:
        return [distinct]
    systems: dict[int | None, list[SyncTarget]] = defaultdict(list)
    for target in distinct:
        systems[_file_system_of(target)].append(target)
    return list(systems.values())


def _file_system_of(target: SyncTarget) -> int | None:
    try:
        return (target.stat() if isinstance(target, Path) else os.fstat(target)).st_dev
    except OSError:
        return None  # syncing it says why


def free_name(path: Path, ending: str) -> Path:
    """The file's name with *ending*, or the first of ``ending_2`` and so on that is free."""
    names = (path.name + ending if n == 1 else f"{path.name}{ending}_{n}" for n in count(1))
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())


class FileRangeGone(OSError):
    """Part of a file is not there any more: someone removed the file, or cut it. Make it anew."""


class FileRange:
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
            FileRangeGone: If they are not there any more.
        """
        source = self._open()
        with os.fdopen(source, "rb") as file:
            file.seek(self.start)
            data = file.read(self.length_bytes)
        if len(data) < self.length_bytes:
            raise FileRangeGone(errno.EIO, "a file is shorter than it was", str(self.path))
        return data

    def copy_to(self, target: int, disk: Disk) -> None:
        """
        Append the part to an open file.

        Raises:
            FileRangeGone: If it is not there any more.
            OSError: If it cannot be written.
        """
        source = self._open()
        try:
            disk.copy_all(target, source, self.start, self.start + self.length_bytes)
        finally:
            os.close(source)

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDONLY | OPEN_FLAGS)
        except FileNotFoundError as exc:
            raise FileRangeGone(errno.EIO, "a work file was removed", str(self.path)) from exc
