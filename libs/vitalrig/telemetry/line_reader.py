"""A file of events, read from any number on, in either direction, in little memory."""

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self

from smartspectra.ipc.storage.append_file import end_of_last_line
from smartspectra.ipc.storage.platform_calls import OPEN_FLAGS, read_at
from vitalrig.telemetry.event_line import seq_of
from vitalrig.telemetry.packed_file import PACKED, PackedFile, unpack

_BLOCK_BYTES = 1 << 18
_GLANCE_BYTES = 1 << 12


class Line(NamedTuple):
    """
    One event in a file.

    Attributes:
        seq: Its number.
        text: The line, without its newline.
    """

    seq: int
    text: bytes


class LineReader:
    """
    The whole lines that a file had when it was opened.

    Numbers rise in it. Lines that are no events are passed over. A compressed file is read member
    by member; one that somebody else compressed is unpacked first, to a file without a name.

    Args:
        path: The file.

    Attributes:
        path: The file.
        descriptor: It, open.
        size_bytes: How long its whole lines are.

    Raises:
        OSError: If it cannot be read, or there is no room to unpack it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY | OPEN_FLAGS)
        self._read_at: Callable[[int, int], bytes] = partial(read_at, self.descriptor)
        if path.suffix == PACKED:
            self.size_bytes = self._open_packed()
        else:
            self.size_bytes = end_of_last_line(self.descriptor, os.fstat(self.descriptor).st_size)

    def _open_packed(self) -> int:
        try:
            content = PackedFile(self.descriptor)
        except ValueError:
            self.close()
            self.descriptor = unpack(self.path)
            self._read_at = partial(read_at, self.descriptor)
            return end_of_last_line(self.descriptor, os.fstat(self.descriptor).st_size)
        self._read_at = content.read_at
        return content.size_bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            os.close(self.descriptor)

    def after(self, seq: int) -> Iterator[Line]:
        """
        Give all events with greater numbers, rising.
        """
        return _events(self._lines_from(self.offset_after(seq)))

    def before(self, seq: int) -> Iterator[Line]:
        """
        Give all events with lesser numbers, falling.
        """
        return _events(self._lines_back_from(self.offset_after(seq - 1)))

    def first(self) -> Line | None:
        """
        Give the first event.
        """
        return next(_events(self._lines_from(0)), None)

    def last(self) -> Line | None:
        """
        Give the last event.
        """
        return next(_events(self._lines_back_from(self.size_bytes)), None)

    def verify(self) -> None:
        """
        Read all of it.

        Raises:
            OSError: If it is damaged.
        """
        for offset in range(0, self.size_bytes, _BLOCK_BYTES):
            self._read_at(_BLOCK_BYTES, offset)

    def has_content_of(self, other: "LineReader") -> bool:
        """
        Tell whether two files have the same content.
        """
        return self.size_bytes == other.size_bytes and all(
            self._read_at(_BLOCK_BYTES, offset) == other._read_at(_BLOCK_BYTES, offset)  # noqa: SLF001
            for offset in range(0, self.size_bytes, _BLOCK_BYTES)
        )

    def offset_after(self, seq: int) -> int:
        """
        Give where the first event with a greater number begins, or the end.
        """
        low, high = 0, self.size_bytes
        while low < high:
            middle = (low + high) // 2
            start, end, found = self._event_at_or_after(middle)
            if found is None or found > seq:
                high = min(middle, start)
            else:
                low = end
        return low

    def offset_of_end_from(self, seq: int) -> int:
        """
        Give where the events at the end begin that have this number or a greater one.
        """
        offset = self.size_bytes
        for line in self._lines_back_from(self.size_bytes - 1):
            found = seq_of(line)
            if found is None or found < seq:
                break
            offset -= len(line) + 1
        return offset

    def _event_at_or_after(self, offset: int) -> tuple[int, int, int | None]:
        """Start, end and number of the first event that begins at *offset* or later."""
        start = offset
        if offset > 0:
            start = self._end_of_line(offset - 1)
        while start < self.size_bytes:
            end = self._end_of_line(start)
            seq = seq_of(self._read_at(end - 1 - start, start))
            if seq is not None:
                return start, end, seq
            start = end
        return start, start, None

    def _end_of_line(self, offset: int) -> int:
        """The offset behind the first newline at *offset* or later."""
        while offset < self.size_bytes:
            block = self._read_at(_GLANCE_BYTES, offset)
            newline = block.find(b"\n")
            if newline >= 0:
                return min(offset + newline + 1, self.size_bytes)
            if not block:
                break
            offset += len(block)
        return self.size_bytes

    def _lines_from(self, offset: int) -> Iterator[bytes]:
        rest = b""
        size = _GLANCE_BYTES  # who wants one line only does not wait for many
        while offset < self.size_bytes:
            block = self._read_at(min(size, self.size_bytes - offset), offset)
            if not block:
                return
            offset += len(block)
            size = _BLOCK_BYTES
            *lines, rest = (rest + block).split(b"\n")
            yield from lines

    def _lines_back_from(self, offset: int) -> Iterator[bytes]:
        rest: list[bytes] = []
        size = _GLANCE_BYTES
        while offset > 0:
            count = min(size, offset)
            block = self._read_at(count, offset - count)
            if len(block) < count:
                return
            offset -= count
            size = _BLOCK_BYTES
            first, *others = block.split(b"\n")
            if others:
                yield others.pop() + b"".join(reversed(rest))
                yield from reversed(others)
                rest = []
            rest.append(first)
        yield b"".join(reversed(rest))


def _events(lines: Iterator[bytes]) -> Iterator[Line]:
    for line in lines:
        if line and (seq := seq_of(line)) is not None:
            yield Line(seq, line)
