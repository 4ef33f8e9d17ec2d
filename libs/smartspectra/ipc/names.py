"""What the documents name beside the collector's work: channels, counters, inner state."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smartspectra.ipc.channels import Channels
from smartspectra.ipc.intake import Intake
from smartspectra.ipc.series import Series
from smartspectra.ipc.sessions import Sessions
from smartspectra.ipc.stats import CollectorStats


class CollectorNames:
    """
    The read-only side of a collector.

    The names that begin with a low line are documented too, and scripts use them.
    """

    recording: bool
    _channels: Channels
    _intake: Intake
    _sessions: Sessions

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

        Times are microseconds.
        """
        return self._sessions.shown.to_dict()

    @property
    def durable_position(self) -> tuple[Path, int] | None:
        """The open JSONL and how many of its bytes are certainly on the disk."""
        file = self._sessions.current.file
        return None if file is None else (file.path, file.durable_bytes)

    @property
    def stats(self) -> CollectorStats:
        """The counters so far."""
        tally, keeper, session = self._sessions.tally(), self._sessions.keeper, self._sessions.named
        return CollectorStats(
            envelopes=tally["envelopes"],
            samples=tally["samples"],
            duplicates=tally["duplicates"],
            resets=tally["resets"],
            rejected=dict(self._intake.rejected),
            written_bytes=tally["bytes"],
            unwritten_envelopes=keeper.unwritten,
            paused=keeper.paused,
            last_sync_us=keeper.last_sync_us,
            recording=self.recording,
            session_id=session.session_id if session else None,
            channels={
                self._channels.of(key.removeprefix("type:")): number
                for key, number in tally.items()
                if key.startswith("type:")
            },
        )

    @property
    def _series_data(self) -> Mapping[str, Mapping[str, Series]]:
        return self._sessions.shown.table.data

    @property
    def _series_state(self) -> Mapping[str, Mapping[str, Series]]:
        return self._sessions.shown.table.data

    @property
    def _jsonl_file(self) -> Any:  # noqa: ANN401
        return self._sessions.current.file

    @property
    def _jsonl_count(self) -> int:
        return self._sessions.shown.written

    @property
    def _envelope_count(self) -> int:
        return self._sessions.tally()["envelopes"]
