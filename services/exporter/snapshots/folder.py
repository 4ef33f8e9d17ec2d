"""
The newest snapshot of each camera, read beside the scrapes whenever a file has changed.

A file may have hundreds of megabytes and be replaced at any moment. Who scrapes gets what was read
last, as a value that never changes; what is being read is nobody's business until it is whole.
"""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from services.exporter.snapshots.document import Document
from services.exporter.views import CameraView, SnapshotFile
from vitalrig.clock import Clock
from vitalrig.errors import BadMessage

log = logging.getLogger(__name__)

MAX_FILES = 16
"""So many of the newest files are read; older sessions are not live anyway."""

PAUSE_S = 0.001
"""Between two pieces of a file."""

OUTCOMES = ("read", "too_large", "unreadable", "left_out")

_Key = tuple[int, int, int]
"""What tells one content of a file from the next: inode, time of change in ns, size."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """
    What the snapshots say, as of the last look.

    Attributes:
        views: The newest view of each camera.
        outcomes: What became of the files that are fresh.
    """

    views: tuple[CameraView, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True)
class _File:
    """What is known of one file: the content that was looked at last, and the last good one."""

    key: _Key | None = None
    outcome: str = "unreadable"
    views: tuple[CameraView, ...] = ()


class SnapshotFolder:
    """
    Follows the files that a pattern names.

    Args:
        pattern: A folder, or a pattern such as `sessions/*_snapshot_temp.json`.
        stale_after_s: Older files are not looked at.
        max_bytes: Larger files are not read.
        clock: What tells the time.
    """

    def __init__(self, pattern: str, stale_after_s: float, max_bytes: int, clock: Clock) -> None:
        path = Path(pattern)
        self._folder, self._glob = (path, "*.json") if path.is_dir() else (path.parent, path.name)
        self._stale_after_s = stale_after_s
        self._max_bytes = max_bytes
        self._clock = clock
        self._files: dict[Path, _File] = {}
        self._latest = Snapshots()

    def latest(self) -> Snapshots:
        """
        Give what the last look found.
        """
        return self._latest

    def look(self) -> None:
        """
        Read what has changed.
        """
        fresh = self._fresh()
        outcomes = Counter({"left_out": max(0, len(fresh) - MAX_FILES)})
        known, self._files = self._files, {}
        for path, stat in fresh[:MAX_FILES]:
            file = self._files[path] = known.get(path, _File())
            if file.key != _key(stat):
                self._read(path, stat, file)
            outcomes[file.outcome] += 1
        newest: dict[str, CameraView] = {}
        for file in self._files.values():
            for view in file.views:
                if view.prefix not in newest or newest[view.prefix].updated_us < view.updated_us:
                    newest[view.prefix] = view
        self._latest = Snapshots(
            tuple(newest.values()), MappingProxyType({name: outcomes[name] for name in OUTCOMES})
        )

    def _fresh(self) -> list[tuple[Path, os.stat_result]]:
        """
        List the files that were written lately, the newest first.
        """
        oldest_s = self._clock.wall_us() / 1_000_000 - self._stale_after_s
        found = []
        for path in self._folder.glob(self._glob):
            try:
                stat = path.stat()
            except OSError:
                continue  # replaced or removed since it was listed
            if stat.st_mtime >= oldest_s and not path.name.endswith("_manifest.json"):
                found.append((path, stat))
        return sorted(found, key=lambda each: (-each[1].st_mtime_ns, each[0]))

    def _read(self, path: Path, stat: os.stat_result, file: _File) -> None:
        """
        Read one file, and keep what it said before if it cannot be read now.
        """
        file.key = _key(stat)
        if stat.st_size > self._max_bytes:
            file.outcome, file.views = "too_large", ()
            log.warning("snapshot is too large", extra={"bytes": stat.st_size})
            return
        began_s = self._clock.monotonic_s()
        try:
            with path.open("rb", buffering=0) as stream:
                document = Document.read(_gently(stream.read))
                if _key(os.fstat(stream.fileno())) != file.key:
                    # Written in place, or replaced since it was listed: again at the next look.
                    file.key = None
                    raise BadMessage("changed while it was read")
            read_s = self._clock.monotonic_s() - began_s
            views = document.views(SnapshotFile(stat.st_mtime_ns / 1_000, stat.st_size, read_s))
        except (BadMessage, OSError) as exc:
            file.outcome = "unreadable"
            log.debug("snapshot cannot be read", extra={"why": str(exc)})
        else:
            file.outcome, file.views = "read", tuple(views)


def _gently(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """
    Pause after each piece, so that scrapes and the disk are not held up: about 200 MB/s.
    """

    def piece(size: int) -> bytes:
        time.sleep(PAUSE_S)
        return read(size)

    return piece


def _key(stat: os.stat_result) -> _Key:
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
