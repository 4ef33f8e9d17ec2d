"""
The event log of one site folder: what PANOPTES's telemetry service does, and what we add.

The interface, for who builds on it (an HTTP server, a Redis reader, a program of one process):

- `append_event(request)` waits for its answer, `submit(request)` gives a `concurrent.futures`
  future, `await append(request)` is for an event loop, which is woken once for all that were
  written together. None of them waits for a disk but the first. `append_events`, `submit_batch`
  and `append_batch` take several events, all or nothing; their answer is a list.
- `from_rig=True` marks what the rig itself says; a client's run is not for that.
- `start_run`, `stop_run`, `get_run`, `run_active`: the client's run, of which there is one.
  `start_recording_run`, `stop_recording_run`: recordings, several at once. `runs()` lists all.
  Each of the four that change something has a twin `submit_...` that gives a future.
- `current_snapshot()`, `current_event(type)`, `ready()`, `counts()`, `last_seq`: never wait.
- `read_lines(query)` reads events back, `removed_after(seq)` tells which were removed; both wait
  for the disk, and so do `pack_closed_days()` and `prune(policy)`.
- `add_listener(listener)`: called in the log's thread with the events that were just kept, in
  order; it returns at once. `remove_listener` ends that.
- `close()` writes what waits; a service that is forgotten is closed as well.

Errors, and what HTTP calls them: `TelemetryConflictError` 409, `TelemetryNotFoundError` 404,
`TelemetryForbiddenError` 403, `TelemetryKeyError` 422, `TelemetryRequestError` its status,
`TelemetryStorageError` 507, `CannotStart` at the start only: another process writes the folder.
"""

import asyncio
import logging
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.folder_lock import FolderInUse, FolderLock
from vitalrig.errors import CannotStart
from vitalrig.telemetry.closed_days import ClosedDays
from vitalrig.telemetry.current_view import Entry, newest_of
from vitalrig.telemetry.event_hooks import EventHook, EventHooks
from vitalrig.telemetry.event_line import (
    PreparedEvent,
    Request,
    digest_of,
    parsed,
    prepare,
    public_event,
)
from vitalrig.telemetry.event_log import EventLog, Fsync
from vitalrig.telemetry.event_query import EventQuery
from vitalrig.telemetry.event_retention import RetentionPolicy
from vitalrig.telemetry.event_times import NowProvider, get_site_day_key, local_now, utc_iso_z
from vitalrig.telemetry.kept_event import Listener
from vitalrig.telemetry.log_keeper import EVERY_S, LogKeeper
from vitalrig.telemetry.log_thread import LogThread
from vitalrig.telemetry.packed_file import SeqSpan
from vitalrig.telemetry.removed_events import removed_after
from vitalrig.telemetry.run_control import RunControl
from vitalrig.telemetry.run_folders import RunFolders
from vitalrig.telemetry.run_registry import read_runs
from vitalrig.telemetry.stored_lines import read_lines
from vitalrig.telemetry.submission import BatchKey, Command, Submission
from vitalrig.telemetry.telemetry_errors import TelemetryNotFoundError, TelemetryRequestError
from vitalrig.version import VERSION

logger = logging.getLogger(__name__)

Event = dict[str, Any]


class TelemetryService:
    """
    Manages events, runs, files and the current view of one site folder.

    Args:
        site_dir: The folder; it is made if it is not there.
        now_provider: Gives the local time, with its zone.
        post_event_hooks: Called after each event with the event and the request, in threads.
        run_roots: Folders beside the site folder in which runs may lie.
        fsync: When events are on the disk: `always` before each answer, `interval` about once a
            second, `never` when the system likes.
        disk: How files are written; tests give one that fails.
        retention: What is removed by itself when it is old or too much; nothing by default.
        look_every_s: Seconds between two syncs.

    Raises:
        CannotStart: If another process writes this folder.
        OSError: If the folder cannot be made or written to.
    """

    def __init__(
        self,
        site_dir: str | Path,
        now_provider: NowProvider | None = None,
        post_event_hooks: Sequence[EventHook] | None = None,
        *,
        run_roots: Sequence[str | Path] = (),
        fsync: Fsync = "interval",
        disk: Disk | None = None,
        retention: RetentionPolicy | None = None,
        look_every_s: float = EVERY_S,
    ) -> None:
        disk = disk or Disk()
        self.site_dir = Path(site_dir).expanduser()
        self.fsync = fsync
        self._now = now = now_provider or local_now
        self._post_event_hooks = list(post_event_hooks or [])
        self.site_dir.mkdir(parents=True, exist_ok=True)
        lock = _locked(self.site_dir)
        try:
            self._log = EventLog(self.site_dir, disk, fsync)
        except BaseException:
            lock.release()
            raise
        self._hooks = EventHooks(self._post_event_hooks)
        if self._post_event_hooks:
            self.add_listener(self._hooks.call)
        self._runs = self._log.runs
        self._control = RunControl(
            self._log, RunFolders(self.site_dir, run_roots), disk, lambda: utc_iso_z(now())
        )
        self._thread = LogThread(self._log.commit)
        self._closed_days = ClosedDays(
            self.site_dir,
            self._log,
            disk,
            today=lambda: get_site_day_key(now()),
            in_log_thread=self._thread.call,
        )
        self._keeper = LogKeeper(
            self._log,
            self._thread,
            disk,
            syncs=fsync != "never",
            tidy=partial(_tidy, self._closed_days, retention),
            every_s=look_every_s,
        )
        self._closing = weakref.finalize(
            self, _close, self._keeper, self._thread, self._log, self._hooks, lock
        )

    def close(self) -> None:
        """
        Write what waits, and let the folder go; a disk that hangs is waited for ten seconds.
        """
        self._closing()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # Events

    def append_event(self, request: Request, *, from_rig: bool = False) -> Event:
        """
        Keep an event, and show it in the current view.

        Returns:
            The event with its number, as the API answers it.

        Raises:
            TelemetryKeyError: If its key was used before with other content.
            TelemetryStorageError: If the disk does not take it; nothing is kept then.
            TelemetryRequestError: If JSON has no form for it.
        """
        return self.submit(request, from_rig=from_rig).result()

    def append_events(
        self, requests: Sequence[Request], *, key: str | None = None, from_rig: bool = False
    ) -> list[Event]:
        """
        Keep all of several events, or none.

        Args:
            requests: The events; one with a key that is known has its first answer again.
            key: Names them all: sent again with the same key, they are kept once.
            from_rig: Whether the rig itself says it.

        Raises:
            TelemetryKeyError: If a key was used before with other content.
            TelemetryStorageError: If the disk does not take them; nothing is kept then.
            TelemetryRequestError: If JSON has no form for one.
        """
        return self.submit_batch(requests, key=key, from_rig=from_rig).result()

    def submit(self, request: Request, *, from_rig: bool = False) -> Future[Event]:
        """
        Have an event kept; as long as it is not being written, the future can be cancelled.

        Raises:
            TelemetryStorageError: If the disk does not answer.
            TelemetryRequestError: If JSON has no form for it.
        """
        submission = Submission((self._prepared(request),), from_rig=from_rig)
        self._thread.put(submission)
        return cast(Future[Event], submission.future)

    def submit_batch(
        self, requests: Sequence[Request], *, key: str | None = None, from_rig: bool = False
    ) -> Future[list[Event]]:
        """
        Have all of several events kept, or none; see `submit` and `append_events`.
        """
        submission = self._batch(requests, key, None, from_rig=from_rig)
        self._thread.put(submission)
        return cast(Future[list[Event]], submission.future)

    async def append(self, request: Request, *, from_rig: bool = False) -> Event:
        """
        Keep an event, for an event loop; see `append_event`.
        """
        loop = asyncio.get_running_loop()
        submission = Submission((self._prepared(request),), loop, from_rig=from_rig)
        self._thread.put(submission)
        return await cast(asyncio.Future[Event], submission.future)

    async def append_batch(
        self, requests: Sequence[Request], *, key: str | None = None, from_rig: bool = False
    ) -> list[Event]:
        """
        Keep all of several events, or none, for an event loop; see `append_events`.
        """
        submission = self._batch(requests, key, asyncio.get_running_loop(), from_rig=from_rig)
        self._thread.put(submission)
        return await cast(asyncio.Future[list[Event]], submission.future)

    def add_listener(self, listener: Listener) -> None:
        """
        Have all events that are kept from now on told, in the log's thread.
        """
        self._log.listeners = (*self._log.listeners, listener)

    def remove_listener(self, listener: Listener) -> None:
        """
        Tell *listener* no more.
        """
        self._log.listeners = tuple(each for each in self._log.listeners if each != listener)

    # The current view

    def current_snapshot(self) -> dict[str, Any]:
        """
        Give the newest event of each type: the site's, overlaid by those of the runs.
        """
        return {"current": {kind: _public(entry) for kind, entry in self._merged().items()}}

    def current_event(self, event_type: str) -> Event:
        """
        Give the newest event of a type.

        Raises:
            TelemetryNotFoundError: If there is none.
        """
        client = self._runs.client
        entry = None if client is None else client.view.get(event_type)
        if entry is None:
            found = [run.view.get(event_type) for run in self._runs.recordings]
            entry = max((each for each in found if each is not None), default=None)
        if entry is None:
            entry = self._log.site_view.get(event_type)
        if entry is None:
            raise TelemetryNotFoundError(f"No current event for type {event_type!r}")
        return _public(entry)

    def _merged(self) -> dict[str, Entry]:
        of_recordings: dict[str, Entry] = {}
        for run in self._runs.recordings:
            for kind, entry in run.view.entries().items():
                if kind not in of_recordings or of_recordings[kind] < entry:
                    of_recordings[kind] = entry
        client = self._runs.client
        of_client = {} if client is None else client.view.entries()
        return newest_of([self._log.site_view.entries(), of_recordings, of_client])

    # Runs

    @property
    def run_active(self) -> bool:
        """Whether there is a run that `get_run` tells of."""
        return self._runs.shown is not None

    def get_run(self) -> dict[str, Any]:
        """
        Give the client's run, else the only recording.

        Raises:
            TelemetryNotFoundError: If there is neither.
        """
        run = self._runs.shown
        if run is None:
            raise TelemetryNotFoundError("No run is active")
        return run.as_dict()

    def runs(self) -> list[dict[str, Any]]:
        """
        Give all runs there ever were, the oldest first.

        Raises:
            OSError: If the list cannot be read.
        """
        return [run.in_full() for run in read_runs(self.site_dir)]

    def start_run(
        self,
        run_dir: str | Path | None = None,
        meta: Mapping[str, Any] | None = None,
        run_id: str | None = None,
    ) -> dict[str, Any]:
        """
        Start the client's run: what clients post from now on belongs to it.

        Args:
            run_dir: The folder for its events, relative to the site folder; None for *run_id*.
            meta: What is known of it.
            run_id: Its name; else `meta["run_id"]`, else the number after the greatest of the
                site folder's folders.

        Raises:
            TelemetryConflictError: If there is one already.
            TelemetryForbiddenError: If the folder is outside the site folder and `run_roots`.
            TelemetryRequestError: If there can be no such folder.
            TelemetryStorageError: If the disk does not take it.
        """
        return self.submit_start_run(run_dir, meta, run_id).result()

    def stop_run(self) -> dict[str, Any]:
        """
        End the client's run, and give what it was.

        Raises:
            TelemetryNotFoundError: If there is none.
            TelemetryConflictError: If there are only recordings, which end otherwise.
            TelemetryStorageError: If the disk does not take it.
        """
        return self.submit_stop_run().result()

    def start_recording_run(
        self, session_id: str, camera: str, meta: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """
        Start the run of a recording; one that goes on already has this camera's events as well.

        Args:
            session_id: The recording's session, which the run is called after.
            camera: The camera that is recorded.
            meta: What else is known of it.

        Raises:
            TelemetryStorageError: If the disk does not take it.
        """
        return self.submit_start_recording_run(session_id, camera, meta).result()

    def stop_recording_run(self, session_id: str) -> dict[str, Any]:
        """
        End the run of a recording, and give what it was.

        Raises:
            TelemetryNotFoundError: If it does not go on.
            TelemetryStorageError: If the disk does not take it.
        """
        return self.submit_stop_recording_run(session_id).result()

    def submit_start_run(
        self,
        run_dir: str | Path | None = None,
        meta: Mapping[str, Any] | None = None,
        run_id: str | None = None,
    ) -> Future[dict[str, Any]]:
        """
        Have the client's run started; see `start_run`.
        """
        return self._command(lambda: self._control.start(run_dir, meta or {}, run_id))

    def submit_stop_run(self) -> Future[dict[str, Any]]:
        """
        Have the client's run ended; see `stop_run`.
        """
        return self._command(self._control.stop)

    def submit_start_recording_run(
        self, session_id: str, camera: str, meta: Mapping[str, Any] | None = None
    ) -> Future[dict[str, Any]]:
        """
        Have a recording's run started; see `start_recording_run`.
        """
        return self._command(lambda: self._control.start_recording(session_id, camera, meta or {}))

    def submit_stop_recording_run(self, session_id: str) -> Future[dict[str, Any]]:
        """
        Have a recording's run ended; see `stop_recording_run`.
        """
        return self._command(lambda: self._control.stop_recording(session_id))

    # Reading back

    def read_lines(self, query: EventQuery) -> Iterator[bytes]:
        """
        Give the lines of stored events that a query wants, each with its newline, in little memory.

        What is being written and not answered yet is not among them. The iterator waits for the
        disk; `close` ends it early.

        Raises:
            OSError: If a file cannot be read.
        """
        last_seq = self.last_seq
        until_seq = last_seq if query.until_seq is None else min(query.until_seq, last_seq)
        return read_lines(self.site_dir, replace(query, until_seq=until_seq))

    def pack_closed_days(self) -> list[Path]:
        """
        Compress the site's files of days that are over, which happens by itself as well.

        Returns:
            The files that were made.

        Raises:
            OSError: If that cannot be done now; nothing is lost then.
        """
        return self._closed_days.pack()

    def prune(self, policy: RetentionPolicy, *, dry_run: bool = False) -> list[dict[str, Any]]:
        """
        Remove the oldest files, never one that is written, and write down what they held.

        Args:
            policy: What is kept.
            dry_run: Only tell what would go.

        Returns:
            The files, each with its size and its numbers.

        Raises:
            OSError: If that cannot be done now.
            TelemetryStorageError: If the disk does not answer.
        """
        return self._closed_days.prune(policy, dry_run=dry_run)

    def removed_after(self, seq: int) -> list[SeqSpan]:
        """
        Give the spans of numbers behind *seq* of which retention took some or all.

        Raises:
            OSError: If what it took cannot be read.
        """
        return removed_after(self.site_dir, seq)

    # Itself

    @property
    def last_seq(self) -> int:
        """The number of the newest event, stored or not."""
        return self._log.seq

    def ready(self) -> dict[str, Any]:
        """
        Say whether events are taken, whether there is a run, and when events were last synced.
        """
        stuck_s = self._thread.stuck_s
        trouble = self._log.trouble or self._log.sync_trouble
        if stuck_s > 1:
            trouble = f"the disk has not answered for {stuck_s:.0f} s"
        synced_at_s = self._log.synced_at_s
        return {
            "ready": not trouble and self._closing.alive,
            "run_active": self.run_active,
            "version": VERSION,
            "fsync": self.fsync,
            "last_sync_at": None
            if synced_at_s is None
            else utc_iso_z(datetime.fromtimestamp(synced_at_s, UTC)),
            **({"trouble": trouble} if trouble else {}),
        }

    def counts(self) -> dict[str, int]:
        """
        Give what the log has done since it was started, and what it found then.
        """
        views = [self._log.site_view, *(run.view for run in self._runs.active)]
        return self._log.counts | {
            "evicted_types": sum(view.evicted for view in views),
            "hooks_missed": self._hooks.missed,
        }

    def _command(self, work: Callable[[], dict[str, Any]]) -> Future[dict[str, Any]]:
        command = Command(work)
        self._thread.put(command)
        return cast(Future[dict[str, Any]], command.future)

    def _prepared(self, request: Request) -> PreparedEvent:
        now = self._now()
        received_at, day = utc_iso_z(now), get_site_day_key(now)
        try:
            return prepare(request, received_at, day)
        except (ValueError, TypeError, RecursionError) as exc:
            raise TelemetryRequestError(422, f"an event is no JSON: {exc}") from exc

    def _batch(
        self,
        requests: Sequence[Request],
        key: str | None,
        loop: asyncio.AbstractEventLoop | None,
        *,
        from_rig: bool,
    ) -> Submission:
        events = [self._prepared(request) for request in requests]
        batch_key = None if key is None else BatchKey(key, digest_of(*requests))
        return Submission(events, loop, is_batch=True, from_rig=from_rig, key=batch_key)


def _public(entry: Entry) -> Event:
    return public_event(parsed(entry[1]) or {})


def _locked(site_dir: Path) -> FolderLock:
    try:
        return FolderLock.take(site_dir / "telemetry")
    except FolderInUse as exc:
        holder = "another process" if exc.pid is None else f"process {exc.pid}"
        raise CannotStart(
            f"{site_dir} is written by {holder}; stop it, or choose another site folder"
        ) from exc


def _tidy(closed_days: ClosedDays, retention: RetentionPolicy | None) -> None:
    if retention is not None:  # first, since on a full disk nothing can be compressed
        closed_days.prune(retention)
    closed_days.pack()


def _close(
    keeper: LogKeeper, thread: LogThread, log: EventLog, hooks: EventHooks, lock: FolderLock
) -> None:
    def close() -> None:
        keeper.close()
        is_written = thread.close()
        hooks.close()
        if is_written:
            log.close()
            lock.release()
        else:
            logger.error("the disk does not answer; the event log is left as it is")

    mine = threading.current_thread()
    if keeper.owns(mine) or thread.owns(mine):
        # The service was forgotten, and Python noticed in one of its own threads.
        threading.Thread(target=close, name="telemetry-close").start()
    else:
        close()
