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

from services.exporter.camera_view import CameraView, SnapshotFile
from services.exporter.snapshots.camera_views import camera_views
from smartspectra.ipc.storage.session_paths import SessionPaths
from vitalrig.clock import Clock, Moment, moment
from vitalrig.errors import BadMessage
from vitalrig.sessions.errors import Unreadable
from vitalrig.sessions.store.summary_reader import scan

log = logging.getLogger(__name__)

MAX_FILES = 16
"""So many of the newest files are read; older sessions are not live anyway."""

PAUSE_S = 0.001
"""Between two pieces of a file."""

OUTCOMES = ("read", "too_large", "unreadable", "left_out")

_Key = tuple[int, int, int]
"""What tells one content of a file from the next: inode, time of change in ns, size."""


@dataclass(frozen=True, slots=True)
class Seen:
    """
    A camera as a snapshot shows it.

    Attributes:
        view: The camera.
        at: When the file was found with this content.
    """

    view: CameraView
    at: Moment

    def age_s(self, now: Moment) -> float:
        """
        Tell how old it is at *now*.
        """
        return self.at.age_s(self.view.updated_us, now)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """
    What the snapshots say, as of the last look.

    Attributes:
        cameras: The newest view of each camera.
        outcomes: What became of the files that are fresh.
    """

    cameras: tuple[Seen, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True)
class _File:
    """
    What is known of one file: the content that was looked at last, and the last good one.

    Attributes:
        key: Tells the content that was looked at last; None for one that is to be looked at again.
        found: When it was found.
        outcome: What became of it.
        cameras: What the last good content shows.
    """

    key: _Key | None
    found: Moment
    outcome: str = "unreadable"
    cameras: tuple[Seen, ...] = ()


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
        now = moment(self._clock)
        fresh = self._fresh(now)
        outcomes = Counter({"left_out": max(0, len(fresh) - MAX_FILES)})
        known, self._files = self._files, {}
        for path, stat in fresh[:MAX_FILES]:
            file = self._files[path] = known.get(path, _File(None, now))
            if file.key != _key(stat):
                self._read(path, stat, file)
            outcomes[file.outcome] += 1
        newest: dict[str, Seen] = {}
        for file in self._files.values():
            for seen in file.cameras:
                other = newest.get(seen.view.prefix)
                if other is None or seen.age_s(now) < other.age_s(now):
                    newest[seen.view.prefix] = seen
        self._latest = Snapshots(
            tuple(newest.values()), MappingProxyType({name: outcomes[name] for name in OUTCOMES})
        )

    def _fresh(self, now: Moment) -> list[tuple[Path, os.stat_result]]:
        """
        List the files that were written lately, the newest first.
        """
        found = []
        for path in self._folder.glob(self._glob):
            try:
                stat = path.stat()
            except OSError:
                continue  # replaced or removed since it was listed
            if SessionPaths.kind_of(path.name) == "manifest":
                continue
            known = self._files.get(path)
            seen_at = known.found if known is not None and known.key == _key(stat) else now
            if seen_at.age_s(stat.st_mtime_ns / 1_000, now) <= self._stale_after_s:
                found.append((path, stat))
        return sorted(found, key=lambda each: (-each[1].st_mtime_ns, each[0]))

    def _read(self, path: Path, stat: os.stat_result, file: _File) -> None:
        """
        Read one file, and keep what it said before if it cannot be read now.
        """
        file.key, file.found = _key(stat), moment(self._clock)
        if stat.st_size > self._max_bytes:
            file.outcome, file.cameras = "too_large", ()
            log.warning("snapshot is too large", extra={"bytes": stat.st_size})
            return
        began_s = self._clock.monotonic_s()
        try:
            with path.open("rb", buffering=0) as stream:
                summary = scan(_gently(stream.read), path.name)
                if _key(os.fstat(stream.fileno())) != file.key:
                    # Written in place, or replaced since it was listed: again at the next look.
                    file.key = None
                    raise BadMessage("changed while it was read")
            read_s = self._clock.monotonic_s() - began_s
            written = SnapshotFile(stat.st_mtime_ns / 1_000, stat.st_size, read_s)
            views = camera_views(summary, written)
        except (BadMessage, Unreadable, OSError) as exc:
            file.outcome = "unreadable"
            log.debug("snapshot cannot be read", extra={"why": str(exc)})
        else:
            file.outcome = "read"
            file.cameras = tuple(Seen(view, file.found) for view in views)


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
