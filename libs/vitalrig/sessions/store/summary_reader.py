"""
Summaries and snapshots read piece by piece.

A summary of hours holds millions of numbers. Its structure is found without touching
them, and a column becomes an array of floats only when someone asks for it.
"""

import json
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitalrig.sessions.errors import Unreadable, extra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_SCALAR = re.compile(rb"[^\s,\[\]{}\":]+")
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_CHUNK_BYTES = 4 << 20

Span = tuple[int, int]
"""Where a column's numbers stand: the offsets between its brackets."""


class SummaryReader:
    """
    A summary or snapshot.

    Args:
        path: The file.

    Attributes:
        meta: Its ``meta`` object.
        columns: For each channel and series, where each column stands.

    Raises:
        Unreadable: If it is no such document; the message says where it stops being one.
        OSError: If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = _mapped(path)
        self.meta: dict[str, Any] = {}
        self.columns: dict[str, dict[str, dict[str, Span]]] = {}
        cursor = _Cursor(self._text, path)
        for key in cursor.members():
            if key == "meta":
                self.meta = cursor.object()
            elif key == "series":
                self._find_columns(cursor)
            else:
                cursor.value()
        cursor.end()

    def _find_columns(self, cursor: "_Cursor") -> None:
        for channel in cursor.members():
            of_channel = self.columns.setdefault(channel, {})
            for name in cursor.members():
                spans = of_channel.setdefault(name, {})
                for column in cursor.members():
                    spans[column] = cursor.list_of_numbers()
                self._let_go()

    def _let_go(self) -> None:
        """What was read of the file need not stay in memory; it can be read again."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._text.madvise(mmap.MADV_DONTNEED)

    def load(self, span: Span) -> "NDArray[np.float64]":
        """
        One column as floats; null becomes NaN.

        Raises:
            Unreadable: If it holds anything else.
            MissingExtra: If numpy is not installed.
        """
        with extra("export"):
            import numpy as np  # noqa: PLC0415
        chunks = [self._numbers(*chunk) for chunk in self._chunks(*span)]
        self._let_go()
        return np.concatenate(chunks) if chunks else np.empty(0)

    def _chunks(self, start: int, end: int) -> Iterator[Span]:
        if not self._text[start : min(end, start + _CHUNK_BYTES)].strip():
            return
        while end - start > _CHUNK_BYTES:
            comma = self._text.rfind(b",", start, start + _CHUNK_BYTES)
            if comma < 0:
                raise Unreadable(f"{self.path}: no list of numbers at byte {start}")
            yield start, comma
            start = comma + 1
        yield start, end

    def _numbers(self, start: int, end: int) -> "NDArray[np.float64]":
        import numpy as np  # noqa: PLC0415

        text = self._text[start:end]
        try:
            numbers = np.fromstring(text, sep=",")
            if len(numbers) == text.count(b",") + 1:
                return numbers
        except ValueError:
            pass
        try:
            numbers = np.array(json.loads(b"[" + text + b"]"), dtype=np.float64)
        except (ValueError, TypeError, RecursionError) as exc:
            raise Unreadable(f"{self.path}: no list of numbers at byte {start}") from exc
        return numbers


def read_meta(path: Path) -> dict[str, Any]:
    """
    The ``meta`` object of a summary or snapshot, without reading the rest.

    Raises:
        Unreadable: If it is no such document.
        OSError: If it cannot be read.
    """
    cursor = _Cursor(_mapped(path), path)
    for key in cursor.members():
        if key == "meta":
            return cursor.object()
        cursor.skip()
    return {}


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as exc:  # an empty file cannot be mapped
            raise Unreadable(f"{path} is empty") from exc


class _Cursor:
    """A place in a JSON text that moves forward as values are taken."""

    def __init__(self, text: mmap.mmap, path: Path) -> None:
        self._text = text
        self._path = path
        self._at = 0

    def _wrong(self, expected: str) -> Unreadable:
        return Unreadable(f"{self._path}: {expected} expected at byte {self._at}")

    def _skip_space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _take(self, allowed: bytes) -> bytes:
        """Take the next character, which must be one of *allowed*."""
        self._skip_space()
        character = self._text[self._at : self._at + 1]
        if not character or character not in allowed:
            raise self._wrong(" or ".join(map(chr, allowed)))
        self._at += 1
        return character

    def _next_is(self, character: bytes) -> bool:
        self._skip_space()
        return self._text[self._at : self._at + 1] == character

    def members(self) -> Iterator[str]:
        """The keys of an object; whoever iterates takes the value before the next key."""
        self._take(b"{")
        if self._next_is(b"}"):
            self._at += 1
            return
        while True:
            key = self._string()
            self._take(b":")
            yield key
            if self._take(b",}") == b"}":
                return

    def _string(self) -> str:
        self._skip_space()
        found = _STRING.match(self._text, self._at)
        if found is None:
            raise self._wrong("a string")
        self._at = found.end()
        try:
            text = json.loads(found.group())
        except ValueError as exc:
            raise self._wrong("a string") from exc
        return str(text)

    def value(self) -> Any:  # noqa: ANN401  JSON
        """Any value, as Python has it."""
        self._skip_space()
        start = self._at
        self.skip()
        try:
            return json.loads(self._text[start : self._at])
        except (ValueError, RecursionError) as exc:
            raise self._wrong("a value before what is") from exc

    def object(self) -> dict[str, Any]:
        """An object, as a dict."""
        value = self.value()
        if not isinstance(value, dict):
            raise self._wrong("an object before what is")
        return value

    def list_of_numbers(self) -> Span:
        """Where the numbers of a list stand; what they are is found out later."""
        self._take(b"[")
        start = self._at
        end = self._text.find(b"]", start)
        if end < 0:
            raise self._wrong("the end of a list")
        self._at = end + 1
        return start, end

    def skip(self) -> None:
        """Pass over any value."""
        self._skip_space()
        character = self._text[self._at : self._at + 1]
        if character == b'"':
            self._string()
        elif character in {b"{", b"["}:
            self._skip_nested()
        else:
            found = _SCALAR.match(self._text, self._at)
            if found is None:
                raise self._wrong("a value")
            self._at = found.end()

    def _skip_nested(self) -> None:
        depth = 0
        for token in _NESTING.finditer(self._text, self._at):
            depth += (token.group() in {b"{", b"["}) - (token.group() in {b"}", b"]"})
            if depth == 0:
                self._at = token.end()
                return
        raise self._wrong("an end of what begins")

    def end(self) -> None:
        """Make sure that nothing follows."""
        self._skip_space()
        if self._at != len(self._text):
            raise self._wrong("the end of the file")
