"""A disk whose snapshots are heartbeats."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from smartspectra.ipc.storage.disk import Disk, FileRange
from smartspectra.ipc.storage.session_paths import SessionPaths
from smartspectra.ipc.storage.stages import Stages
from vitalrig.clock import Clock
from vitalrig.service.heartbeats import ServiceHeartbeats


class InstrumentedDisk(Disk):
    """
    Writes as its base does, and beats the step `snapshots` for every snapshot that is whole.

    Making the text, writing and syncing it are the busy time; the thread is not the one that
    records.

    Args:
        beats: Where heartbeats go.
        clock: What tells the time.
        group: The group that may read what is made.

    Raises:
        ValueError: If there is no such group.
    """

    def __init__(self, beats: ServiceHeartbeats, clock: Clock, group: str = "") -> None:
        super().__init__(group)
        self._snapshots = beats.step("snapshots")
        self._clock = clock

    def replacing(self, path: Path, pieces: Iterable[bytes | FileRange]) -> Stages:
        """
        Make *pieces* the whole content of *path*, in one step.

        Raises:
            OSError: If it cannot be done; *path* is then as it was, and nothing beats.
        """
        began_s = self._clock.monotonic_s()
        yield from super().replacing(path, pieces)
        if SessionPaths.kind_of(path.name) == "snapshot":
            busy_s, size_bytes = self._clock.monotonic_s() - began_s, 0
            with contextlib.suppress(OSError):  # someone may have taken it away already
                size_bytes = path.stat().st_size
            self._snapshots.beat(busy_s, size_bytes)
