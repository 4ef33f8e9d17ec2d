"""
Events on disk while the server is away, up to so many bytes.

Each has a key: what a client that was killed in between sends twice is kept once.
"""

import json
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from smartspectra.ipc.storage.append_file import AppendOnlyFile
from smartspectra.ipc.storage.disk import Disk

DEFAULT_LIMIT_BYTES = 16 << 20
EVENTS_AT_A_TIME = 100

Requests = list[dict[str, Any]]


class SpoolFull(OSError):
    """What waits has as many bytes as it may. Wait until the server is back."""


class EventSpool:
    """
    What waits for the server, in the order in which it came. Safe to use from several threads.

    Args:
        path: The file; its folder is made.
        limit_bytes: How many bytes may wait.
        disk: How it is written.

    Raises:
        OSError: If it cannot be written, or another process uses it.
    """

    def __init__(
        self, path: Path, limit_bytes: int = DEFAULT_LIMIT_BYTES, disk: Disk | None = None
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._limit_bytes = limit_bytes
        self._file = AppendOnlyFile(path, disk or Disk())
        self._sent = 0
        self._count = sum(1 for _ in self._file.read_lines())

    def __len__(self) -> int:
        return self._count - self._sent

    def add(self, request: dict[str, Any]) -> None:
        """
        Keep an event until it is sent.

        Raises:
            SpoolFull: If there is no room.
            OSError: If the disk does not take it.
            ValueError: If it is no JSON.
        """
        line = json.dumps(request, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if self._file.size_bytes + len(line) > self._limit_bytes:
                raise SpoolFull(f"{len(self)} events wait for the telemetry server already")
            self._file.append(line)
            self._count += 1

    def flush(self, send: Callable[[Requests], None]) -> None:
        """
        Send what waits, some at a time, oldest first; what *send* raises ends that.
        """
        with self._lock:
            while len(self):
                lines = islice(self._file.read_lines(), self._sent, self._sent + EVENTS_AT_A_TIME)
                requests = [json.loads(line) for line in lines]
                send(requests)
                self._sent += len(requests)
            if self._count:
                self._file.take_back(0)
                self._count = self._sent = 0

    def set_aside(self, request: dict[str, Any]) -> None:
        """
        Keep what the server will never take, in a file beside the spool.
        """
        with self._file.path.with_suffix(".refused").open("a", encoding="utf-8") as file:
            file.write(json.dumps(request) + "\n")

    def close(self) -> None:
        """
        Let the file go; what waits stays in it.
        """
        with self._lock:
            self._file.close()
