"""Numbers events, writes them, and knows what is current. One thread uses it."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from smartspectra.ipc.storage.append_file import AppendOnlyFile
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import finish_now
from vitalrig.telemetry.current_view import CurrentView
from vitalrig.telemetry.event_line import ENCODER, PreparedEvent
from vitalrig.telemetry.event_routing import run_of
from vitalrig.telemetry.log_files import LogFiles, site_file
from vitalrig.telemetry.run_registry import Run, RunRegistry
from vitalrig.telemetry.sequence_floor import SequenceFloor
from vitalrig.telemetry.submission import Submission
from vitalrig.telemetry.telemetry_errors import TelemetryStorageError

log = logging.getLogger(__name__)

Fsync = Literal["always", "interval", "never"]
"""When events are synced to the disk: before each answer, about once a second, or by the system."""

FLOOR_FILE = ".sequence"


class KeptEvent(NamedTuple):
    """
    An event that the log has taken.

    Attributes:
        seq: Its number.
        line: Its line, without a newline.
        prepared: What it was made of.
        meta: Its meta, with the run's id where it belongs to one.
        run: The run that it belongs to; None for the site.
    """

    seq: int
    line: bytes
    prepared: PreparedEvent
    meta: dict[str, Any]
    run: Run | None

    def answer(self) -> dict[str, Any]:
        """
        Give what the API answers.
        """
        request = self.prepared.request
        ts = self.prepared.received_at if request.ts is None else request.ts
        return {
            "seq": self.seq,
            "ts": ts,
            "type": request.type,
            "data": request.data,
            "meta": self.meta,
        }


Listener = Callable[[Sequence[KeptEvent]], object]
"""Told of events, in order, when they are kept; it returns at once."""


@dataclass
class _Group:
    """Submissions that are written together: whole, or not at all."""

    first_seq: int
    taken: list[tuple[Submission, list[KeptEvent]]] = field(default_factory=list)
    writes: list[tuple[Path, list[bytes]]] = field(default_factory=list)
    count: int = 0
    ends_unstored: bool = False

    @property
    def last_seq(self) -> int:
        return self.first_seq + self.count - 1


class EventLog:
    """
    The log of one site folder.

    Args:
        site_dir: The folder; it is there, and locked.
        disk: How files are written.
        fsync: When events are synced.

    Attributes:
        seq: The last number that was given.
        site_view: What is current beside the runs.
        runs: The runs.
        files: The files that are open.
        listeners: Told of all that is kept.
        trouble: Why the log takes nothing; empty while it does.
        synced_at_s: Since when all that is older is on the disk, in seconds of the Unix epoch;
            None before the first sync.
        sync_trouble: Why the last sync failed; empty if it did not.
        counts: What it has done.

    Raises:
        OSError: If the folder cannot be written to.
    """

    def __init__(self, site_dir: Path, disk: Disk, fsync: Fsync) -> None:
        self._site_dir = site_dir
        self._disk = disk
        self._fsync = fsync
        self.files = LogFiles(disk)
        self.runs = RunRegistry(site_dir, disk, syncs=fsync != "never")
        self.floor = SequenceFloor(site_dir / FLOOR_FILE, disk)
        self.seq = self.floor.seq
        self.site_view = CurrentView()
        self.listeners: tuple[Listener, ...] = ()
        self.trouble = ""
        self.synced_at_s: float | None = None
        self.sync_trouble = ""
        self._day = ""
        self._site_path: Path | None = None
        self.counts = {"events": 0, "unstored": 0, "refused": 0, "bytes": 0, "writes": 0}

    def commit(self, submissions: Iterable[Submission]) -> None:
        """
        Write all that wait, with one write a file where the disk takes it, and answer each.
        """
        group = _Group(self.seq + 1)
        for submission in submissions:
            self._place(submission, group)
        if not group.taken:
            return
        try:
            self._keep(group)
        except OSError as exc:
            if len(group.taken) == 1:
                self._refuse(group.taken[0][0], exc)
                return
            # The disk takes some of it perhaps, and each by itself is whole or refused.
            for submission, _ in group.taken:
                self.commit([submission])

    def recover_from_trouble(self) -> None:
        """
        See whether the disk takes something again, where it did not.
        """
        if self.trouble:
            try:
                self.files.cut_leftovers()
                if self._disk.free_bytes(self._site_dir) > 0:
                    self._works()
            except OSError as exc:
                self._fails(exc)

    def close_unused(self) -> None:
        """
        Close the files of days and runs that are over.
        """
        wanted = {run.path for run in self.runs.active}
        if self._site_path is not None:
            wanted.add(self._site_path)
        self.files.close_all_but(wanted, unsynced=self._fsync == "never")

    def close(self) -> None:
        """Wait until all is on the disk, where that is wanted, and close all files."""
        if self._fsync != "never":
            with contextlib.suppress(OSError):
                finish_now(self.files.syncing(), self._disk)
                self.floor.sync()
        self.files.close_all_but((), unsynced=True)
        self.runs.close()
        self.floor.close()

    def _place(self, submission: Submission, group: _Group) -> None:
        kept: list[KeptEvent] = []
        last_stored = max(
            (n for n, each in enumerate(submission.events) if each.request.store_permanently),
            default=-1,
        )
        for number, prepared in enumerate(submission.events):
            request = prepared.request
            run = run_of(request, self.runs, from_rig=submission.from_rig)
            meta = request.meta
            if run is None:
                stream, meta_json = "site", ENCODER.encode(meta) if meta else "{}"
            elif meta:
                meta = {**meta, "run_id": run.run_id}
                stream, meta_json = "run", ENCODER.encode(meta)
            else:
                meta = {"run_id": run.run_id}
                stream, meta_json = "run", run.bare_meta_json
            seq = group.first_seq + group.count
            line = prepared.line(seq, stream, meta_json, batch_goes_on=number < last_stored)
            kept.append(KeptEvent(seq, line, prepared, meta, run))
            group.count += 1
            group.ends_unstored = not request.store_permanently
            if request.store_permanently:
                path = self._path_of(run, prepared.day)
                if not group.writes or group.writes[-1][0] != path:
                    group.writes.append((path, []))
                group.writes[-1][1].append(line)
        group.taken.append((submission, kept))

    def _path_of(self, run: Run | None, day: str) -> Path:
        if run is not None:
            return run.path
        if day != self._day or self._site_path is None:
            self._day, self._site_path = day, site_file(self._site_dir, day)
        return self._site_path

    def _keep(self, group: _Group) -> None:
        sizes: dict[AppendOnlyFile, int] = {}
        floor_seq = self.floor.seq
        try:
            self.files.cut_leftovers()
            for path, lines in group.writes:
                file = self.files.open(path)
                sizes.setdefault(file, file.size_bytes)
                data = b"\n".join(lines) + b"\n"
                file.append(data)
                self.counts["bytes"] += len(data)
            if group.ends_unstored:
                self.floor.raise_to(group.last_seq)
            if self._fsync == "always":
                self._sync(sizes, with_floor=group.ends_unstored)
        except BaseException as exc:
            for file, size_bytes in sizes.items():
                file.take_back(size_bytes)
            self.floor.lower_to(floor_seq)
            if isinstance(exc, OSError):
                self._fails(exc)
            raise
        self._works()
        self.counts["writes"] += len(group.writes)
        self.seq = group.last_seq
        for submission, kept in group.taken:
            answers = [self._show(event) for event in kept]
            submission.result = answers if submission.is_batch else answers[0]
        if self.listeners:
            events = [event for _, kept in group.taken for event in kept]
            for listener in self.listeners:
                _inform(listener, events)

    def _sync(self, files: Iterable[AppendOnlyFile], *, with_floor: bool) -> None:
        began_at_s = time.time()
        self.files.sync(files)
        if with_floor:
            self.floor.sync()
        self.synced_at_s = began_at_s

    def _show(self, event: KeptEvent) -> dict[str, Any]:
        request = event.prepared.request
        self.counts["events" if request.store_permanently else "unstored"] += 1
        if request.make_current:
            view = self.site_view if event.run is None else event.run.view
            view.put(request.type, event.seq, event.line)
        return event.answer()

    def _refuse(self, submission: Submission, exc: OSError) -> None:
        self.counts["refused"] += len(submission.events)
        submission.error = TelemetryStorageError(f"the log cannot be written: {exc}")

    def _fails(self, exc: OSError) -> None:
        if not self.trouble:
            log.error("the event log cannot be written: %s", exc)
        self.trouble = str(exc)

    def _works(self) -> None:
        if self.trouble:
            log.warning("the event log can be written again")
            self.trouble = ""


def _inform(listener: Listener, events: Sequence[KeptEvent]) -> None:
    try:
        listener(events)
    except Exception:
        log.exception("a listener of the event log failed")
