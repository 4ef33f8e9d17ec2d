"""The disk that session files are on, and the files."""

import os
from collections.abc import Callable
from pathlib import Path

from services.exporter.scrape import Scrape
from services.exporter.session_file_counts import FileCounts
from vitalrig.errors import Unavailable
from vitalrig.metrics.families import Families


class DiskSource:
    """
    Room left for recordings.

    Args:
        folder: The sessions folder.
    """

    name = "disk"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self, scrape: Scrape, families: Families) -> None:  # noqa: ARG002  every source's
        """
        Add what is free for an ordinary user, and the size.

        Raises:
            Unavailable: If the folder is not there.
        """
        try:
            disk = os.statvfs(self._folder)
        except OSError as exc:
            raise Unavailable(f"{self._folder}: {exc.strerror}") from exc
        families.add("vitalrig_recording_filesystem_avail_bytes", disk.f_bavail * disk.f_frsize)
        families.add("vitalrig_recording_filesystem_size_bytes", disk.f_blocks * disk.f_frsize)


class FileSource:
    """
    How many session files there are.

    They are counted beside the scrapes: a folder of years is slow to list.

    Args:
        latest: Gives the last count; None before the first and after one that failed.
    """

    name = "files"

    def __init__(self, latest: Callable[[], FileCounts | None]) -> None:
        self._latest = latest

    def collect(self, scrape: Scrape, families: Families) -> None:  # noqa: ARG002  every source's
        """
        Add the last count.

        Raises:
            Unavailable: If the folder could not be listed, or not yet.
        """
        tally = self._latest()
        if tally is None:
            raise Unavailable("session files have not been counted")
        for kind, (files, size_bytes) in tally.kinds.items():
            families.add("vitalrig_session_files", files, kind)
            families.add("vitalrig_session_files_size_bytes", size_bytes, kind)
        families.add("vitalrig_session_files_unreadable", len(tally.unreadable))
