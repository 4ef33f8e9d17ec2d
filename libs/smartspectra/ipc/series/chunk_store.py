"""Where a series keeps its full chunks: in memory, or as text in spill files."""

import errno
import os
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from smartspectra.ipc.storage.disk import Disk, FileRange, FileRangeGone
from smartspectra.ipc.wire.codec import codec

TIMESTAMPS, VALUES, RELATIVE_US = COLUMNS = ("timestamps", "values", "relative_us")
"""The columns of a series, as the summary names them."""


class TimestampColumn:
    """Whole microseconds, written as decimal digits."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[int]) -> None:
        self.items = items

    def text(self, comma: bytes) -> bytes:
        """The column's JSON numbers, which are floats in the documented form."""
        if not self.items:
            return b""
        return codec().integers(self.items).replace(b",", b".0" + comma) + b".0"

    def floats(self) -> list[float]:
        """The stamps as numbers."""
        return list(map(float, self.items))

    def after(self, count: int) -> "TimestampColumn":
        """All but the first *count*."""
        return TimestampColumn(self.items[count:])


class ValueColumn:
    """Finite floats."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[float]) -> None:
        self.items = items

    def text(self, comma: bytes) -> bytes:
        """The column's JSON numbers."""
        if not self.items:
            return b""
        text = codec().numbers(self.items)
        return text if comma == b"," else text.replace(b",", comma)

    def floats(self) -> list[float]:
        """The numbers as a list."""
        return list(self.items)

    def after(self, count: int) -> "ValueColumn":
        """All but the first *count*."""
        return ValueColumn(self.items[count:])


class SpilledColumn:
    """Numbers that are already JSON text in a file."""

    __slots__ = ("file_range",)

    def __init__(self, file_range: FileRange) -> None:
        self.file_range = file_range

    def floats(self) -> list[float]:
        """The numbers, read back."""
        numbers: list[float] = codec().loads(b"[" + self.file_range.read() + b"]")
        return numbers


ColumnPart = TimestampColumn | ValueColumn | SpilledColumn
"""A run of one column's samples."""


class ChunkStore(Protocol):
    """Keeps chunks that will not change any more."""

    def keep(self, stamps: "array[int]", values: "array[float]", raws: "array[int] | None") -> None:
        """
        Take one chunk.

        Args:
            stamps: Microseconds on the series' own, rising time line.
            values: As many values.
            raws: Microseconds as they came, or None if they equal *stamps*.
        """

    def parts(self) -> dict[str, list[ColumnPart]]:
        """All chunks by column, in order; valid while later ones are added."""


class MemoryStore:
    """
    Columns in memory: 16 bytes a sample, 24 once time stamps were moved.

    Args:
        limit: Samples needed from the end; older chunks are let go. 0 = all.
    """

    def __init__(self, limit: int = 0) -> None:
        self._limit = limit
        self._chunks: deque[tuple[array[float], array[float], array[float] | None]] = deque()
        self._count = 0

    def keep(self, stamps: "array[int]", values: "array[float]", raws: "array[int] | None") -> None:
        """Take one chunk."""
        self._chunks.append(
            (
                array("d", stamps),
                values,
                None if raws is None else array("d", raws),
            )
        )
        self._count += len(values)
        while self._limit and self._count - len(self._chunks[0][0]) >= self._limit:
            self._count -= len(self._chunks.popleft()[0])

    def parts(self) -> dict[str, list[ColumnPart]]:
        """All chunks by column."""
        chunks = list(self._chunks)
        return {
            TIMESTAMPS: [ValueColumn(stamps) for stamps, _, _ in chunks],
            VALUES: [ValueColumn(values) for _, values, _ in chunks],
            RELATIVE_US: [
                ValueColumn(stamps if raws is None else raws) for stamps, _, raws in chunks
            ],
        }


class SpillStore:
    """
    Columns as JSON text in files, so that a summary is pieces put together.

    Each sample becomes text once. Until its time stamps are moved for the first time,
    a series needs no column of original stamps: it is the column of stamps.
    A chunk that finds no room on the disk waits in memory.

    Args:
        folder: The session's work folder.
        name: What this series' files are called.
        comma: What separates numbers.
        disk: How files are written.
        trouble: Told of an error of the disk.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        comma: bytes,
        disk: Disk,
        trouble: Callable[[OSError], None],
    ) -> None:
        self._paths = {column: folder / f"{name}.{column}" for column in COLUMNS}
        self._sizes = dict.fromkeys(COLUMNS, 0)
        self._shared_bytes: int | None = None
        self._comma = comma
        self._disk = disk
        self._trouble = trouble
        self._waiting: deque[tuple[array[int], array[float], array[int] | None]] = deque()

    def keep(self, stamps: "array[int]", values: "array[float]", raws: "array[int] | None") -> None:
        """Take one chunk; an error of the disk is reported, and costs only memory."""
        self._waiting.append((stamps, values, raws))
        try:
            while self._waiting:
                self._spill(*self._waiting[0])
                self._waiting.popleft()
        except OSError as exc:
            self._trouble(exc)

    def _spill(
        self, stamps: "array[int]", values: "array[float]", raws: "array[int] | None"
    ) -> None:
        texts = {TIMESTAMPS: TimestampColumn(stamps).text(self._comma)}
        texts[VALUES] = ValueColumn(values).text(self._comma)
        if raws is not None:
            texts[RELATIVE_US] = TimestampColumn(raws).text(self._comma)
            if self._shared_bytes is None:
                self._shared_bytes = self._sizes[TIMESTAMPS]
        sizes = dict(self._sizes)
        for column, text in texts.items():
            piece = self._comma + text if sizes[column] else text
            self._append(self._paths[column], sizes[column], piece)
            sizes[column] += len(piece)
        self._sizes = sizes

    def _append(self, path: Path, size: int, piece: bytes) -> None:
        descriptor = self._disk.open_to_append(path)
        try:
            found = os.fstat(descriptor).st_size
            if found < size:
                raise FileRangeGone(errno.EIO, "a work file was removed", str(path))
            if found > size:
                self._disk.truncate(descriptor, size)  # what an earlier failure left
            self._disk.write_all(descriptor, piece)
        finally:
            os.close(descriptor)

    def parts(self) -> dict[str, list[ColumnPart]]:
        """All chunks by column."""
        columns: dict[str, list[ColumnPart]] = {
            TIMESTAMPS: self._spilled(TIMESTAMPS, self._sizes[TIMESTAMPS]),
            VALUES: self._spilled(VALUES, self._sizes[VALUES]),
        }
        if self._shared_bytes is None:
            columns[RELATIVE_US] = list(columns[TIMESTAMPS])
        else:
            columns[RELATIVE_US] = self._spilled(TIMESTAMPS, self._shared_bytes)
            columns[RELATIVE_US] += self._spilled(RELATIVE_US, self._sizes[RELATIVE_US])
        for stamps, values, raws in self._waiting:
            columns[TIMESTAMPS].append(TimestampColumn(stamps))
            columns[VALUES].append(ValueColumn(values))
            columns[RELATIVE_US].append(TimestampColumn(stamps if raws is None else raws))
        return columns

    def _spilled(self, column: str, size: int) -> list[ColumnPart]:
        return [SpilledColumn(FileRange(self._paths[column], 0, size))] if size else []
