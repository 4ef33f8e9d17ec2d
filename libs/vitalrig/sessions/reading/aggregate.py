"""From a JSONL to series, with the collector's own rules and without touching a file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smartspectra.ipc.series.chunk_store import MemoryStore
from smartspectra.ipc.series.series import Series
from smartspectra.ipc.series.table import SeriesTable
from smartspectra.ipc.wire.channels import RECORDING_STATE, Channels
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, document_of, session_id_of
from vitalrig.sessions.reading.series import RecordedSeries, Samples
from vitalrig.sessions.store.lines import Advance, no_progress, whole_lines


class Aggregate:
    """
    What the lines of a JSONL amount to.

    Args:
        prefix: The key prefix the session was recorded under.

    Attributes:
        table: The series.
        lines: Lines taken.
        bad_lines: The numbers of lines that hold no envelope, from 1.
        named: The session that its first start of a recording names; empty if none does.
        first_us: When the first envelope was published; None if no line tells.
        last_us: When the last one was.
    """

    def __init__(self, prefix: str) -> None:
        self.table = SeriesTable(Channels(prefix), MemoryStore)
        self.lines = 0
        self.bad_lines: list[int] = []
        self.named = ""
        self.first_us: int | None = None
        self.last_us: int | None = None

    def add(self, line: bytes) -> bool:
        """Take one line; gives whether it holds an envelope."""
        self.lines += 1
        try:
            document = document_of(line)
            envelope = Envelope.of(document)
        except BadEnvelope:
            self.bad_lines.append(self.lines)
            return False
        if not self.named and envelope.type == RECORDING_STATE:
            self.named = session_id_of(envelope.payload) or ""
        if envelope.timestamp_us is not None:
            self.last_us = envelope.timestamp_us
            if self.first_us is None:
                self.first_us = envelope.timestamp_us
        self.table.add([document], len(line))
        return True

    def series(self) -> tuple[RecordedSeries, ...]:
        """The series, to be loaded one by one."""
        return tuple(
            RecordedSeries(channel, name, _Loader(collected))
            for channel, of_channel in self.table.data.items()
            for name, collected in of_channel.items()
        )


def aggregate(jsonl: Path, prefix: str, advance: Advance = no_progress) -> Aggregate:
    """
    Read a JSONL; lines that hold no envelope are counted and passed over.

    Raises:
        OSError: If it cannot be read.
    """
    result = Aggregate(prefix)
    for line in whole_lines(jsonl, advance):
        result.add(line)
    return result


@dataclass(frozen=True, slots=True)
class _Loader:
    collected: Series

    def __call__(self) -> Samples:
        return Samples(
            np.array(self.collected["timestamps"], dtype=np.float64),
            np.array(self.collected["values"], dtype=np.float64),
            np.array(self.collected["relative_us"], dtype=np.float64),
        )
