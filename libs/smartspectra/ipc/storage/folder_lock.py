"""One collector for one set of files."""

import contextlib
import errno
import os
from pathlib import Path
from typing import Self

from smartspectra.ipc.storage.platform_calls import OPEN_FLAGS, lock_exclusively, read_at

_ENDING = ".lock"


class FolderInUse(OSError):
    """
    Another collector writes these files. Stop it, or give this one another base path.

    Attributes:
        path: What is in use.
        pid: The process that holds it, if that could be found out.
    """

    def __init__(self, path: Path, pid: int | None) -> None:
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(f"{path} is in use by {holder}")
        self.path = path
        self.pid = pid


class FolderLock:
    """
    Held from start to stop; the system frees it when the process dies.

    There is one for each base path, so two collectors in one folder need two stems.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path

    @staticmethod
    def path_of(base: Path) -> Path:
        """The file that is locked for the files made from *base*."""
        return base.with_name(f".{base.name}{_ENDING}")

    @staticmethod
    def bases_in(folder: Path) -> set[Path]:
        """What the files in *folder* are made from for which there ever was a lock."""
        found = folder.glob(f".*{_ENDING}")
        return {lock.with_name(lock.name[1 : -len(_ENDING)]) for lock in found}

    @classmethod
    def take(cls, base: Path) -> Self:
        """
        Take the lock of the files made from *base*.

        Raises:
            FolderInUse: If someone has it.
            OSError: If the lock file cannot be made.
        """
        path = cls.path_of(base)
        descriptor = _open(path)
        try:
            lock_exclusively(descriptor)
        except BlockingIOError as exc:
            pid = read_at(descriptor, 20, 0).strip()
            os.close(descriptor)
            raise FolderInUse(base, int(pid) if pid.isdigit() else None) from exc
        except BaseException:
            os.close(descriptor)
            raise
        with contextlib.suppress(OSError):
            # The name of the holder is a service to people; the lock is the lock.
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        return cls(descriptor, path)

    def release(self) -> None:
        """Give the lock up. Its file stays: removing it would race with the next holder."""
        os.close(self._descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | OPEN_FLAGS, 0o640)
    except OSError as exc:
        if exc.errno == errno.EROFS and path.exists():
            # Locking needs no writing, and who locked before has left the file.
            return os.open(path, os.O_RDONLY | OPEN_FLAGS)
        raise
