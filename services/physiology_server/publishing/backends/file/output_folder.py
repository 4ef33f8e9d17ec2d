"""The folder that a server writes its files to: there, and its own."""

import contextlib
import errno
from pathlib import Path

from smartspectra.ipc.storage.folder_lock import FolderInUse, FolderLock
from vitalrig.errors import Unavailable

LOCK_BASE = "physiology_server"
"""The lock file is `.physiology_server.lock`."""


class OutputFolder:
    """
    Looks before each use whether the folder is still there, and makes and locks it anew if not.

    Args:
        path: The folder.
        create: Make it if it is missing.
        lock: Keep other servers out.
    """

    def __init__(self, path: Path, *, create: bool, lock: bool) -> None:
        self.path = path
        self._create = create
        self._wants_lock = lock
        self._lock: FolderLock | None = None
        self._lock_file = FolderLock.path_of(path / LOCK_BASE)
        self._identity: tuple[int, int] | None = None

    def ensure(self) -> None:
        """
        Make sure that the folder is there and ours.

        Raises:
            Unavailable: If it is missing and is not to be made, or another server has it.
            OSError: If it cannot be made or locked.
        """
        if self._wants_lock:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                if self._found() == self._identity:
                    return
        if not self.path.is_dir():
            if not self._create:
                raise Unavailable(
                    f"{self.path} does not exist: make it, or set create_if_missing to true"
                )
            self.path.mkdir(parents=True, exist_ok=True)
        if self._wants_lock:
            self._take()

    def let_go(self) -> None:
        """
        Give the lock up.
        """
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _found(self) -> tuple[int, int]:
        found = self._lock_file.stat()
        return found.st_dev, found.st_ino

    def _take(self) -> None:
        try:
            lock = FolderLock.take(self.path / LOCK_BASE)
        except FolderInUse as exc:
            holder = (
                "another server" if exc.pid is None else f"the server with process id {exc.pid}"
            )
            raise Unavailable(f"{self.path} is in use by {holder}") from exc
        except OSError as exc:
            if exc.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                raise OSError(
                    exc.errno, "the file system has no locks: set use_file_locking to false"
                ) from exc
            raise
        self.let_go()
        self._lock, self._identity = lock, self._found()
