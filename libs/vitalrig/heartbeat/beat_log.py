"""
Logs of heartbeats that grow by the beats that are new: CSV or one JSON object a line.
"""

import csv
import io
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from vitalrig.heartbeat._engine.exact import ratio
from vitalrig.heartbeat._engine.rows import Norms
from vitalrig.heartbeat.heartbeat import Heartbeat
from vitalrig.heartbeat.rotating_file import RotatingFile

_LARGEST_BITS = 10_000
"""Python refuses to write integers of much more than this in decimals."""


class BeatLog(ABC):
    """
    Writes every beat of a heartbeat once, oldest first.

    ``write_new`` belongs in the loop that beats, or in one beside it that runs more often than a
    window takes. Beats that left the window unwritten are counted in ``missed``.

    A log begins with the oldest beat in the window when it is made. Whether the file is there
    already makes no difference: it is continued.

    Use ``CsvLog`` or ``NdjsonLog``.

    Args:
        hbt: The heartbeat.
        path: The file; its folder must be there.
        names: What the entries of a row are called, as ``logging.get_log_header`` gives it.
        norms: Factors for other units.
        max_bytes: Size from which a new file is begun.
        keep: How many full files are kept; None for all.

    Attributes:
        missed: Beats that were gone before they could be written.
    """

    def __init__(
        self,
        hbt: Heartbeat,
        path: str | Path,
        names: Sequence[str],
        norms: Norms | None = None,
        *,
        max_bytes: int = 10_000_000,
        keep: int | None = None,
    ) -> None:
        self.missed = 0
        self.names = tuple(map(_one_line, names))
        if len(set(self.names)) < len(self.names):
            raise ValueError("names must differ, or entries cannot be told apart")
        self._hbt = hbt
        self._norms = norms
        self._lock = threading.Lock()
        self._file = RotatingFile(Path(path), self._head(), max_bytes, keep)
        self._next = max(hbt.count - hbt.window_size, 0)

    def _head(self) -> bytes:
        """
        The first line of each file; empty for none.
        """
        return b""

    @abstractmethod
    def _line(self, row: list[Any]) -> str:
        """
        One row as a line, with its line end.
        """

    def write_new(self) -> int:
        """
        Write all beats since the last time.

        Returns:
            How many that were.

        Raises:
            OSError: If a line cannot be written. It is tried again the next time.
        """
        with self._lock:
            rows: list[list[Any]] = self._hbt.get_rows(self._norms, since=self._next)
            for row in rows:
                self._file.write(self._line(row).encode(errors="backslashreplace"))
                self.missed += row[0] - self._next
                self._next = row[0] + 1
            return len(rows)

    def sync(self) -> None:
        """
        Wait until all that was written is on disk. Full files are synced anyway.
        """
        with self._lock:
            self._file.sync()

    def close(self) -> None:
        """
        Write what is new, sync and close.
        """
        self.write_new()
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class CsvLog(BeatLog):
    """
    A line for each beat, entries parted by commas, names in the first line of each file.
    """

    def _head(self) -> bytes:
        return self._line(list(self.names)).encode(errors="backslashreplace")

    def _line(self, row: list[Any]) -> str:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(map(_written, row))
        return line.getvalue()


class NdjsonLog(BeatLog):
    """
    A JSON object for each beat, with the names as keys. What JSON cannot say (infinity) is null.
    """

    def _line(self, row: list[Any]) -> str:
        entries = [
            None if isinstance(entry, float) and not isfinite(entry) else entry
            for entry in map(_written, row)
        ]
        return json.dumps(dict(zip(self.names, entries, strict=True))) + "\n"


def _written(entry: object) -> object:
    """
    An entry as a number or a string of one line. Only tags are anything else to begin with.
    """
    match entry:
        case int() if entry.bit_length() > _LARGEST_BITS:
            return hex(entry)
        case int() | float() | None:
            return entry
        case Fraction():
            return ratio(entry.numerator, entry.denominator)
    return _one_line(str(entry))


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")
