"""A small file of which only the newest text counts, written by two threads."""

import os
import threading
from pathlib import Path

from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import Stages


class LatestFile:
    """
    Is replaced as a whole. A text that waits for the disk does not replace a newer one.

    Args:
        path: The file.
        disk: How it is written.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk
        self._lock = threading.Lock()
        self._given = 0
        self._placed = 0

    def writing(self, text: str) -> Stages:
        """
        Make *text* the content, unless a newer one is. Calls are in the order of the texts.

        Raises:
            OSError: If the folder cannot be written to; the file is then as it was.
        """
        self._given += 1
        return self._writing(text.encode(), self._given)

    def _writing(self, data: bytes, number: int) -> Stages:
        partial = self._path.with_name(f".{self._path.name}.{number}.part")
        try:
            descriptor = self._disk.open_anew(partial)
            try:
                self._disk.write_all(descriptor, data)
                yield [descriptor]
            finally:
                os.close(descriptor)
            with self._lock:
                if number > self._placed:
                    self._disk.rename(partial, self._path)
                    self._placed = number
        finally:
            partial.unlink(missing_ok=True)
        yield [self._path.parent]
