"""Calls on open files that differ between systems: POSIX on the one hand, Windows on the other."""

import os
import sys

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


def sync_folder_entries(path: str | os.PathLike[str]) -> None:
    """Wait until a folder's list of names is on the disk; Windows has no such call."""
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY | OPEN_FLAGS)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
