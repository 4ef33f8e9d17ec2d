"""
The chunks of an XDF file, version 1.0.

A file is the word ``XDF:`` and chunks one after another: the chunk's length, a tag, and
content. See the format's specification at https://github.com/sccn/xdf.
"""

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import BinaryIO
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
from numpy.typing import NDArray

from vitalrig.sessions.reading.series import Floats

MAGIC = b"XDF:"
VERSION = "1.0"

_BOUNDARY = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
"""Fixed by the format; readers look for it where a file is damaged."""

_SAMPLE = np.dtype([("stamp_bytes", "u1"), ("stamp_s", "<f8"), ("value", "<f8")])
_STAMP_BYTES = 8

Tree = Mapping[str, "str | Tree | list[Tree]"]
"""XML without attributes: an element is text, or more elements, or several of one name."""


class Tag(IntEnum):
    """What a chunk is."""

    FILE_HEADER = 1
    STREAM_HEADER = 2
    SAMPLES = 3
    CLOCK_OFFSET = 4
    BOUNDARY = 5
    STREAM_FOOTER = 6


class XdfWriter:
    """
    Writes chunks to an open file.

    Args:
        file: Where to; it is written from its start.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._file.write(MAGIC)

    def file_header(self, about: Tree) -> None:
        """Write the first chunk."""
        self._chunk(Tag.FILE_HEADER, _xml({"version": VERSION, **about}))

    def stream_header(self, stream_id: int, about: Tree) -> None:
        """Say what a stream is; to be done before anything else of it."""
        self._chunk(Tag.STREAM_HEADER, _id(stream_id) + _xml(about))

    def numbers(self, stream_id: int, stamps_s: Floats, values: Floats) -> None:
        """Write samples of a stream of one ``double64`` channel."""
        samples = np.empty(len(stamps_s), _SAMPLE)
        samples["stamp_bytes"] = _STAMP_BYTES
        samples["stamp_s"] = stamps_s
        samples["value"] = values
        self._samples(stream_id, len(samples), samples.tobytes())

    def texts(self, stream_id: int, stamps_s: Floats, texts: list[str]) -> None:
        """Write samples of a stream of one ``string`` channel."""
        content = b"".join(
            struct.pack("<Bd", _STAMP_BYTES, stamp_s) + _length(len(raw)) + raw
            for stamp_s, raw in zip(stamps_s, (text.encode() for text in texts), strict=True)
        )
        self._samples(stream_id, len(texts), content)

    def clock_offset(self, stream_id: int, at_s: float, offset_s: float) -> None:
        """Say what must be added to a stream's times to be on the recorder's clock."""
        self._chunk(Tag.CLOCK_OFFSET, _id(stream_id) + struct.pack("<dd", at_s, offset_s))

    def boundary(self) -> None:
        """Write a mark from which a reader can go on behind damage."""
        self._chunk(Tag.BOUNDARY, _BOUNDARY)

    def stream_footer(self, stream_id: int, about: Tree) -> None:
        """Say what there was of a stream."""
        self._chunk(Tag.STREAM_FOOTER, _id(stream_id) + _xml(about))

    def _samples(self, stream_id: int, count: int, content: bytes) -> None:
        self._chunk(Tag.SAMPLES, _id(stream_id) + _length(count) + content)

    def _chunk(self, tag: Tag, content: bytes) -> None:
        self._file.write(_length(len(content) + 2) + struct.pack("<H", tag))
        self._file.write(content)


def seconds(timestamps_us: NDArray[np.float64]) -> Floats:
    """Microseconds since 1970 as seconds; the error is below a microsecond until 2106."""
    return timestamps_us / 1e6


def _id(stream_id: int) -> bytes:
    return struct.pack("<I", stream_id)


def _length(number: int) -> bytes:
    """A number behind the count of its bytes, the way the format writes lengths."""
    if number < 1 << 8:
        return struct.pack("<BB", 1, number)
    if number < 1 << 32:
        return struct.pack("<BI", 4, number)
    return struct.pack("<BQ", 8, number)


def _xml(about: Tree) -> bytes:
    root = Element("info")
    _fill(root, about)
    return b'<?xml version="1.0"?>' + tostring(root)


def _fill(element: Element, tree: Tree) -> None:
    for key, value in tree.items():
        for each in value if isinstance(value, list) else [value]:
            child = SubElement(element, key)
            if isinstance(each, str):
                child.text = "".join(c for c in each if c.isprintable())
            else:
                _fill(child, each)
