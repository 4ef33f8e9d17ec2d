"""Writes lines to the spool's newest file, and begins new ones."""

import errno
import logging
import os
from pathlib import Path

from services.physiology_server.spool.segments import Segments
from vitalrig.service.health import Health

log = logging.getLogger(__name__)


class SpoolWriter:
    """
    Adds lines, and says in health when the disk does not take one.

    Args:
        segments: The files.
        health: Where `spool` fails.

    Attributes:
        failing: Whether the disk did not take the last line, or the last file that was begun.
        dirty: The files that were written since they were last synced.
    """

    def __init__(self, segments: Segments, health: Health) -> None:
        self._segments = segments
        self._health = health
        self._descriptor = -1
        self.failing = False
        self.dirty: set[Path] = set()

    def begin(self, first: int, line: bytes) -> None:
        """
        Go on in a new file, whose first envelope has the place *first*, with its first line.
        """
        try:
            segment, descriptor = self._segments.begin(first, line)
        except OSError as exc:
            self._fail(exc)
            return
        self.close()
        self._descriptor = descriptor
        self.dirty.add(segment.path)
        if self.failing:
            log.info("spool is written again")
        self.failing = False
        self._health.ok("spool")

    def write(self, line: bytes) -> bool:
        """
        Add one line to the newest file; tell whether the disk took it.

        After a line that it did not take, none is added before a new file was begun.
        """
        newest = self._segments.newest
        if self.failing or self._descriptor < 0 or newest is None:
            return False
        try:
            if os.write(self._descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as exc:
            self._fail(exc)
            return False
        newest.size_bytes += len(line)
        self.dirty.add(newest.path)
        return True

    def close(self) -> None:
        """
        Write no more.
        """
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _fail(self, error: OSError) -> None:
        """
        Leave the file's end torn: who reads it after a crash sees that it does not hold all.
        """
        self._health.fail("spool", f"{error}: a crash would lose what is not sent")
        if self.failing:
            return
        self.failing = True
        log.error("spool cannot be written", extra={"why": str(error)})
        newest = self._segments.newest
        try:
            if newest is not None:
                os.truncate(newest.path, newest.size_bytes - 1)
        except OSError as exc:
            log.error("spool cannot be cut", extra={"why": str(exc)})
