"""
Summaries and snapshots, read piece by piece.

A summary of hours holds millions of numbers. Its structure is found without keeping
them, and a column becomes an array of floats only when someone asks for it. No file is
mapped into memory: one that another program cuts short meanwhile would end this process.
"""

import json
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitalrig.sessions.errors import Unreadable, extra
from vitalrig.sessions.store.json_scanner import JsonScanner, NumberList

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_SERIES = 10_000
MAX_SMALL_BYTES = 1 << 20
"""Of whatever is not a list of numbers, such as the ``meta`` object."""

_CHUNK_BYTES = 4 << 20

Columns = dict[str, NumberList]
"""A series' columns by name, as the file has them."""


@dataclass(frozen=True, slots=True)
class Summary:
    """
    What a summary or snapshot says, without its numbers.

    Attributes:
        meta: Its ``meta`` object.
        columns: For each channel and series, where each column is.
    """

    meta: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, dict[str, Columns]] = field(default_factory=dict)


def scan(read: Callable[[int], bytes], name: str) -> Summary:
    """
    Read a summary or snapshot of any length.

    Args:
        read: Gives up to so many further bytes; none at the end.
        name: What messages call it.

    Raises:
        Unreadable: If it is no such document; the message says where it stops being one.
    """
    scanner = JsonScanner(read, name)
    summary = Summary()
    for key in scanner.members():
        if key == "meta":
            summary.meta.update(_object(scanner))
        elif key == "series":
            summary.columns.update(_series(scanner))
        else:
            scanner.small(MAX_SMALL_BYTES)
    scanner.end()
    return summary


def _series(scanner: JsonScanner) -> dict[str, dict[str, Columns]]:
    found: dict[str, dict[str, Columns]] = {}
    count = 0
    for channel in scanner.members():
        of_channel = found.setdefault(channel, {})
        for name in scanner.members():
            of_channel[name] = {column: scanner.numbers() for column in scanner.members()}
            count += 1
            if count > MAX_SERIES:
                raise scanner.wrong("too many series")
    return found


def _object(scanner: JsonScanner) -> dict[str, Any]:
    value = scanner.small(MAX_SMALL_BYTES)
    if not isinstance(value, dict):
        raise scanner.wrong("no object")
    return value


def read_meta(path: Path) -> dict[str, Any]:
    """
    The ``meta`` object of a summary or snapshot, without reading the rest.

    Raises:
        Unreadable: If it is no such document.
        OSError: If it cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        scanner = JsonScanner(file.read, str(path))
        for key in scanner.members():
            if key == "meta":
                return _object(scanner)
            scanner.skip()
    return {}


class SummaryReader:
    """
    A summary or snapshot whose columns can be loaded, even after it was replaced.

    Args:
        path: The file.

    Attributes:
        meta: Its ``meta`` object.
        columns: For each channel and series, where each column is.

    Raises:
        Unreadable: If it is no such document; the message says where it stops being one.
        OSError: If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        weakref.finalize(self, self._file.close)
        summary = scan(self._file.read, str(path))
        self.meta, self.columns = summary.meta, summary.columns

    def load(self, column: NumberList) -> "NDArray[np.float64]":
        """
        One column as floats; null becomes NaN.

        Raises:
            Unreadable: If it holds anything else.
            MissingExtra: If numpy is not installed.
        """
        with extra("export"):
            import numpy as np  # noqa: PLC0415
        if not column.count:
            return np.empty(0)
        numbers = np.concatenate([self._numbers(text) for text in self._chunks(column)])
        if len(numbers) != column.count:
            raise self._no_numbers(column.start)
        return numbers

    def _chunks(self, column: NumberList) -> Iterator[bytes]:
        """The text of a column, cut at commas."""
        self._file.seek(column.start)
        rest, left = b"", column.end - column.start
        while left:
            piece = self._file.read(min(left, _CHUNK_BYTES))
            left -= len(piece)
            text, comma, behind = (rest + piece).rpartition(b",")
            if not piece or (left and not comma):
                raise self._no_numbers(column.end - left)
            if left:
                yield text
                rest = behind
            else:
                yield text + comma + behind

    def _numbers(self, text: bytes) -> "NDArray[np.float64]":
        import numpy as np  # noqa: PLC0415

        try:
            numbers = np.fromstring(text, sep=",")
            if len(numbers) == text.count(b",") + 1:
                return numbers
        except ValueError:
            pass
        try:
            numbers = np.array(json.loads(b"[" + text + b"]"), dtype=np.float64)
        except (ValueError, TypeError, RecursionError) as exc:
            raise self._no_numbers(self._file.tell() - len(text)) from exc
        return numbers

    def _no_numbers(self, at: int) -> Unreadable:
        return Unreadable(f"{self.path}: no list of numbers at byte {at}")
