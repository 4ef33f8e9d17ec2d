"""What becomes of files that nobody writes any more: they are compressed, and some day they go."""

import contextlib
import logging
import os
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import finish_now
from vitalrig.telemetry.event_log import EventLog
from vitalrig.telemetry.event_retention import (
    ClosedFile,
    RetentionPolicy,
    closed_files,
    too_old_or_too_much,
)
from vitalrig.telemetry.event_sources import EventSource, all_sources, site_sources
from vitalrig.telemetry.line_reader import LineReader
from vitalrig.telemetry.packed_file import PACKED, packed
from vitalrig.telemetry.removed_events import note_removed

log = logging.getLogger(__name__)

InLogThread = Callable[[Callable[[], Any]], Any]
"""Has something done in the log's thread, and waits for it."""


class ClosedDays:
    """
    Compresses and removes what is not written any more. It works in any thread but the log's.

    Args:
        site_dir: The site folder.
        log: The log that writes there.
        disk: How files are written.
        today: Gives the day of the site file that is written now.
        in_log_thread: What decides whether a file is open is asked there.
    """

    def __init__(
        self,
        site_dir: Path,
        log: EventLog,
        disk: Disk,
        today: Callable[[], str],
        in_log_thread: InLogThread,
    ) -> None:
        self._site_dir = site_dir
        self._log = log
        self._disk = disk
        self._today = today
        self._in_log_thread = in_log_thread

    def pack(self) -> list[Path]:
        """
        Compress the site's files of days that are over; gives the files that were made.

        Raises:
            OSError: If that cannot be done now; nothing is lost then.
        """
        today, wanted = self._today(), self._wanted()
        made = [
            self._pack(source)
            for source in site_sources(self._site_dir)
            if source.path.suffix != PACKED
            and source.day < today
            and source.path.resolve() not in wanted
        ]
        return [path for path in made if path is not None]

    def prune(self, policy: RetentionPolicy, *, dry_run: bool = False) -> list[dict[str, Any]]:
        """
        Remove what is too old or too much; gives what was removed, or would be, as JSON data.

        Files of runs outside the site folder are their owner's, and stay.

        Raises:
            OSError: If that cannot be done now.
        """
        wanted = self._wanted()
        inside = self._site_dir.resolve()
        sources = [
            source
            for source in all_sources(self._site_dir)
            if source.path.resolve().is_relative_to(inside)
        ]
        files = closed_files((each for each in sources if each.day != self._today()), wanted)
        paths = {file.path for file in files}
        going = too_old_or_too_much(
            files,
            policy,
            now_s=time.time(),
            other_bytes=sum(each.path.stat().st_size for each in sources if each.path not in paths),
            free_bytes=self._disk.free_bytes(self._site_dir),
        )
        if dry_run:
            return [file.as_dict() for file in going]
        removed = [self._in_log_thread(partial(self._remove, file)) for file in going]
        return [note for note in removed if note is not None]

    def _wanted(self) -> set[Path]:
        found: set[Path] = self._in_log_thread(self._log.wanted_files)
        return found

    def _is_wanted(self, path: Path) -> bool:
        return path.resolve() in self._log.wanted_files()

    def _pack(self, source: EventSource) -> Path | None:
        span = source.span()
        if span is None:
            return None
        with LineReader(source.path) as reader:
            target = _copy_of(reader)
            if target is None:  # else a crash came between the two steps
                target = _free_name(source.path)
                content = packed(reader.descriptor, span)
                finish_now(self._disk.replacing(target, content), self._disk)
            if _copy_of(reader) is None or not self._in_log_thread(
                lambda: self._drop_plain(reader, target)
            ):
                target.unlink()
                return None
        log.info("%s: compressed", source.path)
        return target

    def _drop_plain(self, reader: LineReader, target: Path) -> bool:
        status = reader.path.stat()
        if self._is_wanted(reader.path) or status.st_size != reader.size_bytes:
            return False
        os.utime(target, (status.st_atime, status.st_mtime))
        reader.path.unlink()
        return True

    def _remove(self, file: ClosedFile) -> dict[str, Any] | None:
        if self._is_wanted(file.path):
            return None
        about = file.as_dict()
        self._log.floor.raise_to(self._log.seq)
        notes = [about | {"at": round(time.time())}]
        try:
            note_removed(self._site_dir, self._disk, notes)
        except OSError:  # on a full disk there is room when the file is gone
            file.path.unlink()
            note_removed(self._site_dir, self._disk, notes)
        else:
            file.path.unlink()
        if file.path.parent != self._site_dir:
            with contextlib.suppress(OSError):  # somebody keeps something else there
                file.path.parent.rmdir()
        log.info("%s: removed", file.path)
        return about


def _copy_of(plain: LineReader) -> Path | None:
    """The compressed file that has the same content."""
    for path in plain.path.parent.glob(f"{plain.path.stem}.*{PACKED}"):
        with LineReader(path) as copy:
            if plain.has_content_of(copy):
                return path
    return None


def _free_name(path: Path) -> Path:
    """The name for a compressed file; a second one of a day is numbered."""
    names = (
        path.with_name(path.name + PACKED)
        if number == 1
        else path.with_name(f"{path.stem}.{number}{path.suffix}{PACKED}")
        for number in count(1)
    )
    return next(name for name in names if not name.exists())
