"""Whether the disk answers, asked beside all loops, so that only the question hangs with it."""

import contextlib
import threading
from pathlib import Path

from smartspectra.ipc.storage.disk import Disk

FILE_NAME = ".collector.probe"


class DiskProbe:
    """
    Writes and syncs a small file when asked to, in a thread that may hang.

    Args:
        folder: Where the file is.
        disk: How it is written.
    """

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._path = folder / FILE_NAME
        self._disk = disk
        self._thread: threading.Thread | None = None

    def ask(self) -> bool:
        """
        Ask once until `forget`, and tell whether there was an answer, even if it was an error.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="disk probe", daemon=True)
            self._thread.start()
        return not self._thread.is_alive()

    def forget(self) -> None:
        """
        Ask anew the next time, unless an answer is still waited for.
        """
        if self._thread is not None and not self._thread.is_alive():
            self._thread = None

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            self._disk.replace(self._path, [b"\n"])
            self._path.unlink(missing_ok=True)
