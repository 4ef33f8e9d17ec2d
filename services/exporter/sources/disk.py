"""The disk that session files are on."""

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric

from vitalrig.errors import Unavailable


class DiskSource:
    """
    Room left for recordings.

    Args:
        folder: The sessions folder.
    """

    name = "disk"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """
        Yield what is free for an ordinary user, and the size.

        Raises:
            Unavailable: If the folder is not there.
        """
        try:
            disk = os.statvfs(self._folder)
        except OSError as exc:
            raise Unavailable(f"{self._folder}: {exc.strerror}") from exc
        yield GaugeMetricFamily(
            "vitalrig_recording_filesystem_avail_bytes",
            "Room left on the disk of session files.",
            value=disk.f_bavail * disk.f_frsize,
        )
        yield GaugeMetricFamily(
            "vitalrig_recording_filesystem_size_bytes",
            "Size of the disk of session files.",
            value=disk.f_blocks * disk.f_frsize,
        )
