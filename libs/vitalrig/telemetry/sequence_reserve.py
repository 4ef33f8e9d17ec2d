"""Numbers that may have been given when the power went, so that none is given again."""

import json
import logging
from pathlib import Path

from smartspectra.ipc.storage.disk import Disk
from vitalrig.machine_boot import this_boot

log = logging.getLogger(__name__)

RESERVE_FILE = ".reserve"
STEP = 10_000
"""So many numbers are reserved at a time, with one sync."""


class SequenceReserve:
    """
    Up to where numbers may be given before it is known that their events are on the disk.

    A log that does not sync before each answer may lose answered events when the power goes, but
    not their numbers. A process that was killed loses neither, and its next one leaves no gap: the
    machine's boot tells the two apart.

    Args:
        path: The file; it need not be there.
        disk: How it is written.

    Attributes:
        up_to: The last number that is reserved.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk
        self._boot = this_boot()
        self.up_to = 0
        self._was_lost = False
        try:
            found = json.loads(path.read_bytes())
            self.up_to = int(found["up_to"])
            self._was_lost = found["boot"] != self._boot
        except (OSError, ValueError, LookupError, TypeError):
            pass  # there is none yet

    def first_free_after(self, seq: int) -> int:
        """
        Give the last number that may have been given, where *seq* is the last in the files.
        """
        if not self._was_lost or self.up_to <= seq:
            return seq
        log.warning("the machine was restarted: up to %d, numbers are left out", self.up_to)
        return self.up_to

    def cover(self, seq: int) -> None:
        """
        Reserve numbers up to *seq* and some more, unless they are.

        Raises:
            OSError: If the disk does not take it.
        """
        if seq > self.up_to:
            self.settle(seq + STEP)

    def settle(self, seq: int) -> None:
        """
        Reserve numbers up to *seq* and no more.

        Raises:
            OSError: If the disk does not take it.
        """
        document = {"boot": self._boot, "up_to": seq}
        self._disk.replace(self._path, [json.dumps(document).encode("ascii")])
        self.up_to = seq
