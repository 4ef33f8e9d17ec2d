"""What the documents name beside the collector's work: channels, counters, inner state."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from smartspectra.ipc.locking import locked
from smartspectra.ipc.series.series import Series
from smartspectra.ipc.session.manager import SessionManager
from smartspectra.ipc.stats import CollectorStats
from smartspectra.ipc.storage.disk import FileRangeGone
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.storage.session_paths import SessionPaths, new_session_id
from smartspectra.ipc.wire import measurements
from smartspectra.ipc.wire.channels import Channels

_extract_measurement_lists = measurements.measurement_lists
_has_time_fields = measurements.has_time_fields
_coerce_sample_timestamp = measurements.sample_timestamp_us
_coerce_sample_value = measurements.sample_value


class DocumentedApi:
    """
    The read-only side of a collector.

    The names that begin with a low line are documented too, and scripts use them.
    """

    _lock: threading.RLock
    current_session_id: str | None
    recording: bool
    _storage: StorageOptions
    _base_paths: SessionPaths
    _channels: Channels
    _rejected: Counter[str]
    _sessions: SessionManager

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

    def get_current_snapshot(self) -> dict[str, Any]:
        """
        The aggregated state of the session, open or last, as plain dicts and lists.

        Times are microseconds. However long the session, the recording goes on meanwhile.
        """
        with self._lock:
            seen = self._sessions.shown.seen()
        try:
            return seen()
        except FileRangeGone:
            # It was finished meanwhile, or someone took its work files away.
            with self._lock:
                return self._sessions.shown.to_dict()

    @property
    @locked
    def durable_position(self) -> tuple[Path, int] | None:
        """The open JSONL and how many of its bytes are certainly on the disk."""
        file = self._sessions.current.file
        return None if file is None else (file.path, file.durable_bytes)

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
        tally, writer, session = self._sessions.tally(), self._sessions.writer, self._sessions.named
        return CollectorStats(
            envelopes=tally["envelopes"],
            samples=tally["samples"],
            duplicates=tally["duplicates"],
            resets=tally["resets"],
            unusable=tally["unusable"],
            rejected=dict(self._rejected),
            written_bytes=tally["bytes"],
            unwritten_envelopes=writer.unwritten,
            paused=writer.paused,
            unfinished=self._sessions.unfinished,
            last_sync_us=writer.last_sync_us,
            recording=self.recording,
            session_id=session.session_id if session else None,
            channels={
                self._channels.of(key.removeprefix("type:")): number
                for key, number in tally.items()
                if key.startswith("type:")
            },
        )

    def _new_id(self) -> str:
        return new_session_id(self._storage.wall_clock(), self._is_taken)

    def _is_taken(self, session_id: str) -> bool:
        return session_id == self.current_session_id or self._paths_of(session_id).exist()

    def _paths_of(self, session_id: str) -> SessionPaths:
        jsonl, summary = self._get_session_paths(session_id)
        return replace(self._base_paths, jsonl=jsonl, summary=summary)

    def _get_session_paths(self, session_id: str) -> tuple[Path | None, Path | None]:
        """
        The paths of a session's JSONL and summary: the stems with its id appended.

        A summary's base that ends in ``_summary`` loses that, unless the storage's options
        keep it.
        """
        paths = self._base_paths.for_session(session_id)
        return paths.jsonl, paths.summary

    @locked
    def _write_aggregated_json(self) -> None:
        """Write the summary of what is open, as it is now."""
        session = self._sessions.shown
        if session.is_open and session.paths.summary is not None:
            session.write_document(session.document(), session.paths.summary)

    @property
    @locked
    def _series_data(self) -> Mapping[str, Mapping[str, Series]]:
        return self._sessions.shown.table.data

    @property
    @locked
    def _series_state(self) -> Mapping[str, Mapping[str, Series]]:
        return self._sessions.shown.table.data

    @property
    def _jsonl_file(self) -> Any:  # noqa: ANN401
        return self._sessions.current.file

    @property
    @locked
    def _jsonl_count(self) -> int:
        return self._sessions.shown.written

    @property
    @locked
    def _envelope_count(self) -> int:
        return self._sessions.tally()["envelopes"]
