"""Numbers events, writes them, and knows what is current. One thread uses it."""

import contextlib
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from smartspectra.ipc.storage.append_file import AppendOnlyFile
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import Stages, finish_now
from vitalrig.telemetry.event_line import ENCODER, Request
from vitalrig.telemetry.event_routing import run_of
from vitalrig.telemetry.event_sources import all_sources, rising
from vitalrig.telemetry.idempotency_keys import IdempotencyKeys
from vitalrig.telemetry.kept_event import KeptEvent, Listener
from vitalrig.telemetry.log_checkpoint import CHECKPOINT_FILE, Checkpoint, read_checkpoint
from vitalrig.telemetry.log_files import LogFiles, site_file
from vitalrig.telemetry.log_recovery import recover
from vitalrig.telemetry.run_registry import Run, RunRegistry, read_runs
from vitalrig.telemetry.sequence_floor import SequenceFloor
from vitalrig.telemetry.sequence_reserve import RESERVE_FILE, SequenceReserve
from vitalrig.telemetry.submission import Submission
from vitalrig.telemetry.submission_plan import SubmissionPlan, plan_of
from vitalrig.telemetry.telemetry_errors import TelemetryKeyError, TelemetryStorageError

log = logging.getLogger(__name__)

Fsync = Literal["always", "interval", "never"]
"""When events are synced to the disk: before each answer, about once a second, or by the system."""

QUIET_S = 10.0
"""For so long a failure is not logged again."""

FLOOR_FILE = ".sequence"


class _Taken(NamedTuple):
    """One submission, what is new of it, and what its answer is made of."""

    submission: Submission
    plan: SubmissionPlan
    events: list[KeptEvent]


@dataclass
class _Group:
    """Submissions that are written together: whole, or not at all."""

    first_seq: int
    taken: list[_Taken] = field(default_factory=list)
    writes: list[tuple[Path, list[bytes]]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
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
        with contextlib.ExitStack() as opened:
            runs = read_runs(site_dir)
            self.runs = RunRegistry(site_dir, disk, runs, syncs=fsync != "never")
            opened.callback(self.runs.close)
            self.floor = SequenceFloor(site_dir / FLOOR_FILE, disk)
            opened.callback(self.floor.close)
            checkpoint = read_checkpoint(site_dir / CHECKPOINT_FILE)
            found = recover(site_dir, runs, checkpoint, self.floor.seq, disk)
            self._reserve = SequenceReserve(site_dir / RESERVE_FILE, disk)
            self.seq = self._reserve.first_free_after(found.seq)
            if fsync == "always" and self._reserve.up_to != self.seq:
                self._reserve.settle(self.seq)
            opened.pop_all()
        self.site_view = found.site_view
        self.keys = IdempotencyKeys(self._find)
        for entry in found.keys:
            self.keys.put(entry)
        self.listeners: tuple[Listener, ...] = ()
        self.trouble = ""
        self._quiet_until_s = 0.0
        self.synced_at_s: float | None = None
        self.sync_trouble = ""
        self._day = ""
        self._site_path: Path | None = None
        self.counts = {"events": 0, "unstored": 0, "refused": 0, "repeated": 0}
        self.counts |= {"bytes": 0, "writes": 0, "syncs": 0}
        self.counts |= {"recovered_events": found.events, "torn_ends": found.torn_ends}

    def commit(self, submissions: Iterable[Submission]) -> None:
        """
        Write all that wait, with one write a file where the disk takes it, and answer each.
        """
        group = _Group(self.seq + 1)
        for submission in submissions:
            if not group.keys.isdisjoint(submission.keys):
                self._finish(group)  # what it repeats is answered when that is kept
                group = _Group(self.seq + 1)
            try:
                self._place(submission, group)
            except (TelemetryKeyError, OSError) as exc:
                self._refuse(submission, exc)
        self._finish(group)

    def _finish(self, group: _Group) -> None:
        if not group.taken:
            return
        try:
            self._write(group)
        except OSError as exc:
            if len(group.taken) == 1:
                self._refuse(group.taken[0].submission, exc)
                return
            # The disk takes some of it perhaps, and each by itself is whole or refused.
            for taken in group.taken:
                self.commit([taken.submission])
        else:
            self._accept(group)

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

    def checkpoint(self) -> Checkpoint:
        """
        Give what the log knows now.
        """
        views = {run.number: run.view.entries() for run in self.runs.active}
        return Checkpoint(self.seq, self.site_view.entries(), views, self.keys.all())

    def checkpointing(self, checkpoint: Checkpoint) -> Stages:
        """
        Write down, in any thread, what the log knew, once that is on the disk.

        Raises:
            OSError: If the disk does not take it.
        """
        if self._fsync != "never":
            yield from self.files.syncing()
        yield from self._disk.replacing(self._site_dir / CHECKPOINT_FILE, checkpoint.pieces())

    def close_unused(self) -> None:
        """
        Close the files of days and runs that are over.
        """
        self.files.close_all_but(self._added_to(), unsynced=self._fsync == "never")

    def wanted_files(self) -> set[Path]:
        """
        Give the files that are open, or may be at any time, resolved.
        """
        return {path.resolve() for path in self.files.paths() | self._added_to()}

    def close(self) -> None:
        """Write down what the log knows, wait for the disk where that is wanted, and end."""
        with contextlib.suppress(OSError):
            if self._fsync != "never":
                self.floor.sync()
            finish_now(self.checkpointing(self.checkpoint()), self._disk)
            if self._reserve.up_to > self.seq:
                self._reserve.settle(self.seq)
        self.files.close_all_but((), unsynced=True)
        self.runs.close()
        self.floor.close()

    def _place(self, submission: Submission, group: _Group) -> None:
        plan = plan_of(submission, self.keys)
        base = group.first_seq + group.count
        mark = plan.batch_mark(base)
        events: list[KeptEvent] = []
        for number, prepared in enumerate(plan.new):
            run = run_of(prepared.request, self.runs, from_rig=submission.from_rig)
            meta, stream, meta_json = _meta_of(prepared.request, run)
            line = prepared.line(
                base + number,
                stream,
                meta_json,
                more=mark if number == plan.first_stored else "",
                batch_goes_on=number < plan.last_stored,
            )
            events.append(KeptEvent(base + number, line, prepared, meta, run))
            group.ends_unstored = not prepared.request.store_permanently
            if prepared.request.store_permanently:
                path = self._path_of(run, prepared.day)
                if not group.writes or group.writes[-1][0] != path:
                    group.writes.append((path, []))
                group.writes[-1][1].append(line)
        group.count += len(events)
        group.keys |= submission.keys
        group.taken.append(_Taken(submission, plan, events))

    def _added_to(self) -> set[Path]:
        site = set() if self._site_path is None else {self._site_path}
        return {run.path for run in self.runs.active} | site

    def _path_of(self, run: Run | None, day: str) -> Path:
        if run is not None:
            return run.path
        if day != self._day or self._site_path is None:
            self._day, self._site_path = day, site_file(self._site_dir, day)
        return self._site_path

    def _write(self, group: _Group) -> None:
        """
        Write a group's lines; if that fails, nothing of them is left.
        """
        sizes: dict[AppendOnlyFile, int] = {}
        floor_seq = self.floor.seq
        try:
            self.files.cut_leftovers()
            for path, lines in group.writes:
                file = self.files.open(path)
                sizes.setdefault(file, file.size_bytes)
                file.append(b"\n".join(lines) + b"\n")
            if group.ends_unstored:
                self.floor.raise_to(group.last_seq)
            if self._fsync == "always":
                self._sync(sizes, with_floor=group.ends_unstored)
            else:
                self._reserve.cover(group.last_seq)
        except BaseException as exc:
            for file, size_bytes in sizes.items():
                file.take_back(size_bytes)
            self.floor.lower_to(floor_seq)
            if isinstance(exc, OSError):
                self._fails(exc)
            raise
        self._works()
        self.counts["writes"] += len(group.writes)

    def _accept(self, group: _Group) -> None:
        """
        Show what is written, and answer it.
        """
        self.seq = group.last_seq
        for submission, plan, events in group.taken:
            for event in events:
                self._show(event)
            submission.result = plan.answer(events)
            for entry in plan.key_entries(events):
                self.keys.put(entry)
            self.counts["repeated"] += len(submission.events) - len(events)
        if self.listeners:
            kept = [event for taken in group.taken for event in taken.events]
            for listener in self.listeners:
                _inform(listener, kept)

    def _sync(self, files: Iterable[AppendOnlyFile], *, with_floor: bool) -> None:
        began_at_s = time.time()
        self.files.sync(files)
        if with_floor:
            self.floor.sync()
        self.synced_at_s = began_at_s

    def _show(self, event: KeptEvent) -> None:
        request = event.prepared.request
        self.counts["events" if request.store_permanently else "unstored"] += 1
        self.counts["bytes"] += len(event.line) + 1 if request.store_permanently else 0
        if request.make_current:
            view = self.site_view if event.run is None else event.run.view
            view.put(request.type, event.seq, event.line)

    def _find(self, seqs: Sequence[int]) -> dict[int, bytes]:
        """Find lines in the files."""
        wanted = set(seqs)
        found: dict[int, bytes] = {}
        for line in rising(all_sources(self._site_dir), min(wanted) - 1):
            if line.seq in wanted:
                found[line.seq] = line.text
            if line.seq >= max(wanted):
                break
        return found

    def _refuse(self, submission: Submission, exc: TelemetryKeyError | OSError) -> None:
        self.counts["refused"] += len(submission.events)
        if isinstance(exc, OSError):
            submission.error = TelemetryStorageError(f"the log cannot be written: {exc}")
        else:
            submission.error = exc

    def _fails(self, exc: OSError) -> None:
        # Where small events fit and great ones do not, this changes with each of them.
        if not self.trouble and time.monotonic() >= self._quiet_until_s:
            self._quiet_until_s = time.monotonic() + QUIET_S
            log.error("the event log cannot be written: %s", exc)
        self.trouble = str(exc)

    def _works(self) -> None:
        if self.trouble:
            log.info("the event log can be written again")
            self.trouble = ""


def _inform(listener: Listener, events: Sequence[KeptEvent]) -> None:
    try:
        listener(events)
    except Exception:
        log.exception("a listener of the event log failed")


def _meta_of(request: Request, run: Run | None) -> tuple[dict[str, Any], str, str]:
    """Give an event's meta, its stream, and its meta as JSON."""
    meta = request.meta
    if run is None:
        return meta, "site", ENCODER.encode(meta) if meta else "{}"
    if not meta:
        return {"run_id": run.run_id}, "run", run.bare_meta_json
    meta = {**meta, "run_id": run.run_id}
    return meta, "run", ENCODER.encode(meta)
