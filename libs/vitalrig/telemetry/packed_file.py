"""Files of events that were complete, compressed: any gzip reads them, and we any part of them."""

import errno
import gzip
import os
import re
import shutil
import struct
import tempfile
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from smartspectra.ipc.storage.platform_calls import read_at

PACKED = ".gz"
"""The ending of a file that was compressed."""

_BLOCK_BYTES = 1 << 18
_LEVEL = 6

_HEAD = struct.Struct("<4sIBBH2sHII")
"""Gzip's head with an extra field of ours: how many bytes the member has, packed and plain."""

_TAIL = struct.Struct("<II")
_MAGIC, _MAGIC_WITH_COMMENT = b"\x1f\x8b\x08\x04", b"\x1f\x8b\x08\x14"
_FIELD = b"VR"
_COMMENT = re.compile(rb"seq (\d+)-(\d+)\0")
_MAX_COMMENT_BYTES = 100


class SeqSpan(NamedTuple):
    """
    What numbers a file holds; there may be gaps.

    Attributes:
        first: The first.
        last: The last.
    """

    first: int
    last: int


def packed(source: int, span: SeqSpan) -> Iterator[bytes]:
    """
    Give an open file compressed, in members that can be read apart; the first has *span*.
    """
    comment = f"seq {span.first}-{span.last}".encode("ascii") + b"\0"
    offset = 0
    while block := read_at(source, _BLOCK_BYTES, offset):
        yield _member(block, comment if offset == 0 else b"")
        offset += len(block)


def packed_span(path: Path) -> SeqSpan | None:
    """
    Give which numbers a compressed file holds; None if its head does not say so.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD.size + _MAX_COMMENT_BYTES)
    except FileNotFoundError:
        return None
    found = _COMMENT.match(head, _HEAD.size) if head.startswith(_MAGIC_WITH_COMMENT) else None
    return None if found is None else SeqSpan(int(found[1]), int(found[2]))


class PackedFile:
    """
    The plain content of a compressed file, of which one member at a time is in memory.

    Args:
        descriptor: The file, open.

    Attributes:
        size_bytes: How long its plain content is.

    Raises:
        ValueError: If it was compressed by somebody else, so that it has to be read from its start.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._starts: list[int] = []
        self._members: list[tuple[int, int]] = []
        self._at = -1
        self._plain = b""
        self.size_bytes = 0
        offset, end = 0, os.fstat(descriptor).st_size
        while offset < end:
            head = read_at(descriptor, _HEAD.size, offset)
            if len(head) < _HEAD.size or head[:4] not in {_MAGIC, _MAGIC_WITH_COMMENT}:
                raise ValueError("no members of ours")
            *_, field, _, member_bytes, plain_bytes = _HEAD.unpack(head)
            if field != _FIELD or member_bytes < _HEAD.size:
                raise ValueError("no members of ours")
            self._starts.append(self.size_bytes)
            self._members.append((offset, member_bytes))
            self.size_bytes += plain_bytes
            offset += member_bytes

    def read_at(self, count: int, offset: int) -> bytes:
        """
        Read from *offset* of the plain content on, *count* bytes or up to its end.

        Raises:
            OSError: If the file is damaged there.
        """
        pieces = []
        end = min(offset + count, self.size_bytes)
        while offset < end:
            at = bisect_right(self._starts, offset) - 1
            start = offset - self._starts[at]
            pieces.append(self._member(at)[start : start + end - offset])
            offset += len(pieces[-1])
        return b"".join(pieces)

    def _member(self, at: int) -> bytes:
        if at != self._at:
            offset, size = self._members[at]
            try:
                self._plain = gzip.decompress(read_at(self._descriptor, size, offset))
            except (EOFError, zlib.error) as exc:
                raise _damaged(exc) from exc
            self._at = at
        return self._plain


def unpack(path: Path) -> int:
    """
    Unpack a file to one without a name, and give its descriptor.

    Raises:
        OSError: If it cannot be read, or there is no room.
    """
    with (
        gzip.open(path) as file,
        tempfile.TemporaryFile(dir=path.parent, prefix=".unpacked-") as plain,
    ):
        try:
            shutil.copyfileobj(file, plain, _BLOCK_BYTES)
        except (EOFError, zlib.error) as exc:
            raise _damaged(exc) from exc
        plain.flush()
        return os.dup(plain.fileno())


def _damaged(exc: Exception) -> OSError:
    return OSError(errno.EIO, f"a compressed file is damaged: {exc}")


def _member(plain: bytes, comment: bytes) -> bytes:
    press = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = press.compress(plain) + press.flush()
    size = _HEAD.size + len(comment) + len(body) + _TAIL.size
    magic = _MAGIC_WITH_COMMENT if comment else _MAGIC
    head = _HEAD.pack(magic, 0, 0, 255, 12, _FIELD, 8, size, len(plain))
    return head + comment + body + _TAIL.pack(zlib.crc32(plain), len(plain))
