"""Files of events that were complete, compressed: any gzip reads them, we know what is in them."""

import gzip
import os
import re
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKED = ".gz"
"""The ending of a file that was compressed."""

_BLOCK_BYTES = 1 << 18
_HEAD = b"\x1f\x8b\x08\x10" + bytes(4) + b"\x00\xff"
"""Gzip's head, with a comment to follow."""

_COMMENT = re.compile(rb"seq (\d+)-(\d+)\0")
_LEVEL = 6


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
    Give an open file compressed, piece by piece; its head says which numbers it holds.
    """
    yield _HEAD + f"seq {span.first}-{span.last}".encode("ascii") + b"\0"
    press = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    check, size, offset = 0, 0, 0
    while block := os.pread(source, _BLOCK_BYTES, offset):
        offset += len(block)
        check, size = zlib.crc32(block, check), size + len(block)
        yield press.compress(block)
    yield press.flush() + struct.pack("<II", check, size & 0xFFFFFFFF)


def packed_span(path: Path) -> SeqSpan | None:
    """
    Give which numbers a compressed file holds; None if its head does not say so.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        return None
    found = _COMMENT.match(head, len(_HEAD)) if head.startswith(_HEAD) else None
    return None if found is None else SeqSpan(int(found[1]), int(found[2]))


def unpack(path: Path) -> int:
    """
    Unpack a file to one without a name, and give its descriptor.

    Raises:
        OSError: If it cannot be read, or there is no room.
        EOFError: If its end is missing.
    """
    with (
        gzip.open(path) as file,
        tempfile.TemporaryFile(dir=path.parent, prefix=".unpacked-") as plain,
    ):
        shutil.copyfileobj(file, plain, _BLOCK_BYTES)
        plain.flush()
        return os.dup(plain.fileno())
