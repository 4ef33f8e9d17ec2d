"""The aggregated JSON document: snapshots and summaries, as dict and as file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.series.chunk_store import COLUMNS, ColumnPart, SpilledColumn
from smartspectra.ipc.series.series import Series
from smartspectra.ipc.series.table import SeriesTable
from smartspectra.ipc.session.moments import iso
from smartspectra.ipc.storage.disk import Disk, FileRange
from smartspectra.ipc.storage.stages import Stages, finish_now

Columns = dict[str, list[ColumnPart]]


@dataclass(frozen=True, slots=True)
class SummaryDocument:
    """
    The state of a session at one moment; it does not change when the session goes on.

    Attributes:
        meta: The document's ``meta`` object.
        columns: For each channel and series, its columns as parts.
    """

    meta: Mapping[str, Any]
    columns: Mapping[str, Mapping[str, Columns]]

    @classmethod
    def of(
        cls, meta: Mapping[str, Any], data: Mapping[str, Mapping[str, Series]]
    ) -> "SummaryDocument":
        """Look at *data*; costs one chunk a series, however long they are."""
        return cls(
            meta,
            {
                channel: {name: series.columns() for name, series in of_channel.items()}
                for channel, of_channel in data.items()
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """The documented structure, as plain dicts and lists."""
        return {
            "meta": dict(self.meta),
            "series": {
                channel: {
                    name: {
                        column: [number for part in columns[column] for number in part.floats()]
                        for column in COLUMNS
                    }
                    for name, columns in of_channel.items()
                }
                for channel, of_channel in self.columns.items()
            },
        }

    @property
    def spilled_bytes(self) -> int:
        """How much of the document is in files already: nearly all of a large one."""
        return sum(
            part.file_range.length_bytes
            for of_channel in self.columns.values()
            for columns in of_channel.values()
            for parts in columns.values()
            for part in parts
            if isinstance(part, SpilledColumn)
        )

    def write(self, path: Path, disk: Disk, *, whitespace: bool) -> None:
        """
        Write the document as the whole content of *path*.

        Raises:
            OSError: If it cannot be written; *path* is then as it was.
        """
        finish_now(self.writing(path, disk, whitespace=whitespace), disk)

    def writing(self, path: Path, disk: Disk, *, whitespace: bool) -> Stages:
        """
        The stages of :meth:`write`.

        Raises:
            OSError: If it cannot be written; *path* is then as it was.
        """
        return disk.replacing(path, self._pieces(_READABLE if whitespace else _COMPACT))

    def _pieces(self, layout: "_Layout") -> Iterator[bytes | FileRange]:
        colon, line = layout.colon, layout.line
        meta = json.dumps(self.meta, indent=layout.indent, separators=layout.separators)
        yield b"{" + line(1) + b'"meta"' + colon + meta.replace("\n", "\n  ").encode()
        yield b"," + line(1) + b'"series"' + colon + b"{"
        for nth_channel, (channel, of_channel) in enumerate(self.columns.items()):
            yield (b"," if nth_channel else b"") + line(2) + _key(channel) + colon + b"{"
            for nth, (name, columns) in enumerate(of_channel.items()):
                yield (b"," if nth else b"") + line(3) + _key(name) + colon + b"{"
                for nth_column, column in enumerate(COLUMNS):
                    yield (b"," if nth_column else b"") + line(4) + _key(column) + colon + b"["
                    for nth_part, part in enumerate(columns[column]):
                        if nth_part:
                            yield layout.comma
                        if isinstance(part, SpilledColumn):
                            yield part.file_range
                        else:
                            yield part.text(layout.comma)
                    yield b"]"
                yield line(3) + b"}"
            yield line(2) + b"}"
        yield line(1) + b"}" + line(0) + b"}"
        if layout.indent:
            yield b"\n"


@dataclass(frozen=True, slots=True)
class _Layout:
    indent: int | None
    colon: bytes
    comma: bytes

    @property
    def separators(self) -> tuple[str, str]:
        return ("," if self.indent else self.comma.decode(), self.colon.decode())

    def line(self, depth: int) -> bytes:
        return b"" if self.indent is None else b"\n" + b" " * (self.indent * depth)


_COMPACT = _Layout(None, b":", b",")
_READABLE = _Layout(2, b": ", b", ")


def meta_of(
    table: SeriesTable,
    config: MetricsCollectorConfig,
    *,
    session_id: str | None,
    started_ms: int,
    updated_ms: int,
    stopped_ms: int | None,
    written: int,
) -> dict[str, Any]:
    """The ``meta`` object of a snapshot or a summary, as documented, and the source."""
    of_series = [series for of_channel in table.data.values() for series in of_channel.values()]
    known: dict[str, Any] = {
        "started_at_ms": started_ms,
        "started_at_iso": iso(started_ms),
        "updated_at_ms": updated_ms,
        "updated_at_iso": iso(updated_ms),
    }
    if stopped_ms is not None:
        known |= {"stopped_at_ms": stopped_ms, "stopped_at_iso": iso(stopped_ms)}
    known["duration_seconds"] = (updated_ms - started_ms) / 1000
    if session_id is not None:
        known["session_id"] = session_id
    return known | {
        "redis_host": config.redis_host,
        "redis_port": config.redis_port,
        "redis_prefix": config.redis_key_prefix,
        "jsonl_envelopes_written": written,
        "series_count": len(of_series),
        "total_samples": sum(series.kept for series in of_series),
        "source": table.provenance.name,
    }


def number_separator(*, whitespace: bool) -> bytes:
    """What separates the numbers of a column in such a file."""
    return (_READABLE if whitespace else _COMPACT).comma


def _key(name: str) -> bytes:
    return json.dumps(name).encode()
