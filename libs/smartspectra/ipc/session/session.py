"""One session: its files, its series, and what is known of its completeness."""

import errno
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.series.chunk_store import ChunkStore, MemoryStore, SpillStore
from smartspectra.ipc.series.provenance import UNKNOWN, Provenance
from smartspectra.ipc.series.table import SeriesTable
from smartspectra.ipc.session import manifest
from smartspectra.ipc.session.manifest import Losses
from smartspectra.ipc.session.moments import moment_of
from smartspectra.ipc.session.parts import CONTINUED_IN, PART_NUMBER, PART_OF, Part
from smartspectra.ipc.session.summary import SummaryDocument, meta_of, number_separator
from smartspectra.ipc.storage.append_file import WriteFailed, as_lines
from smartspectra.ipc.storage.disk import FileRangeGone
from smartspectra.ipc.storage.hashed_file import HashedFile
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.storage.session_paths import SessionPaths
from smartspectra.ipc.storage.stages import Stages, finish_now, finish_unsynced, together
from smartspectra.ipc.wire.channels import Channels
from smartspectra.ipc.wire.codec import codec
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, document_of, is_envelope

log = logging.getLogger(__name__)

_ROOM_FOR_RECORDING_BYTES = 4 << 20
_MOVED_MS = 1_000
"""A smaller change is NTP slewing or drift, not a clock that was set."""

_TALLIED = {
    "samples": attrgetter("count"),
    "duplicates": attrgetter("duplicates"),
    "resets": attrgetter("resets"),
    "unusable": attrgetter("unusable"),
}


@dataclass(frozen=True, slots=True)
class ResumptionFacts:
    """
    What whoever goes on with an interrupted session knows of it.

    Attributes:
        made_whole: That everything since the last line will come again, or be reported as a
            gap. The interruption is then no reason to call the session incomplete.
        losses: What was known to be missing where it begins to come again. Without, the
            manifest is believed.
        sound_bytes: How much of the JSONL was certainly on the disk.
    """

    made_whole: bool = False
    losses: Mapping[str, Any] | None = None
    sound_bytes: int | None = None


NOT_RESUMED = ResumptionFacts()


class Session:
    """
    What is recorded under one session id, or outside of any.

    Nothing touches the disk before :meth:`open`.

    Attributes:
        session_id: Its id; None for what is recorded outside of sessions.
        paths: Its files.
        config: What the collector was told.
        options: How files are kept.
        started_ms: When it began, in milliseconds since 1970.
        stopped_ms: When it ended, or None.
        file: The JSONL while it is open.
        written: Envelopes in the JSONL.
        table: What was measured.
        losses: What was found missing since it was made.
        part: Which part of a recording it is.
        refused: Why its file takes no more, although the disk may; None if it does.
        continued_in: The part that goes on where this one ends; None if there is none.
    """

    def __init__(
        self,
        session_id: str | None,
        paths: SessionPaths,
        config: MetricsCollectorConfig,
        options: StorageOptions,
        *,
        append: bool = False,
        part: Part | None = None,
        resumed: ResumptionFacts = NOT_RESUMED,
    ) -> None:
        self.session_id = session_id
        self.paths = paths
        self.part = part or Part(session_id, paths)
        self.refused: OSError | None = None
        self.continued_in: str | None = None
        self._made_at_s = options.clock()
        self._made_ms = self.started_ms = int(options.wall_clock() * 1000)
        self.stopped_ms: int | None = None
        self.file: HashedFile | None = None
        self.written = 0
        self.losses = Losses()
        self._losses_before: Losses | None = None
        self._found: dict[str, Any] | None = None
        self.trouble: OSError | None = None
        self.config = config
        self.options = options
        self._append = append
        self._resumed = resumed
        self._moved_before_ms = 0
        self._torn_bytes = 0
        self._lost_bytes = 0
        self._is_open = False
        self._was_read_back = False
        self._stores = 0
        self._closed_bytes = 0
        self._tally_before: Counter[str] = Counter()
        self._spills = bool(
            options.spill and paths.work_folder and config.max_samples_per_series <= 0
        )
        self.table = self._new_table()

    # Series

    def _new_table(self) -> SeriesTable:
        limit = max(0, self.config.max_samples_per_series)
        channels = Channels(self.config.redis_key_prefix)
        return SeriesTable(channels, self._new_store, limit, self.options.understand_bytes)

    def _new_store(self) -> ChunkStore:
        if not self._spills:
            return MemoryStore(max(0, self.config.max_samples_per_series))
        folder = self.paths.work_folder
        assert folder is not None
        self._stores += 1
        comma = number_separator(whitespace=self.config.whitespace)
        disk = self.options.disk
        return SpillStore(folder, str(self._stores), comma, disk, self._note_trouble)

    def _note_trouble(self, exc: OSError) -> None:
        if self.trouble is None:
            log.warning("columns wait in memory: %s", exc)
        self.trouble = exc

    # Files

    @property
    def is_open(self) -> bool:
        """Whether its files are open, or there is none to open."""
        return self._is_open

    def open(self) -> None:
        """
        Open the files, unless that is done.

        What an earlier run left under these names is continued if the session was made
        to append, and set aside otherwise. May be called again after an error.

        Raises:
            OSError: If the disk does not allow it now.
            FolderInUse: If another process writes the file.
        """
        if self._is_open:
            return
        disk, paths = self.options.disk, self.paths
        for path in (paths.jsonl, paths.summary):
            if path is not None:
                disk.make_folder(path.parent)
        if paths.exist() and not (self._append and _can_be_continued(paths)):
            self.part.set_aside(disk)
        continuing, self._append = paths.exist(), True
        if self._found is None:
            # Later attempts find what the first one wrote.
            self._found = manifest.read(paths.manifest) if continuing and paths.manifest else {}
        if paths.jsonl is not None:
            # First, since it is a lock as well.
            self.file = HashedFile(paths.jsonl, disk, self._resumed.sound_bytes, is_envelope)
        try:
            self._empty_work_folder()
            if self.file is not None:
                if continuing:
                    self._rebuild(self.file)
                    self._tally_before = self._tally_now()
                self._write_open_manifest()
                self.file.name_is_durable = self.options.wait
        except BaseException:
            self.abandon()
            raise
        self._is_open = True

    def _write_open_manifest(self) -> None:
        if self.options.wait:
            self._write_manifest(manifest.OPEN)
        elif self.paths.manifest is not None:
            # It is there for whoever comes after a crash; the first snapshot waits for the disk.
            state = self.manifest(manifest.OPEN)
            finish_unsynced(manifest.writing(self.paths.manifest, state, self.options.disk))

    def _empty_work_folder(self) -> None:
        folder = self.paths.work_folder
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
            if self._spills:
                self.options.disk.make_folder(folder)

    def _rebuild(self, file: HashedFile) -> None:
        """Read what is in the file into the series, as if it arrived now."""
        before = self._found or {}
        self._losses_before = losses = self._losses_of(before, file)
        if losses.failed_syncs:
            file.distrust_syncs()
        self.written, losses.bad_lines, first_us = self._fill_table(file.read_lines_first())
        missing = manifest.finished_envelopes(before) - self.written
        if missing > 0:
            losses.note_gap(missing, manifest.CUT_SHORT)
            self._keep_summary()
        self.continued_in = before.get(CONTINUED_IN)
        moved_ms = before.get("wall_clock_moved_ms")
        self._moved_before_ms = moved_ms if isinstance(moved_ms, int) else 0
        started = before.get("started_at_ms")
        if isinstance(started, int) and moment_of(started) is not None:
            self.started_ms = started
        elif first_us is not None and moment_of(first_us / 1000) is not None:
            self.started_ms = first_us // 1000
        if before.get("source") and self.table.provenance.name == UNKNOWN:
            self.table.provenance = Provenance(before["source"])

    def _keep_summary(self) -> None:
        """Another name for a summary that tells of more than there is now."""
        old, disk = self.part.free_old_paths(), self.options.disk
        for path, kept in ((self.paths.summary, old.summary), (self.paths.snapshot, old.snapshot)):
            if path is not None and kept is not None and path.exists():
                log.warning("%s tells of more than its JSONL has; kept as %s", path, kept)
                disk.rename(path, kept)

    def _fill_table(self, lines: Iterable[bytes]) -> tuple[int, int, int | None]:
        """
        Make the series anew, of *lines*.

        Returns:
            How many lines there are, how many of them hold no envelope, and the first stamp.
        """
        self.table = self._new_table()
        first_us: int | None = None
        written = bad = 0
        for line in lines:
            written += 1
            try:
                document = document_of(line)
                envelope = Envelope.of(document)
            except BadEnvelope:
                bad += 1
                continue
            if first_us is None:
                first_us = envelope.timestamp_us
            self.table.add([document], len(line))
        return written, bad, first_us

    def _make_columns_anew(self, file: HashedFile) -> None:
        """Fill the work folder again, which someone has taken away."""
        log.warning("work files of %s are gone; the series are read again", file.path)
        provenance, self.trouble = self.table.provenance, None
        self._empty_work_folder()
        self._fill_table(file.read_lines())
        if self.table.provenance.name == UNKNOWN:
            self.table.provenance = provenance

    @property
    def all_losses(self) -> Losses:
        """What may be missing, with what its files said when they were opened."""
        return self.losses + self._losses_before if self._losses_before else self.losses

    def _losses_of(self, before: Mapping[str, Any], file: HashedFile) -> Losses:
        """What is missing from a file that is continued, by its manifest *before*."""
        losses = Losses.from_dict(before)
        if self._resumed.losses is not None:
            losses.restate(self._resumed.losses)
        if before or file.size_bytes:
            losses.resumptions += 1
        if not before and file.size_bytes:
            losses.note_gap(0, manifest.NO_MANIFEST)
        self._torn_bytes += file.torn_bytes  # an opening that failed may have set them aside
        self._lost_bytes = max(self._lost_bytes, file.lost_bytes)
        losses.torn_bytes += self._torn_bytes
        if self._lost_bytes:
            losses.note_gap(0, manifest.SHORTER)
        if self._resumed.made_whole:
            losses.refilled_bytes += self._torn_bytes
        else:
            was_open = before.get("state") == manifest.OPEN
            losses.interruptions += was_open and CONTINUED_IN not in before
        return losses

    def write(self, lines: list[bytes]) -> None:
        """
        Append lines to the JSONL with one write.

        Raises:
            WriteFailed: If the disk did not take all of them.
        """
        if self.file is None:
            return
        try:
            self.file.append(as_lines(lines))
        except WriteFailed as exc:
            self.written += exc.kept_lines
            raise
        self.written += len(lines)

    @property
    def is_behind(self) -> bool:
        """Whether the JSONL holds more than is certainly on the disk."""
        return self.file is not None and self.file.durable_bytes < self.file.size_bytes

    def restore_if_gone(self) -> None:
        """
        Bring the files back if someone has removed or moved them, or their folder.

        Raises:
            OSError: If that cannot be done now.
        """
        if self.file is None:
            return
        done = self.file.restore_if_gone()
        if done is not None:
            log.error("someone %s %s while it was written; it is back", done, self.file.path)
            self._write_manifest(manifest.OPEN)
        folder = self.paths.work_folder
        is_gone = folder is not None and not folder.is_dir()
        if self._spills and (is_gone or isinstance(self.trouble, FileRangeGone)):
            self._make_columns_anew(self.file)

    def sync(self) -> None:
        """
        Wait until every line is on the disk.

        Raises:
            OSError: If the disk cannot say so.
        """
        finish_now(self.syncing(), self.options.disk)

    def syncing(self) -> Stages:
        """
        The stages of :meth:`sync`.

        Raises:
            OSError: If the disk cannot say so.
        """
        if self.file is not None and self.is_behind:
            try:
                yield from self.file.syncing()
            except BaseException:
                self.losses.failed_syncs += 1
                raise

    def now_ms(self) -> int:
        """
        What time it is by the wall clock as it was when the session was made.

        Someone may set that clock during the session, which must not make the session
        longer than it is, or end before it began.
        """
        return self._made_ms + round((self.options.clock() - self._made_at_s) * 1000)

    @property
    def wall_clock_moved_ms(self) -> int:
        """How far someone has set the wall clock during the session, as far as that is known."""
        moved_ms = round(self.options.wall_clock() * 1000) - self.now_ms()
        return self._moved_before_ms + (moved_ms if abs(moved_ms) >= _MOVED_MS else 0)

    def about_parts(self) -> dict[str, Any]:
        """What a manifest says of the recording's other parts; nothing if there are none."""
        known: dict[str, Any] = {}
        if self.part.number > 1:
            known = {PART_OF: self.part.whole_id, PART_NUMBER: self.part.number}
        elif self._found and PART_NUMBER in self._found:
            known = {key: self._found.get(key) for key in (PART_OF, PART_NUMBER)}
        return known | ({CONTINUED_IN: self.continued_in} if self.continued_in else {})

    def end_in_favour_of(self, part: Part) -> None:
        """
        Say in the manifest where the recording goes on.

        Raises:
            OSError: If it cannot be said now.
        """
        self.continued_in = part.name
        if self._is_open:
            self._write_open_manifest()

    def document(self) -> SummaryDocument:
        """The session as it is now."""
        meta = meta_of(
            self.table,
            self.config,
            session_id=self.session_id,
            started_ms=self.started_ms,
            updated_ms=self.stopped_ms or max(self.now_ms(), self.started_ms),
            stopped_ms=self.stopped_ms,
            written=self.written,
        )
        return SummaryDocument.of(meta, self.table.data)

    def write_document(self, document: SummaryDocument, path: Path) -> None:
        """Write a document as a snapshot or a summary, in one step."""
        finish_now(self._writing_document(document, path), self.options.disk)

    def _writing_document(self, document: SummaryDocument, path: Path) -> Stages:
        return document.writing(path, self.options.disk, whitespace=self.config.whitespace)

    def manifest(self, state: str) -> dict[str, Any]:
        """What the manifest says now."""
        return manifest.manifest_of(
            state,
            self.table,
            self.all_losses,
            session_id=self.session_id,
            parts=self.about_parts(),
            redis_prefix=self.config.redis_key_prefix,
            software_version=self.options.software_version,
            started_ms=self.started_ms,
            stopped_ms=self.stopped_ms,
            wall_clock_moved_ms=self.wall_clock_moved_ms,
            written=self.written,
            size_bytes=self.file.size_bytes if self.file else 0,
            sha256=self.file.sha256 if self.file and state == manifest.FINISHED else None,
        )

    def _write_manifest(self, state: str) -> None:
        if self.paths.manifest is not None:
            manifest.write(self.paths.manifest, self.manifest(state), self.options.disk)

    def writing_snapshot(self, document: SummaryDocument, state: dict[str, Any]) -> Stages:
        """
        Write the snapshot and the manifest that goes with it; from any thread.

        Raises:
            OSError: If it cannot be written, or would take the room that the recording
                itself will need.
        """
        works: list[Stages] = []
        if self.paths.snapshot is not None:
            free_bytes = self.options.disk.free_bytes(self.paths.snapshot.parent)
            if free_bytes < document.spilled_bytes + _ROOM_FOR_RECORDING_BYTES:
                raise OSError(errno.ENOSPC, "no room for a snapshot beside the recording")
            works.append(self._writing_document(document, self.paths.snapshot))
        if self.paths.manifest is not None:
            works.append(manifest.writing(self.paths.manifest, state, self.options.disk))
        yield from together(*works)

    def finish(self, stopped_ms: int | None = None) -> None:
        """
        Write summary, last snapshot and manifest, and close the files.

        May be called again after an error; the time of the first call counts.

        Args:
            stopped_ms: When it ended, if that was not now.

        Raises:
            OSError: If the disk does not allow it now.
        """
        finish_now(self.finishing(stopped_ms), self.options.disk)

    def finishing(self, stopped_ms: int | None = None) -> Stages:
        """
        The stages of :meth:`finish`.

        Raises:
            OSError: If the disk does not allow it now.
        """
        if not self._is_open:
            if not (self.losses.unwritten or self.losses.gaps):
                return
            self.open()  # even what could not be written leaves a manifest
        self.stopped_ms = self.stopped_ms or stopped_ms or max(self.now_ms(), self.started_ms)
        self.restore_if_gone()
        if self.file is not None:
            self.file.cut_half_line()
        yield from self.syncing()
        self._read_back()
        try:
            yield from self._writing_documents()
        except FileRangeGone:
            if self.file is None:
                raise
            self._make_columns_anew(self.file)
            yield from self._writing_documents()
        if self.paths.manifest is not None:
            last = self.manifest(manifest.FINISHED)
            yield from manifest.writing(self.paths.manifest, last, self.options.disk)
            self.options.finished(last)
        if self.file is not None:
            self._closed_bytes = self.file.size_bytes
            self.file.close()
            self.file = None
        if self.paths.work_folder is not None:
            shutil.rmtree(self.paths.work_folder, ignore_errors=True)
        self._is_open = False

    def _read_back(self) -> None:
        """Look at what is on the disk: after a failed sync nobody knows it otherwise."""
        if self.file is None or not self.all_losses.failed_syncs or self._was_read_back:
            return
        self._was_read_back = True
        try:
            is_whole = self.file.is_as_written()
        except OSError as exc:
            log.error("cannot read %s back: %s", self.file.path, exc)
            is_whole = False
        if is_whole:
            log.warning("a sync had failed; %s was read back and is whole", self.file.path)
        else:
            log.error("a sync had failed; %s is not what was written", self.file.path)
            self.losses.note_gap(0, manifest.NOT_AS_WRITTEN)

    def _writing_documents(self) -> Stages:
        document = self.document()
        documents = [path for path in (self.paths.summary, self.paths.snapshot) if path is not None]
        yield from together(*(self._writing_document(document, path) for path in documents))

    def tally(self) -> Counter[str]:
        """
        What was added to it, by name.

        The names are envelopes, ``type:`` and an envelope's type, samples, duplicates,
        resets, unusable and bytes. What a continued file held before does not count.
        """
        tally = self._tally_now()
        tally.subtract(self._tally_before)
        return tally

    def _tally_now(self) -> Counter[str]:
        counts, series = self.table.counts, list(self.table.all())
        tally = Counter({f"type:{kind}": number for kind, number in counts.items()})
        tally["envelopes"] = counts.total()
        if series:
            for name, attribute in _TALLIED.items():
                tally[name] = sum(map(attribute, series))
        tally["bytes"] = self.file.size_bytes if self.file else self._closed_bytes
        return tally

    def abandon(self) -> None:
        """Close the files as they are."""
        if self.file is not None:
            self.file.close()
            self.file = None
        self._is_open = False

    def seen(self) -> Callable[[], dict[str, Any]]:
        """
        Look at the session as it is now; the documented structure is made when it is asked for.

        Raises (when it is asked for):
            FileRangeGone: If the columns are not there any more, since it was finished meanwhile.
        """
        return self._written_summary if self._columns_are_in_summary else self.document().to_dict

    def to_dict(self) -> dict[str, Any]:
        """The documented structure, as plain dicts and lists."""
        try:
            return self.seen()()
        except FileRangeGone:
            if self.stopped_ms is not None and self._has_summary:
                return self._written_summary()  # being finished beside us
            if self.file is None:
                raise
            self._make_columns_anew(self.file)
            return self.document().to_dict()

    @property
    def _has_summary(self) -> bool:
        return self.paths.summary is not None and self.paths.summary.exists()

    @property
    def _columns_are_in_summary(self) -> bool:
        """Whether they are nowhere else."""
        return self._spills and self.stopped_ms is not None and not self._is_open

    def _written_summary(self) -> dict[str, Any]:
        assert self.paths.summary is not None
        try:
            document: dict[str, Any] = codec().loads(self.paths.summary.read_bytes())
        except (OSError, ValueError):
            log.warning("the summary is gone: %s", self.paths.summary)
            return {"meta": dict(self.document().meta), "series": {}}
        return document


def _can_be_continued(paths: SessionPaths) -> bool:
    """Whether the series can be made again; without the JSONL a summary would be overwritten."""
    return paths.jsonl is not None and paths.jsonl.exists()
