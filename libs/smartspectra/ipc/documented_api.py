"""What the vendor documents of a collector beside recording, and nothing else."""

import threading
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smartspectra.ipc.locking import locked
from smartspectra.ipc.series.series import Series
from smartspectra.ipc.series.table import Document, stamp_and_value
from smartspectra.ipc.session.manager import SessionManager
from smartspectra.ipc.session.session import Session
from smartspectra.ipc.storage.disk import FileRangeGone
from smartspectra.ipc.storage.session_paths import SessionPaths
from smartspectra.ipc.wire import measurements
from smartspectra.ipc.wire.channels import METRIC_KINDS, Channels

_extract_measurement_lists = measurements.measurement_lists
_has_time_fields = measurements.has_time_fields
_coerce_sample_timestamp = measurements.sample_timestamp_us
_coerce_sample_value = measurements.sample_value


class DocumentedApi:
    """
    What the vendor documents of a collector, beside recording: channels, snapshot, insides.

    The names that begin with an underscore are documented too: scripts look at the attributes, and
    a subclass may replace :meth:`_aggregate_envelope` and :meth:`_store_sample` to see what is
    recorded.
    """

    _lock: threading.RLock
    _base_paths: SessionPaths
    _channels: Channels
    _sessions: SessionManager

    @abstractmethod
    def _target(self) -> Session:
        """Where an envelope goes that arrives now."""

    def _wants_samples(self) -> bool:
        """Whether a subclass wants to see envelopes or samples, which is the longer way."""
        own = type(self)
        return (
            own._aggregate_envelope is not DocumentedApi._aggregate_envelope  # noqa: SLF001
            or own._store_sample is not DocumentedApi._store_sample  # noqa: SLF001
        )

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

    recording_channel = recording_state_channel
    """Both names are documented."""

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

    def _get_session_paths(self, session_id: str) -> tuple[Path | None, Path | None]:
        """
        The paths of a session's JSONL and summary: the stems with its id appended.

        A summary's base that ends in ``_summary`` loses that, unless the storage's options
        keep it.
        """
        paths = self._base_paths.for_session(session_id)
        return paths.jsonl, paths.summary

    @locked
    def _aggregate_envelope(self, envelope: Document) -> None:
        """Take an envelope's samples into the series."""
        table = self._target().table
        kind, payload = envelope["type"], envelope.get("payload")
        if not self._wants_samples() or kind not in METRIC_KINDS or not isinstance(payload, dict):
            table.add([envelope], 0)
            return
        table.count(envelope)
        channel = self._channels.of(kind)
        for name, samples in measurements.measurement_lists(payload):
            for sample in samples:
                stamp, value = stamp_and_value(sample, envelope)
                if stamp is not None and value is not None:
                    self._store_sample(channel, name, stamp, value, sample)

    @locked
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

    _series_state = _series_data

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
