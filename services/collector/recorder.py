"""One camera's session files, each envelope exactly once through any restart."""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from services.collector.positions import Position, Positions
from services.collector.settings import Settings
from services.collector.transport.base import Arrival
from services.collector.transport.stream import entry_before
from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from smartspectra.ipc.channels import RECORDING_STATE
from smartspectra.ipc.envelope import BadEnvelope, Envelope, recording_of, session_id_of
from smartspectra.ipc.options import StorageOptions
from smartspectra.ipc.recovery import finish_one, interrupted_sessions
from smartspectra.ipc.session_files import SessionPaths, check_session_id

log = logging.getLogger(__name__)

ROOT_PREFIX = "physiology"
"""The vendor's default prefix has its files in the sessions folder itself."""


class Recorder:
    """
    Writes what arrives between the start and the stop of a recording.

    The position is saved before a session begins; while it goes on, it follows what was synced,
    and whoever runs the recorder saves it now and then. After a crash, lines of the session's
    file that are beyond the saved position are what was written but not yet covered: as the
    stream gives those envelopes again, they are skipped one for one.

    Args:
        prefix: The camera.
        settings: What the collector was told.
        positions: Where positions are kept.
        storage: How files are written.
    """

    def __init__(
        self, prefix: str, settings: Settings, positions: Positions, storage: StorageOptions
    ) -> None:
        self._prefix = prefix
        self._positions = positions
        self._follows_stream = settings.transport != "pubsub"
        self._ahead: deque[bytes] = deque()
        self._written: deque[Position] = deque()
        self._last = positions.of(prefix)
        self.folder = folder_of(prefix, settings.sessions_folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        config = MetricsCollectorConfig(
            redis_host=settings.redis_host,
            redis_port=settings.redis_port,
            redis_key_prefix=prefix,
            output_jsonl_path=self.folder / "metrics.jsonl",
            output_json_path=self.folder / "metrics.json",
            max_samples_per_series=settings.max_samples_per_series,
            append_mode=True,
            whitespace=settings.whitespace,
        )
        interrupted = self._interrupted()
        self.collector = MetricsCollector(config, storage=replace(storage, recover=not interrupted))
        self.collector.start()
        if interrupted:
            self._resume(interrupted)
            self._finish_others(interrupted, config, storage)

    @property
    def recording(self) -> bool:
        """
        Whether a session is open.
        """
        return self.collector.recording

    @property
    def session_id(self) -> str:
        """
        The open session's id; empty for none.
        """
        return (self.collector.current_session_id or "") if self.recording else ""

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """
        Take what arrived together, in order.
        """
        lines: list[bytes] = []
        for arrival in arrivals:
            if arrival.channel == RECORDING_STATE:
                self._write(lines)
                lines = []
                self._take_recording_state(arrival)
            elif self.recording and not self._was_written(arrival.envelope):
                lines.append(arrival.envelope)
            self._last = Position(arrival.entry_id, arrival.run, arrival.seq)
        self._write(lines)
        if self.recording:
            self._written.append(
                replace(self._last, session_id=self.session_id, size_bytes=self._size_bytes())
            )

    def note_gap(self, missing: int, why: str) -> None:
        """
        So many envelopes of this camera never came.
        """
        if self.recording:
            self.collector.note_gap(missing, why)

    def tick(self) -> None:
        """
        Sync by policy, write due snapshots, and note how far the files are.
        """
        self.collector.tick()
        if self.recording:
            durable = self.collector.durable_position
            covered = None
            while self._written and durable and self._written[0].size_bytes <= durable[1]:
                covered = self._written.popleft()
            if covered is not None:
                self._positions.set(self._prefix, covered)
        else:
            self._written.clear()
            self._positions.set(self._prefix, self._last)

    def close(self) -> None:
        """
        Finish the open files for now; a restart goes on in the open session.
        """
        session_id = self.session_id
        self.collector.stop()
        if session_id:
            size_bytes = self._jsonl(session_id).stat().st_size
            self._positions.set(
                self._prefix,
                replace(self._last, session_id=session_id, size_bytes=size_bytes),
            )
        self._positions.save()

    def _write(self, lines: Sequence[bytes]) -> None:
        if lines:
            self.collector.process_envelopes(lines)

    def _take_recording_state(self, arrival: Arrival) -> None:
        try:
            envelope = Envelope.parse(arrival.envelope)
        except BadEnvelope:
            self.collector.process_envelope(arrival.envelope)  # which counts it
            return
        begins = recording_of(envelope.payload)
        if self._was_written(arrival.envelope):
            if begins is False:
                self._end()
        elif begins:
            self._begin(arrival, session_id_of(envelope.payload) or _made_session_id(envelope))
        elif self.recording:
            self.collector.process_envelope(arrival.envelope)
            self._end()

    def _begin(self, arrival: Arrival, session_id: str) -> None:
        try:
            check_session_id(session_id)
        except ValueError as exc:
            log.warning("session id refused", extra={"session": session_id, "why": str(exc)})
            session_id = _made_session_id(Envelope.parse(arrival.envelope))
        # First the intent, then the file: should we die in between, its lines are recognised.
        jsonl = self._jsonl(session_id)
        size_bytes = jsonl.stat().st_size if jsonl.exists() else 0
        before = entry_before(arrival.entry_id) if arrival.entry_id else ""
        self._positions.set(
            self._prefix,
            replace(self._last, entry_id=before, session_id=session_id, size_bytes=size_bytes),
        )
        self._positions.save()
        self.collector.set_session_id(session_id)
        self.collector.process_envelope(arrival.envelope)
        log.info("recording started", extra={"camera": self._prefix, "session": session_id})

    def _end(self) -> None:
        session_id = self.session_id
        self.collector.set_recording_state(False)
        log.info("recording finished", extra={"camera": self._prefix, "session": session_id})

    def _was_written(self, envelope: bytes) -> bool:
        if not self._ahead:
            return False
        if self._ahead[0] == envelope:
            self._ahead.popleft()
            return True
        self._ahead.clear()
        return False

    def _interrupted(self) -> str:
        session_id = self._last.session_id
        return session_id if session_id and self._jsonl(session_id).exists() else ""

    def _resume(self, session_id: str) -> None:
        self.collector.resume_session(session_id, made_whole=self._follows_stream)
        if self._follows_stream:
            with self._jsonl(session_id).open("rb") as file:
                file.seek(self._last.size_bytes)
                self._ahead.extend(line.rstrip(b"\n") for line in file)
        log.info(
            "recording resumed",
            extra={"camera": self._prefix, "session": session_id, "ahead": len(self._ahead)},
        )

    @staticmethod
    def _finish_others(
        resumed: str, config: MetricsCollectorConfig, storage: StorageOptions
    ) -> None:
        base = SessionPaths(config.output_jsonl_path, config.output_json_path)
        for session_id, paths in interrupted_sessions(base):
            if session_id != resumed:
                try:
                    finish_one(session_id, paths, config, storage)
                except OSError as exc:
                    log.warning("cannot finish", extra={"session": session_id, "why": str(exc)})

    def _size_bytes(self) -> int:
        path = self._jsonl(self.session_id)
        return path.stat().st_size if path.exists() else 0

    def _jsonl(self, session_id: str) -> Path:
        return self.folder / f"metrics_{session_id}.jsonl"


def folder_of(prefix: str, sessions_folder: Path) -> Path:
    """
    Where a camera's session files are: the folder itself for the default prefix, else a subfolder.
    """
    return sessions_folder if prefix == ROOT_PREFIX else sessions_folder / prefix


def _made_session_id(envelope: Envelope) -> str:
    """
    Make the id of a session without a name: from the envelope, so that it is always the same.
    """
    seconds = (envelope.timestamp_us or 0) / 1_000_000
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d_%H%M%S")
