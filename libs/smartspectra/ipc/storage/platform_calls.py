"""Calls on open files that differ between systems: POSIX on the one hand, Windows on the other."""

import ctypes
import os
import re
import sys
from collections.abc import Callable

OPEN_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""What every file is opened with: bytes as they are, and not handed to child processes."""

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 40
    """A lock on Windows keeps others from reading; no file is as long as that."""

    def lock_exclusively(descriptor: int) -> None:
        """
        Lock an open file against other processes that ask; never waits.

        Raises:
            BlockingIOError: If someone has the lock.
        """
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as exc:
            raise BlockingIOError(exc.errno, "the file is locked") from exc
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

    def read_at(descriptor: int, count: int, offset: int) -> bytes:
        """Read up to *count* bytes from *offset* on."""
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, count)

    def write_at(descriptor: int, data: bytes, offset: int) -> int:
        """Write once from *offset* on; gives how many bytes were taken."""
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, data)

else:
    import fcntl

    def lock_exclusively(descriptor: int) -> None:
        """
        Lock an open file against other processes that ask; never waits.

        Raises:
            BlockingIOError: If someone has the lock.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    read_at = os.pread
    write_at = os.pwrite


def group_id(group: str) -> int:
    """
    The number of a group that is given by name or number.

    Raises:
        ValueError: If there is no such group, or no groups at all.
    """
    if group.isdigit():
        return int(group)
    try:
        import grp  # noqa: PLC0415  not on Windows

        return grp.getgrnam(group).gr_gid
    except (ImportError, KeyError) as exc:
        raise ValueError(f"no group {group}") from exc


def give_to_group(target: int | str | os.PathLike[str], group: int) -> None:
    """
    Give an open file or a path to a group, where there are groups.

    Raises:
        OSError: If the user of this process may not.
    """
    if hasattr(os, "chown"):
        os.chown(target, -1, group)


def sync_path(path: str | os.PathLike[str]) -> None:
    """
    Wait until a file, or a folder's list of names, is on the disk; Windows has no such call.

    Raises:
        OSError: If it is not there, or the disk cannot say so.
    """
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY | OPEN_FLAGS)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _file_system_calls() -> tuple[Callable[..., int], Callable[..., int]] | None:
    """
    Linux's ``syncfs`` and ``sync_file_range``; None where they cannot be relied upon.

    Before Linux 5.17 the first of them keeps errors to itself.
    """
    if not sys.platform.startswith("linux"):
        return None
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if version is None or (int(version[1]), int(version[2])) < (5, 17):
        return None
    try:
        c_library = ctypes.CDLL(None, use_errno=True)
        sync_all, sync_range = c_library.syncfs, c_library.sync_file_range
    except (OSError, AttributeError):
        return None
    sync_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return sync_all, sync_range


_CALLS = _file_system_calls()
_WAIT_BEFORE = 1


def sync_file_system(descriptor: int) -> bool:
    """
    Wait until all is on the disk that is on the file system of an open file.

    Returns:
        False if that cannot be done, or failed: then ask for each file.
    """
    return _CALLS is not None and _CALLS[0](descriptor) == 0


def check_written_back(descriptor: int) -> None:
    """
    Find out, after :func:`sync_file_system`, whether something of an open file was not written.

    Raises:
        OSError: If so.
    """
    if _CALLS is not None and _CALLS[1](descriptor, 0, 0, _WAIT_BEFORE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def forget_cached(descriptor: int) -> None:
    """Have what was synced of an open file read from the disk again, where that can be asked."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
