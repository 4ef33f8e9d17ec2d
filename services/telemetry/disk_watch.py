"""Whether disks have room, said once when one has little and once when it has enough again."""

import logging
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

from vitalrig.events import Emitter

log = logging.getLogger(__name__)

LOOK_EVERY_S = 10.0
ENOUGH = 1.1
"""So many times the least room is enough: one that is at the limit is not said again and again."""


class DiskWatch:
    """
    Looks at disks, in a thread of its own: one that hangs holds up nobody.

    Args:
        folders: What is kept, and where.
        least_bytes: A disk with less room is low.
        events: Where `disk.low` and `disk.ok` are said.
    """

    def __init__(self, folders: Mapping[str, Path], least_bytes: int, events: Emitter) -> None:
        self._folders = folders
        self._least_bytes = least_bytes
        self._events = events
        self._low: set[str] = set()

    def start(self, stop: threading.Event) -> None:
        """
        Look until *stop* is set.
        """
        threading.Thread(target=self._run, args=(stop,), name="disks", daemon=True).start()

    def look(self) -> None:
        """
        Look once. A folder that is not there is not looked at.
        """
        for disk, folder in self._folders.items():
            try:
                free_bytes = shutil.disk_usage(folder).free
            except OSError as exc:
                log.debug("disk not looked at", extra={"folder": str(folder), "why": str(exc)})
                continue
            self._judge(disk, free_bytes)

    def _judge(self, disk: str, free_bytes: int) -> None:
        data = {"disk": disk, "free_bytes": free_bytes, "least_bytes": self._least_bytes}
        if disk not in self._low and free_bytes < self._least_bytes:
            self._low.add(disk)
            self._events.emit("disk.low", data)
            log.warning("a disk has little room", extra=data)
        elif disk in self._low and free_bytes >= ENOUGH * self._least_bytes:
            self._low.remove(disk)
            self._events.emit("disk.ok", data)
            log.info("a disk has room again", extra=data)

    def _run(self, stop: threading.Event) -> None:
        self.look()
        while not stop.wait(LOOK_EVERY_S):
            self.look()
