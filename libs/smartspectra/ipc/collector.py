"""The collector: envelopes in, session files out."""

import logging
import warnings
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from smartspectra.ipc.aggregate import Document, stamp_and_value
from smartspectra.ipc.background import Lane
from smartspectra.ipc.channels import METRIC_KINDS, Channels
from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.disk import STORAGE_ERRORS
from smartspectra.ipc.envelope import Envelope, recording_of, session_id_of
from smartspectra.ipc.extract import _extract_measurement_lists
from smartspectra.ipc.intake import Intake
from smartspectra.ipc.keeper import Keeper
from smartspectra.ipc.lock import FolderLock
from smartspectra.ipc.manifest import OPEN
from smartspectra.ipc.options import StorageOptions
from smartspectra.ipc.recovery import finish_interrupted
from smartspectra.ipc.session import Session
from smartspectra.ipc.session_files import SessionPaths, check_session_id
from smartspectra.ipc.stats import CollectorStats

log = logging.getLogger("smartspectra.ipc.metrics_collector")

_DIGEST_BYTES = 64 * 1024
_WAITED_SAMPLES = 20_000
_WAITED_S = 0.01
class MetricsCollector:
    """
    Records core and edge metrics, a session at a time.

    Feed it every message of its three channels. It writes each envelope as it came to
    a JSONL file, gathers samples into series, and writes them out every 30 seconds
    while recording and at the end of a session. A ``recording_state`` envelope, or
    :meth:`set_recording_state`, begins and ends sessions.

    It is not to be called from several threads at once.

    Args:
        config: What to record, and where.
        storage: How files are kept; the defaults suit a script.
    """

    def __init__(
        self, config: MetricsCollectorConfig, storage: StorageOptions | None = None
    ) -> None:
        self.config = config
        self.started_at_ms = 0
        self.stopped_at_ms: int | None = None
        self.current_session_id: str | None = None
        self.recording = False
        self.session_start_ms: int | None = None
        self._maxlen = config.max_samples_per_series if config.max_samples_per_series > 0 else None
        self._last_snapshot_time = 0.0
        self._current_jsonl_path: Path | None = None
        self._current_json_path: Path | None = None

        self._storage = storage or StorageOptions()
        self._channels = Channels(config.redis_key_prefix)
        self._base_paths = SessionPaths(config.output_jsonl_path, config.output_json_path)
        if self._base_paths.jsonl and self._base_paths.jsonl == self._base_paths.summary:
            raise ValueError(f"JSONL and summary cannot both be {self._base_paths.jsonl}")
        self._intake = Intake(self._keep, self._switch)
        self._keeper = Keeper(self._storage)
        self._snapshots = Lane("snapshot")
        self._lock: FolderLock | None = None
        self._started = False
        self._id_is_given = False
        self._offered_id: str | None = None
        self._base = self._new_session(None, SessionPaths(None, None))
        self._named: Session | None = None
        self._last: Session | None = None
        self._unfinished: list[Session] = []
        self._totals: Counter[str] = Counter()
        self._by_type: Counter[str] = Counter()
        self._is_plain = (
            type(self)._aggregate_envelope is MetricsCollector._aggregate_envelope  # noqa: SLF001
            and type(self)._store_sample is MetricsCollector._store_sample  # noqa: SLF001
        )
        self.started_at_ms = self._now_ms()
        if config.session_id is not None:
            self.set_session_id(config.session_id)

    # Channels

    @property
    def core_channel(self) -> str:
        """Redis channel name for core metrics."""
        return self._channels.core

    @property
    def edge_channel(self) -> str:
        """Redis channel name for edge metrics."""
        return self._channels.edge

    @property
    def recording_state_channel(self) -> str:
        """Redis channel name for start and stop of recordings."""
        return self._channels.recording_state

    @property
    def recording_channel(self) -> str:
        """The same as :attr:`recording_state_channel`; both names are documented."""
        return self._channels.recording_state

    # Start and stop

    def start(self) -> None:
        """
        Get ready to write. Sessions that a crash left open are finished first.

        No file appears before there is something to write.

        Raises:
            FolderInUse: If another collector has the same base path.
            OSError: If the folder cannot be made, for reasons that will not pass.
        """
        if self._started:
            return
        base = self._base_paths.jsonl or self._base_paths.summary
        if base is not None:
            self._take_lock(base)
            if self._storage.recover:
                finish_interrupted(self._base_paths, self.config, self._storage)
        self.started_at_ms = self._now_ms()
        self.stopped_at_ms = None
        self._base = self._new_session(None, self._base_paths)
        self._started = True
        self._aim(self._base_paths)

    def _take_lock(self, base: Path) -> None:
        try:
            self._storage.disk.make_folder(base.parent)
            if self._storage.lock:
                self._lock = FolderLock.take(base)
        except OSError as exc:
            if exc.errno not in STORAGE_ERRORS:
                raise
            log.error("cannot lock %s: %s", base, exc)  # noqa: TRY400

    def stop(self) -> None:
        """
        Finish what is open: close the JSONL, write the summary.

        May be called more than once.
        """
        if not self._started:
            return
        self.stopped_at_ms = self._now_ms()
        self.recording = False
        named, base = self._named, self._base
        if named is not None:
            self._finish(named)
        nothing_yet = named is None and self._last is None
        if base.is_open or (nothing_yet and self._storage.base_files):
            self._keeper.open(base)
            self._finish(base)
        self._finish_rest()
        self._keeper.close()
        self._snapshots.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._started = False
        self._base = self._new_session(None, SessionPaths(None, None))

    # Sessions

    def set_session_id(self, session_id: str) -> None:
        """
        Name the session to be recorded, or, during a recording, begin another.

        Raises:
            ValueError: If the id cannot be part of a file's name; the message says what
                is allowed.
        """
        self.current_session_id = check_session_id(session_id)
        self._id_is_given = True
        if self._named is not None and self._named.session_id != session_id:
            if self.recording:
                self._rotate_files_for_session()
            else:
                self._finish(self._named)

    def set_recording_state(self, recording: bool) -> str | None:  # noqa: FBT001
        """
        Begin or end a recording; saying the same again changes nothing.

        Returns:
            The id of the session that was begun, goes on, or was ended last.
        """
        if recording and not self.recording:
            if not self._id_is_given:
                self.current_session_id = self._offered_id or self._generated_id()
            self.recording = True
            self.session_start_ms = self._now_ms()
            self._rotate_files_for_session()
            self.write_snapshot_temp()
        elif not recording and self.recording:
            self.recording = False
            if self._named is not None:
                self._finish(self._named)
        return self.current_session_id

    def resume_session(self, session_id: str, *, made_whole: bool = False) -> None:
        """
        Go on recording a session that was interrupted, in its own files.

        A torn line is set aside, the series are rebuilt from the JSONL, and the session
        keeps its start.

        Args:
            session_id: The session.
            made_whole: That the caller will feed everything since the last line, and
                report what it cannot with :meth:`note_gap`. The interruption is then
                no reason for the manifest to call the session incomplete.

        Raises:
            ValueError: If it cannot be a session's id.
        """
        self.current_session_id = check_session_id(session_id)
        self.recording = True
        if self._named is not None:
            self._finish(self._named)
        self._begin(append=True, made_whole=made_whole)
        assert self._named is not None
        self.session_start_ms = self._named.started_ms
        self.write_snapshot_temp()

    def note_gap(self, missing: int, why: str) -> None:
        """Put into the manifest that *missing* envelopes never arrived, and why."""
        losses = self._target().losses
        losses.gaps[why] += 1
        losses.missing[why] += missing

    def _generated_id(self) -> str:
        now = datetime.fromtimestamp(self._storage.wall_clock())  # noqa: DTZ006
        session_id = stem = now.strftime("%Y%m%d_%H%M%S")
        number = 2
        while session_id == self.current_session_id or self._paths_of(session_id).exist():
            session_id = f"{stem}_{number}"
            number += 1
        return session_id

    def _paths_of(self, session_id: str) -> SessionPaths:
        return SessionPaths(*self._get_session_paths(session_id))

    def _get_session_paths(self, session_id: str) -> tuple[Path | None, Path | None]:
        """The paths of a session's JSONL and summary: the stems with its id appended."""
        paths = self._base_paths.for_session(session_id)
        return paths.jsonl, paths.summary

    def _rotate_files_for_session(self) -> None:
        """Go over to the current session's files, unless they are in use already."""
        if self._named is not None:
            if self._named.session_id == self.current_session_id:
                log.info("Continuing with same session_id: %s", self.current_session_id)
                return
            self._finish(self._named)
        again = self._last is not None and self._last.session_id == self.current_session_id
        if again:
            log.info("Continuing with same session_id: %s", self.current_session_id)
        else:
            log.info("Rotating files for new session: %s", self.current_session_id)
        self._begin(append=again or self.config.append_mode)

    def _begin(self, *, append: bool, made_whole: bool = False) -> None:
        assert self.current_session_id is not None
        started = self._started
        paths = self._paths_of(self.current_session_id) if started else SessionPaths(None, None)
        self._named = self._new_session(
            self.current_session_id, paths, append=append, made_whole=made_whole
        )
        self._aim(paths)
        self._keeper.open(self._named)

    def _aim(self, paths: SessionPaths) -> None:
        self._current_jsonl_path, self._current_json_path = paths.jsonl, paths.summary

    def _new_session(
        self,
        session_id: str | None,
        paths: SessionPaths,
        *,
        append: bool | None = None,
        made_whole: bool = False,
    ) -> Session:
        append = self.config.append_mode if append is None else append
        return Session(
            session_id, paths, self.config, self._storage, append=append, made_whole=made_whole
        )

    def _finish(self, session: Session) -> None:
        """End a session; what the disk does not allow now is tried again later."""
        if session is self._named:
            self._named = None
            self._aim(self._base_paths)
        self._last = session
        self._keeper.settle()
        self._snapshots.wait()
        stopped_ms = self._now_ms()
        session.stopped_ms = stopped_ms
        try:
            session.finish(stopped_ms)
        except OSError as exc:
            log.error("cannot finish session %s: %s", session.session_id, exc)  # noqa: TRY400
            self._unfinished.append(session)
        self._add_up(session)

    def _finish_rest(self) -> None:
        waiting, self._unfinished = self._unfinished, []
        for session in waiting:
            try:
                session.finish(self._now_ms())
            except OSError:
                self._unfinished.append(session)

    def _target(self) -> Session:
        """Where an envelope goes that arrives now."""
        if self._named is None and self._id_is_given and self._started and not self._was_ended():
            self._rotate_files_for_session()
        return self._named or self._base

    def _was_ended(self) -> bool:
        return self._last is not None and self._last.session_id == self.current_session_id

    # Envelopes

    def process_envelope(self, envelope_json: str | bytes) -> None:
        """
        Record one message.

        What is no envelope is counted and otherwise ignored.
        """
        self.process_envelopes((envelope_json,))

    def process_envelopes(self, batch: Sequence[str | bytes]) -> None:
        """Record messages that arrived together, with one write for all."""
        rejected = self._intake.take(batch)
        if rejected:
            self._target().losses.rejected.update(rejected)
            log.warning("rejected: %s", dict(rejected))
        self.tick()

    def _keep(self, lines: list[bytes], documents: list[Document]) -> None:
        session = self._target()
        kept = self._keeper.write(session, lines)
        if kept < len(lines):
            del documents[kept:]
        if self._is_plain:
            session.table.add(documents, sum(map(len, lines)))
        else:
            for document in documents:
                self._aggregate_envelope(document)

    def _switch(self, envelope: Envelope, line: bytes, document: Document) -> None:
        """Record an envelope that says whether recording is on, in the session it is of."""
        recording = recording_of(envelope.payload)
        if recording is None:
            log.warning("recording_state says neither on nor off: %.200r", envelope.payload)
        if recording:
            self._offer(session_id_of(envelope.payload))
            self.set_recording_state(True)
        session = self._target()
        session.note_source(envelope.payload)
        self._keep([line], [document])
        if recording is False:
            self.set_recording_state(False)

    def _offer(self, session_id: str | None) -> None:
        """A server's name for the session counts if the caller has set none."""
        self._offered_id = None
        if session_id is None or self._id_is_given:
            return
        try:
            self._offered_id = check_session_id(session_id)
        except ValueError as exc:
            log.warning("%s", exc)
            return
        if self.recording and self._offered_id != self.current_session_id:
            self.current_session_id = self._offered_id
            self._rotate_files_for_session()

    def _aggregate_envelope(self, envelope: Document) -> None:
        """Take an envelope's samples into the series."""
        session = self._target()
        kind, payload = envelope.get("type"), envelope.get("payload")
        if self._is_plain or kind not in METRIC_KINDS or not isinstance(payload, dict):
            session.table.add([envelope], 0)
            return
        session.table.count(envelope)
        channel = self._channels.of(kind)
        for name, samples in _extract_measurement_lists(payload):
            for sample in samples:
                stamp, value = stamp_and_value(sample, envelope)
                if stamp is not None and value is not None:
                    self._store_sample(channel, name, stamp, value, sample)

    def _store_sample(
        self,
        channel: str,
        series: str,
        timestamp: float,
        value: float,
        raw_sample: dict[str, Any],  # noqa: ARG002
    ) -> None:
        """Take one sample at *timestamp* microseconds."""
        self._target().table.store(channel, series, timestamp, value)

    # Time

    def tick(self) -> None:
        """
        Do what is due: sync, snapshot, retry after a full disk.

        To be called often; :meth:`process_envelope` does it too.
        """
        self._keeper.sync_if_due([self._base] if self._named is None else [self._named, self._base])
        if self._keeper.paused is not None:
            self._keeper.retry_if_due(self._named or self._base)
        elif self._unfinished:
            self._finish_rest()
        if self.recording:
            self.maybe_write_periodic_snapshot()

    def maybe_write_periodic_snapshot(self) -> bool:
        """
        Begin a snapshot if one is due: every 30 seconds while recording.

        It is written beside the recording. A small one is waited for, briefly.

        Returns:
            Whether one was begun.
        """
        now_s = self._storage.clock()
        if not self.recording or now_s - self._last_snapshot_time < self._storage.snapshot_interval_s:
            return False
        if self._snapshots.busy or self._named is None or not self._named.is_open:
            return False
        self._submit_snapshot(self._named)
        if self._named.table.total("count") < _WAITED_SAMPLES:
            self._snapshots.wait(_WAITED_S)
        return True

    def write_snapshot_temp(self) -> None:
        """Write the snapshot file now, and wait until it is there."""
        session = self._shown()
        self._snapshots.wait()
        if session.is_open:
            self._submit_snapshot(session)
            self._snapshots.wait()

    def _submit_snapshot(self, session: Session) -> None:
        self._last_snapshot_time = self._storage.clock()
        view, state = session.view(), session.manifest(OPEN)
        self._snapshots.submit(lambda: session.write_snapshot(view, state))

    def _write_aggregated_json(self) -> None:
        """Write the summary of the session that is open, as it is now."""
        session = self._shown()
        if session.is_open and session.paths.summary is not None:
            session.write_view(session.view(), session.paths.summary)

    # What there is

    def get_current_snapshot(self) -> dict[str, Any]:
        """
        The aggregated state of the session, open or last, as plain dicts and lists.

        Times are microseconds.
        """
        return self._shown().to_dict()

    def _shown(self) -> Session:
        if self._named is None and self._last is not None and self._last.session_id is not None:
            return self._last
        if self._named is None and not self._started and self._last is not None:
            return self._last
        return self._named or self._base

    @property
    def durable_position(self) -> tuple[Path, int] | None:
        """The open JSONL and how many of its bytes are certainly on the disk."""
        file = (self._named or self._base).file
        return None if file is None else (file.path, file.durable_bytes)

    @property
    def stats(self) -> CollectorStats:
        """What was done so far, finished sessions and open ones together."""
        totals, by_type = Counter(self._totals), Counter(self._by_type)
        for session in self._open_sessions():
            _count(session, totals, by_type)
        prefix = "rejected "
        return CollectorStats(
            envelopes=totals["envelopes"],
            samples=totals["samples"],
            duplicates=totals["duplicates"],
            resets=totals["resets"],
            rejected={
                key.removeprefix(prefix): number
                for key, number in totals.items()
                if key.startswith(prefix)
            },
            written_bytes=totals["bytes"],
            unwritten_envelopes=self._keeper.unwritten,
            paused=self._keeper.paused,
            last_sync_us=self._keeper.last_sync_us,
            recording=self.recording,
            session_id=self.current_session_id if self.recording else None,
            channels={self._channels.of(kind): number for kind, number in by_type.items()},
        )

    def _open_sessions(self) -> list[Session]:
        return [session for session in (self._named, self._base) if session is not None]

    def _add_up(self, session: Session) -> None:
        _count(session, self._totals, self._by_type)

    def _now_ms(self) -> int:
        return int(self._storage.wall_clock() * 1000)


def _count(session: Session, totals: Counter[str], by_type: Counter[str]) -> None:
    totals.update(session.counts())
    totals.subtract(session.inherited)
    totals.update({f"rejected {why}": n for why, n in session.losses.rejected.items()})
    by_type.update(session.table.counts)
