"""
The collector: envelopes in, session files out.

This is the module in which the vendor's package keeps it, beside its functions.
"""

import errno
import logging
import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.documented_api import (
    DocumentedApi,
    _coerce_sample_timestamp,
    _coerce_sample_value,
    _extract_measurement_lists,
    _has_time_fields,
)
from smartspectra.ipc.ingest import Batch, Switch, batches
from smartspectra.ipc.locking import locked
from smartspectra.ipc.redis_feed import RedisFeed
from smartspectra.ipc.series.table import Document
from smartspectra.ipc.session.manager import NO_FILES, SessionManager
from smartspectra.ipc.session.manifest import END_UNHEARD
from smartspectra.ipc.session.parts import Part, part_called
from smartspectra.ipc.session.session import NOT_RESUMED, ResumptionFacts, Session
from smartspectra.ipc.stats import CollectorStats, stats_of
from smartspectra.ipc.storage.disk import tolerating_storage_errors
from smartspectra.ipc.storage.folder_lock import FolderLock
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.storage.session_paths import (
    SessionPaths,
    check_session_id,
    new_session_id,
)
from smartspectra.ipc.wire.channels import Channels
from smartspectra.ipc.wire.envelope import document_of, recording_of, session_id_of
from smartspectra.ipc.wire.envelope_parser import EnvelopeParser, is_typed
from smartspectra.ipc.wire.resp import RespReader, encode_command, normalize

__all__ = [
    "MetricsCollector",
    "MetricsCollectorConfig",
    "RespReader",
    "_coerce_sample_timestamp",
    "_coerce_sample_value",
    "_extract_measurement_lists",
    "_has_time_fields",
    "encode_command",
    "normalize",
]

log = logging.getLogger(__name__)

BEFORE_START = "they came before start()"

_LOOK_S = 0.05
"""How often processing looks whether something is due."""

_WAITED_SAMPLES = 20_000
_WAITED_S = 0.01


class MetricsCollector(DocumentedApi):
    """
    Records core and edge metrics, a session at a time.

    Feed it every message of its three channels. It writes each envelope as it came to
    a JSONL file, gathers samples into series, and writes them out every 30 seconds
    while recording and at the end of a session. A ``recording_state`` envelope, or
    :meth:`set_recording_state`, begins and ends sessions.

    All its methods may be called from any thread. One thread may record while others look
    at what was recorded: a look takes a copy of little and does its work beside the recording.

    Args:
        config: What to record, and where.
        storage: How files are kept; the defaults suit a script.

    Attributes:
        config: What was given.
        started_at_ms: When :meth:`start` was called, milliseconds since 1970.
        stopped_at_ms: When :meth:`stop` was called, or None.
        current_session_id: The session that is open, or to be, or was last.
        recording: Whether a recording is on.
        session_start_ms: When the recording began, milliseconds since 1970.
    """

    def __init__(
        self, config: MetricsCollectorConfig, storage: StorageOptions | None = None
    ) -> None:
        self.config = config
        self._lock = threading.RLock()
        self._storage = storage or StorageOptions()
        self.started_at_ms = self._now_ms()
        self.stopped_at_ms: int | None = None
        self.current_session_id: str | None = None
        self.recording = False
        self.session_start_ms: int | None = None
        self._maxlen = config.max_samples_per_series if config.max_samples_per_series > 0 else None
        self._last_snapshot_time = 0.0
        self._current_jsonl_path: Path | None = None
        self._current_json_path: Path | None = None

        self._channels = Channels(config.redis_key_prefix)
        self._base_paths = SessionPaths(
            config.output_jsonl_path, config.output_json_path, self._storage.keep_summary_stem
        )
        if self._base_paths.jsonl and self._base_paths.jsonl == self._base_paths.summary:
            raise ValueError(f"JSONL and summary cannot both be {self._base_paths.jsonl}")
        self._rejected = Counter[str]()
        self._sessions = SessionManager(config, self._storage)
        self._folder_lock: FolderLock | None = None
        self._started = False
        self._warned_of_start = False
        self._looked_s = 0.0
        self._id_is_given = False
        self._id_was_used = False
        self._offered_id: str | None = None
        self._is_plain = not self._wants_samples()
        self._parser = EnvelopeParser(is_learning=self._is_plain)
        if config.session_id is not None:
            self.set_session_id(config.session_id)

    # Start and stop

    @locked
    def start(self) -> None:
        """
        Get ready to write. Sessions that a crash left open are finished first.

        No file appears before there is something to write.

        Raises:
            FolderInUse: If another collector has the same base path.
            OSError: If the folder cannot be used, for reasons that will not pass.
        """
        if self._started:
            return
        base = self._base_paths.jsonl or self._base_paths.summary
        if base is not None:
            self._prepare(base)
        self.started_at_ms = self._now_ms()
        self.stopped_at_ms = None
        self._started = True
        if base is not None:
            self._go_over_to_files()

    def _go_over_to_files(self) -> None:
        """Begin with files; what came before there were any is counted as missing from them."""
        early = self._sessions.drop_unfiled()
        self._sessions.replace_unnamed(self._base_paths)
        self._aim(self._sessions.unnamed)
        if self.recording:
            self._begin(append=self.config.append_mode)
        if early:
            self._target().losses.note_gap(early, BEFORE_START)
            self._sessions.writer.unwritten += early

    def _prepare(self, base: Path) -> None:
        with tolerating_storage_errors("use", base):
            self._storage.disk.make_folder(base.parent)
            if self._storage.lock:
                self._folder_lock = FolderLock.take(base)
        if self._storage.recover:
            self.finish_interrupted()

    @locked
    def finish_interrupted(self) -> None:
        """Finish what a crash left open, but for the session that is recorded now."""
        self._sessions.finish_interrupted(self._base_paths)

    @locked
    def stop(self) -> None:
        """
        Finish what is open: close the JSONL, write the summary.

        May be called more than once.
        """
        if not self._started:
            return
        self.begin_stop()
        self.stopped_at_ms = self._now_ms()
        if self._sessions.last is None and not self.config.append_mode:
            self._sessions.write_empty_summary(self._base_paths, self.started_at_ms)
        self._sessions.close()
        if self._folder_lock is not None:
            self._folder_lock.release()
            self._folder_lock = None
        self._started = False

    @locked
    def begin_stop(self) -> None:
        """
        Begin to finish what is open; :meth:`stop` waits until that is done.

        Who stops many collectors begins with all of them, so that they wait for the disk together.
        """
        self.recording = False
        self._sessions.finish_named()
        self._sessions.replace_unnamed(NO_FILES)

    @locked
    def wait_until_finished(self) -> None:
        """Wait until no session is :attr:`finishing`."""
        self._sessions.wait_until_finished()

    # State

    @property
    @locked
    def durable_position(self) -> tuple[Path, int] | None:
        """The open JSONL and how many of its bytes are certainly on the disk."""
        file = self._sessions.current.file
        return None if file is None else (file.path, file.durable_bytes)

    @property
    @locked
    def size_bytes(self) -> int | None:
        """How many bytes the open JSONL has; None if there is none. Cheaper than stats."""
        file = self._sessions.current.file
        return None if file is None else file.size_bytes

    @property
    def paused(self) -> str | None:
        """Why nothing is being written now, or None; cheaper than :attr:`stats`."""
        return self._sessions.writer.paused

    @property
    def unwritten(self) -> int:
        """Envelopes that the disk did not take and nobody gives again; cheaper than stats."""
        return self._sessions.writer.unwritten

    @property
    def unfinished(self) -> str | None:
        """Why a session that has ended still lacks its summary, or None."""
        return self._sessions.unfinished

    @property
    def finishing(self) -> bool:
        """
        Whether a session that has ended is still being written; never with ``wait``.

        Until then whoever could feed it again after a crash must be ready to.
        """
        return self._sessions.finishing

    @property
    @locked
    def losses(self) -> dict[str, Any]:
        """
        What is known to be missing from the open session, JSON-ready; empty if nothing is.

        Whoever feeds the session again from here after a crash hands it to
        :meth:`resume_session`.
        """
        return self._sessions.current.all_losses.reported()

    @property
    @locked
    def stats(self) -> CollectorStats:
        """The counters so far."""
        return stats_of(
            self._sessions, self._channels, dict(self._rejected), recording=self.recording
        )

    # Sessions

    @locked
    def set_session_id(self, session_id: str) -> None:
        """
        Name the session to be recorded, or, during a recording, begin another.

        Raises:
            ValueError: If the id cannot be part of a file's name; the message says what
                is allowed.
        """
        self.current_session_id = check_session_id(session_id)
        self._id_is_given, self._id_was_used = True, False
        named = self._sessions.named
        if self.recording:
            self._rotate_files_for_session()
        elif named is not None and not named.part.is_of(session_id):
            self._sessions.finish_named()

    @locked
    def set_recording_state(self, recording: bool) -> str | None:
        """
        Begin or end a recording; saying the same again changes nothing.

        Returns:
            The id of the session that was begun, goes on, or was ended last.
        """
        if recording and not self.recording:
            if not self._id_is_given:
                self.current_session_id = self._offered_id or self._new_id()
            self.recording = True
            self.session_start_ms = self._now_ms()
            self._rotate_files_for_session()
            self._write_first_snapshot()
        elif not recording and self.recording:
            self.recording = False
            self._id_was_used = True
            self._sessions.finish_named()
        return self.current_session_id

    @locked
    def resume_session(
        self,
        session_id: str,
        *,
        made_whole: bool = False,
        losses: Mapping[str, Any] | None = None,
        sound_bytes: int | None = None,
    ) -> None:
        """
        Go on recording a session that was interrupted, in its own files.

        A torn line is set aside, the series are rebuilt from the JSONL, and the session
        keeps its start.

        Args:
            session_id: The session.
            made_whole: That the caller will feed everything since the last line, and
                report what it cannot with :meth:`note_gap`. The interruption is then
                no reason for the manifest to call the session incomplete.
            losses: What :attr:`losses` said where the caller begins to feed again. The
                manifest may be older, and know less, or newer, and count twice. Without,
                the manifest is believed.
            sound_bytes: What :attr:`durable_position` said there. Behind it a power cut may
                have left anything: all from the first line on that holds no envelope is set
                aside, to be fed again.

        Raises:
            ValueError: If it cannot be a session's id.
        """
        self.current_session_id = check_session_id(session_id)
        self.recording = True
        resumed = ResumptionFacts(made_whole=made_whole, losses=losses, sound_bytes=sound_bytes)
        session = self._begin(append=True, resumed=resumed)
        self.session_start_ms = session.started_ms
        self._write_first_snapshot()

    def _new_id(self) -> str:
        return new_session_id(self._storage.wall_clock(), self._is_taken)

    def _is_taken(self, session_id: str) -> bool:
        return session_id == self.current_session_id or self._paths_of(session_id).exist()

    def _paths_of(self, session_id: str) -> SessionPaths:
        jsonl, summary = self._get_session_paths(session_id)
        return replace(self._base_paths, jsonl=jsonl, summary=summary)

    def _write_first_snapshot(self) -> None:
        if self._storage.wait:
            self.write_snapshot_temp()
        else:
            self._last_snapshot_time = -math.inf
            self.maybe_write_periodic_snapshot()

    @property
    @locked
    def recorded_id(self) -> str | None:
        """What the session that is recorded now is called as a whole, in whichever part it is."""
        named = self._sessions.named
        return named.part.whole_id if self.recording and named is not None else None

    @locked
    def records(self, session_id: str) -> bool:
        """
        Whether a session of that name is recorded now.

        It may be in a later part, whose own name is in :attr:`current_session_id`.
        """
        named = self._sessions.named
        return self.recording and named is not None and named.part.is_of(session_id)

    @locked
    def note_gap(self, missing: int, why: str, within_s: float = 0.0) -> None:
        """
        Put into the manifest that envelopes never arrived.

        Args:
            missing: How many; 0 if nobody knows.
            why: The reason.
            within_s: In how many seconds they were published; 0 if nobody knows.
        """
        self._sessions.current.losses.note_gap(missing, why, within_s)

    @locked
    def note_cut_off(self, why: str) -> None:
        """Put into the manifest that the session ends without a stop of whoever began it."""
        self._sessions.current.losses.cut_off[why] = 1

    @locked
    def note_foreign(self, envelopes: int) -> None:
        """Put into the manifest that so many envelopes came that are not of this recording."""
        self._sessions.current.losses.foreign += envelopes

    @locked
    def note_absence(self, why: str) -> None:
        """Put into the manifests of what is open that it is unknown how much never arrived."""
        self._sessions.note_absence(why)

    @locked
    def _rotate_files_for_session(self) -> None:
        """Go over to the current session's files, unless they are in use already."""
        named, last = self._sessions.named, self._sessions.last
        session_id = self.current_session_id
        if named is not None and named.part.is_of(session_id):
            log.info("Continuing with same session_id: %s", session_id)
            self.current_session_id = named.session_id
            return
        again = last is not None and last.part.is_of(session_id)
        if again:
            log.info("Continuing with same session_id: %s", session_id)
        else:
            log.info("Rotating files for new session: %s", session_id)
        self._begin(append=again or self.config.append_mode)

    def _begin(self, *, append: bool, resumed: ResumptionFacts = NOT_RESUMED) -> Session:
        assert self.current_session_id is not None
        session_id = self.current_session_id
        part = (
            part_called(session_id, self._paths_of) if self._started else Part(session_id, NO_FILES)
        )
        if append and (newest := part.newest()) != part:
            # All of it is behind what the earlier parts hold.
            part, resumed = newest, replace(resumed, losses={}, sound_bytes=0)
        session = self._sessions.begin(part, append=append, resumed=resumed)
        self._aim(session)
        return session

    def _aim(self, session: Session) -> None:
        if session.session_id is not None:
            self.current_session_id = session.session_id
        paths = session.paths
        self._current_jsonl_path, self._current_json_path = paths.jsonl, paths.summary

    def _target(self) -> Session:
        """Where an envelope goes that arrives now; a given id has its files from the first."""
        if (
            self._id_is_given
            and not self._id_was_used
            and self._started
            and self._sessions.named is None
        ):
            self._rotate_files_for_session()
        return self._sessions.current

    # Envelopes

    def process_envelope(self, envelope_json: str | bytes) -> None:
        """Record one message; what is not an envelope is counted and otherwise ignored."""
        self.process_envelopes((envelope_json,))

    def process_envelopes(
        self,
        batch: Sequence[str | bytes],
        *,
        give_back: bool = False,
        parsed: Sequence[Any] | None = None,
    ) -> int:
        """
        Record messages that arrived together, with one write for all.

        Args:
            batch: The messages.
            give_back: Leave with the caller what the disk does not take, to be given again
                when :attr:`paused` is None, rather than count it as lost.
            parsed: For each message its JSON if the caller has parsed it, or what an
                :class:`EnvelopeParser` gave for it; else None.

        Returns:
            How many, from the front, are dealt with: all, unless *give_back* was asked for.

        Raises:
            ValueError: If *parsed* is not as long as *batch*; nothing was recorded then.
        """
        with self._lock:
            taken = self._ingest(batches(batch, self._parser, parsed), give_back)
            if self._storage.clock() - self._looked_s >= _LOOK_S:
                self.tick()
            return taken

    def _ingest(self, sorted_messages: Iterable[Batch], give_back: bool) -> int:
        """Record batch after batch; gives how many messages, from the front, are dealt with."""
        done = 0
        for batch in sorted_messages:
            kept = self._keep(batch.lines, batch.documents, give_back) if batch.lines else 0
            done += kept + self._reject(batch, kept)
            if kept < len(batch.lines):
                break
            if batch.switch is not None:
                if not self._switch(batch.switch, give_back):
                    break
                done += 1
        return done

    def _reject(self, batch: Batch, kept: int) -> int:
        """Count what is not an envelope, as far as the lines before it are *kept*."""
        if not batch.rejected:
            return 0
        reasons = Counter(reason for place, reason in batch.rejected if place <= kept)
        for reason in reasons.keys() - self._rejected.keys():
            log.warning("a message was rejected, more will only be counted: %s", reason)
        self._rejected += reasons
        self._sessions.current.losses.rejected += reasons
        return reasons.total()

    def _keep(self, lines: list[bytes], documents: list[Document], give_back: bool) -> int:
        if not (self._started or self._warned_of_start) and self._base_paths.some():
            self._warned_of_start = True
            log.warning("before start() nothing is written; what comes is counted as missing")
        done = self._write(lines, documents)
        while done < len(lines) and (refused := self._sessions.current.refused) is not None:
            # The disk may have room, but this file takes no more.
            if self._is_too_long_for_any_file(refused):
                self._sessions.writer.give_up(self._sessions.current, 1)
                done += 1
            elif not self._goes_on_in_next_part():
                break
            done += self._write(lines[done:], documents[done:])
        if done < len(lines) and not give_back:
            self._sessions.writer.give_up(self._sessions.current, len(lines) - done)
            done = len(lines)
        return done

    def _is_too_long_for_any_file(self, refused: OSError) -> bool:
        session = self._sessions.current
        return refused.errno == errno.EFBIG and session.part.number > 1 and session.written == 0

    def _write(self, lines: list[bytes], documents: list[Document]) -> int:
        session = self._target()
        kept = self._sessions.writer.write(session, lines)
        if kept < len(lines):
            # What the file does not hold, the series must not hold either.
            lines, documents = lines[:kept], documents[:kept]
        if self._is_plain:
            session.table.add(documents, sum(map(len, lines)))
        else:
            for line, document in zip(lines, documents, strict=True):
                typed = is_typed(document)
                self._aggregate_envelope(document_of(line) if typed else document)
        return kept

    def _goes_on_in_next_part(self) -> bool:
        if not self._sessions.go_on_in_next_part():
            return False
        self._aim(self._sessions.current)
        return True

    def _switch(self, switch: Switch, give_back: bool) -> bool:
        """Record an envelope that says whether recording is on, in the session it is of."""
        payload = switch.envelope.payload
        recording = recording_of(payload)
        if recording is None:
            log.warning("recording_state says neither on nor off: %.200r", payload)
        elif recording:
            self._offer(session_id_of(payload))
            self.set_recording_state(True)
        if not self._keep([switch.line], [switch.document], give_back):
            return False
        if recording is False:
            self.set_recording_state(False)
        return True

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
        if self.recording and not self.records(self._offered_id):
            # Its stop was missed; this is another session.
            self.note_gap(0, END_UNHEARD)
            self.set_recording_state(False)

    def run(
        self,
        stop: threading.Event | None = None,
        *,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        """
        Record what Redis publishes, until *stop* is set or Ctrl-C is pressed.

        It starts the collector, connects to the Redis of the configuration, subscribes to
        the three channels and feeds what comes; at the end it stops the collector. While
        Redis is away it tries again, ever less often up to every five seconds. What is
        published meanwhile is not heard: the open session's manifest says so.

        Args:
            stop: Ends the recording when it is set, by another thread or a signal.
            username: For Redis's AUTH; its default user if None.
            password: For Redis's AUTH, where it wants one.

        Raises:
            FolderInUse: If another collector has the same base path.
            OSError: If the folder cannot be used, for reasons that will not pass.
            RespError: If Redis wants another password, or grants too little.
        """
        self.start()
        try:
            RedisFeed(self, username, password).run(stop or threading.Event())
        except KeyboardInterrupt:
            log.info("interrupted; finishing the files")
        finally:
            self.stop()

    # Time

    @locked
    def tick(self) -> None:
        """
        Do what is due: sync, snapshot, try again after a full disk.

        To be called often; processing envelopes does it too.
        """
        self._looked_s = self._storage.clock()
        sessions = self._sessions
        sessions.sync_if_due()
        sessions.writer.retry_if_due(sessions.current)
        sessions.finish_rest_if_due()
        self.maybe_write_periodic_snapshot()

    @locked
    def maybe_write_periodic_snapshot(self) -> bool:
        """
        Begin a snapshot if one is due: every 30 seconds while recording.

        It is written beside the recording. A small one is waited for, briefly.

        Returns:
            Whether one was begun.
        """
        due_s = self._last_snapshot_time + self._storage.snapshot_interval_s
        if not self.recording or self._storage.clock() < due_s:
            return False
        if not self._sessions.begin_snapshot():
            return False
        self._last_snapshot_time = self._storage.clock()
        if self._storage.wait and self._sessions.current.table.total("count") < _WAITED_SAMPLES:
            self._sessions.wait_for_snapshot(_WAITED_S)
        return True

    @locked
    def write_snapshot_temp(self) -> None:
        """Write the snapshot file now, and wait until it is there."""
        self._sessions.write_snapshot()
        self._last_snapshot_time = self._storage.clock()

    def _now_ms(self) -> int:
        return int(self._storage.wall_clock() * 1000)
