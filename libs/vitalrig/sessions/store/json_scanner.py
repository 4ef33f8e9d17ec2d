"""
Finds its way through a large JSON document without taking it into memory.

It reads forward in pieces. Between pieces other threads run; lists of numbers are passed over at
the speed of `bytes.find`, and only their place, length and last number are kept.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vitalrig.sessions.errors import Unreadable

PIECE_BYTES = 1 << 18
MAX_KEY_BYTES = 1 << 14
MAX_DEPTH = 100
_LONGEST_NUMBER = 64
_SPACE = b" \t\r\n"
_STRUCTURE = re.compile(rb'["{}\[\]]')
_STRING_END = re.compile(rb'["\\]')
_SCALAR_END = re.compile(rb"[,\]}\s]")
_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class NumberList:
    """
    Where a list of numbers is, and what is kept of it.

    Attributes:
        start: The byte behind its opening bracket.
        end: The byte of its closing bracket.
        count: Its length.
        last: Its last number; None if it is empty or ends in something else, such as null.
    """

    start: int
    end: int
    count: int
    last: float | None


class JsonScanner:
    """
    Walks through one document.

    Whatever it cannot understand, and an end that comes too early, is `Unreadable`.

    Args:
        read: Gives up to so many further bytes; none at the end.
        name: What messages call the document.
        piece_bytes: How much to read at a time.
    """

    def __init__(
        self, read: Callable[[int], bytes], name: str, piece_bytes: int = PIECE_BYTES
    ) -> None:
        self._read = read
        self._name = name
        self._piece_bytes = piece_bytes
        self._buffer = b""
        self._passed_bytes = 0
        self._at = 0
        self._kept: bytearray | None = None
        self._keep_most = 0

    def wrong(self, what: str) -> Unreadable:
        """
        Say what is wrong at this place.
        """
        return Unreadable(f"{self._name}: {what} at byte {self._position}")

    @property
    def _position(self) -> int:
        return self._passed_bytes + self._at

    def members(self) -> Iterator[str]:
        """
        Walk through an object: yield each key, and let the caller take its value.
        """
        self._one_of(b"{")
        if self._peek() == b"}":
            self._skip(1)
            return
        while True:
            key = self._key()
            self._one_of(b":")
            yield key
            if self._one_of(b",}") == b"}":
                return

    def numbers(self) -> NumberList:
        """
        Pass over a list of numbers.
        """
        self._one_of(b"[")
        start, commas, tail = self._position, 0, b""
        while True:
            close = self._buffer.find(b"]", self._at)
            stop = len(self._buffer) if close < 0 else close
            for byte in b'"[{':
                if self._buffer.find(byte, self._at, stop) >= 0:
                    raise self.wrong("a list of numbers holds something else")
            commas += self._buffer.count(b",", self._at, stop)
            tail += self._buffer[max(self._at, stop - _LONGEST_NUMBER) : stop]
            tail = tail[-_LONGEST_NUMBER:]
            self._at = stop
            if close >= 0:
                break
            self._more()
        end = self._position
        self._at += 1
        _, comma, last = tail.rpartition(b",")
        is_cut = not comma and end - start > len(tail)  # an element longer than any number
        last = last.strip(_SPACE)
        count = commas + 1 if commas or last or is_cut else 0
        return NumberList(start, end, count, None if is_cut else _number(last))

    def small(self, most_bytes: int) -> Any:  # noqa: ANN401  it is JSON
        """
        Take a value whole, if it is at most *most_bytes* long.
        """
        self._kept, self._keep_most = bytearray(), most_bytes
        try:
            self.skip()
            return json.loads(bytes(self._kept))
        except ValueError as exc:
            raise self.wrong("not JSON") from exc
        finally:
            self._kept = None

    def skip(self) -> None:
        """
        Pass over any value.
        """
        opening = self._peek()
        if opening == b'"':
            self._skip(1)
            self._string()
        elif opening in (b"{", b"["):
            self._skip_nested()
        else:
            self._skip_to(_SCALAR_END)

    def end(self) -> None:
        """
        Make sure that nothing but space is left.
        """
        while True:
            if self._buffer[self._at :].strip(_SPACE):
                raise self.wrong("something follows the document")
            self._at = len(self._buffer)
            if not self._fill():
                return

    def _skip_nested(self) -> None:
        depth = 0
        while True:
            self._skip_to(_STRUCTURE)
            byte = self._buffer[self._at : self._at + 1]
            self._skip(1)
            if byte == b'"':
                self._string()
                continue
            depth += 1 if byte in b"{[" else -1
            if depth == 0:
                return
            if depth > MAX_DEPTH:
                raise self.wrong("too deep")

    def _key(self) -> str:
        self._one_of(b'"')
        outer, kept = self._kept, bytearray()
        self._kept, self._keep_most = kept, MAX_KEY_BYTES
        try:
            self._string()
            return str(json.loads(b'"' + bytes(kept)))
        except ValueError as exc:
            raise self.wrong("a key is not text") from exc
        finally:
            self._kept = outer

    def _string(self) -> None:
        """
        Pass over the rest of a text, and its closing quote.
        """
        while True:
            self._skip_to(_STRING_END)
            if self._buffer[self._at : self._at + 1] == b'"':
                self._skip(1)
                return
            self._skip(2)

    def _skip_to(self, pattern: re.Pattern[bytes]) -> None:
        while (found := pattern.search(self._buffer, self._at)) is None:
            self._keep(self._at, len(self._buffer))
            self._at = len(self._buffer)
            self._more()
        self._keep(self._at, found.start())
        self._at = found.start()

    def _skip(self, count: int) -> None:
        while len(self._buffer) - self._at < count:
            self._more()
        self._keep(self._at, self._at + count)
        self._at += count

    def _keep(self, start: int, stop: int) -> None:
        if self._kept is not None:
            if len(self._kept) + stop - start > self._keep_most:
                raise self.wrong("a part that should be small is large")
            self._kept += self._buffer[start:stop]

    def _peek(self) -> bytes:
        while True:
            byte = self._buffer[self._at : self._at + 1]
            if not byte:
                self._more()
            elif byte in _SPACE:
                self._at += 1
            else:
                return byte

    def _one_of(self, allowed: bytes) -> bytes:
        byte = self._peek()
        if byte not in allowed:
            raise self.wrong(f"not {' or '.join(map(chr, allowed))}")
        self._at += 1
        return byte

    def _more(self) -> None:
        if not self._fill():
            raise self.wrong("it ends") if self._position else Unreadable(f"{self._name} is empty")

    def _fill(self) -> bool:
        piece = self._read(self._piece_bytes)
        self._passed_bytes += self._at
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0
        return bool(piece)


def _number(text: bytes) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
