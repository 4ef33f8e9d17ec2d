"""
Two parsers of RESP that give the same replies: plain Python, and hiredis.

hiredis refuses RESP3's blob errors (``!``) and takes its attributes (``|``) for replies. So
it is only given a connection that is known to speak RESP2, which has neither.
"""

import re
from itertools import islice
from types import ModuleType
from typing import Any, Final

MAX_BULK_BYTES = 10 * 1024 * 1024
"""10 MiB, the server's own default for ``max_bulk_string_bytes``."""

MAX_ARRAY_ELEMENTS = 1_048_576

_MAX_DEPTH = 64
_REPLY_FACTOR = 4
"""How many times the longest string one whole reply may be."""

_MAX_LINE_BYTES = 64 * 1024
_COMPACT_BYTES = 1 << 20


class RespError(Exception):
    """The server answered with an error. The connection is fine; mend the command."""


class RespProtocolError(ConnectionError):
    """What arrived is not RESP, or larger than allowed. Drop this connection."""


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()
"""What a parser gives while a reply is incomplete; None is a reply."""

# The one reply that matters: a published message, whole but for its payload.
_MESSAGE = re.compile(rb"[*>]3\r\n\$7\r\nmessage\r\n\$(\d{1,4})\r\n([^\r\n]*)\r\n\$(\d{1,9})\r\n")
_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]*)\Z")
_DOUBLE = re.compile(rb"-?(?:inf|nan|[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)\Z")
_RESP3_MARKS = frozenset((b"_", b"#", b",", b"(", b"=", b"~", b"%", b">", b"!", b"|"))
_INT64 = 1 << 63
_INTEGER_BYTES = len(str(-_INT64))
_VERBATIM_MARK_BYTES = 4


_ATTRIBUTES: Final = _Nothing()
"""What attributes come to: remarks on the reply that follows, which nobody asked for."""


class _Frame:
    """An array, set, push, map or the attributes of a reply, being filled."""

    __slots__ = ("items", "mark", "missing")

    def __init__(self, mark: bytes, length: int) -> None:
        self.mark = mark
        self.items: list[Any] = []
        self.missing = 2 * length if mark in (b"%", b"|") else length

    def value(self) -> Any:  # noqa: ANN401
        if self.mark == b"|":
            return _ATTRIBUTES
        if self.mark != b"%":
            return self.items
        try:
            return dict(zip(self.items[::2], self.items[1::2], strict=True))
        except TypeError as exc:
            raise RespProtocolError("a map whose key is not a plain value") from exc


class PlainParser:
    """
    The standard library's parser.

    It keeps its place in half-read arrays, so a reply costs the same however it is
    cut. After :class:`RespProtocolError` it refuses everything.

    Attributes:
        speaks_resp3: Whether something came that RESP2 does not have.
    """

    def __init__(self, max_bulk_bytes: int, max_array_elements: int) -> None:
        self._max_bulk_bytes = max_bulk_bytes
        self._max_array_elements = max_array_elements
        self._buffer = bytearray()
        self._at = 0
        self._stack: list[_Frame] = []
        self._waiting_bytes = 0
        self._broken: str | None = None
        self.speaks_resp3 = False

    @property
    def rest(self) -> bytes:
        """What was fed and not read yet; between two replies that is all there is."""
        return bytes(self._buffer[self._at :])

    def feed(self, data: bytes) -> None:
        """Take what the socket gave."""
        if self._at == len(self._buffer):
            self._buffer.clear()
            self._at = 0
        elif self._at > _COMPACT_BYTES:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data
        self._waiting_bytes += len(data)

    def get(self) -> Any:  # noqa: ANN401
        """
        The next whole reply, or :data:`NOTHING`.

        Raises:
            RespProtocolError: If the bytes are not RESP, or a limit is passed.
        """
        if self._broken is not None:
            raise RespProtocolError(self._broken)
        try:
            reply = None if self._stack else self._message()
            if reply is None:
                reply = self._reply()
            if reply is not NOTHING:
                self._waiting_bytes = 0
            elif self._waiting_bytes > _REPLY_FACTOR * self._max_bulk_bytes + _MAX_LINE_BYTES:
                raise RespProtocolError(f"a reply of {self._waiting_bytes} bytes and more")
        except RespProtocolError as exc:
            self._broken = str(exc)
            raise
        return reply

    def get_all(self) -> list[Any]:
        """
        Every whole reply.

        Raises:
            RespProtocolError: As for :meth:`get`.
        """
        return list(iter(self.get, NOTHING))

    def _message(self) -> list[bytes] | None:
        """A published message by the short way, if a whole one is here."""
        buffer = self._buffer
        header = _MESSAGE.match(buffer, self._at)
        if header is None:
            return None
        channel = header[2]
        start = header.end()
        end = start + int(header[3])
        if (
            len(channel) != int(header[1])
            or end - start > self._max_bulk_bytes
            or buffer[end : end + 2] != b"\r\n"
        ):
            return None
        if buffer[self._at] == ord(">"):
            self.speaks_resp3 = True
        self._at = end + 2
        return [b"message", channel, bytes(buffer[start:end])]

    def _reply(self) -> Any:  # noqa: ANN401
        while True:
            value = self._item()
            if value is NOTHING:
                return NOTHING
            if type(value) is _Frame:
                if value.missing:
                    if len(self._stack) >= _MAX_DEPTH:
                        raise RespProtocolError(f"nested deeper than {_MAX_DEPTH}")
                    self._stack.append(value)
                    continue
                value = value.value()
            while self._stack and value is not _ATTRIBUTES:
                frame = self._stack[-1]
                frame.items.append(value)
                frame.missing -= 1
                if frame.missing:
                    break
                value = self._stack.pop().value()
            else:
                if value is not _ATTRIBUTES:
                    return value

    def _item(self) -> Any:  # noqa: ANN401
        """One scalar, or the header of a container as a frame, or NOTHING."""
        buffer = self._buffer
        end = buffer.find(b"\r\n", self._at)
        if end < 0:
            if len(buffer) - self._at > _MAX_LINE_BYTES:
                raise RespProtocolError(f"a line longer than {_MAX_LINE_BYTES} bytes")
            return NOTHING
        mark = bytes(buffer[self._at : self._at + 1])
        line = bytes(buffer[self._at + 1 : end])
        if mark in _RESP3_MARKS:
            self.speaks_resp3 = True
        if mark in (b"$", b"=", b"!"):
            return self._bulk(mark, line, end + 2)
        value = self._container(mark, line) if mark in b"*~>%|" else _scalar(mark, line)
        self._at = end + 2
        return value

    def _bulk(self, mark: bytes, line: bytes, start: int) -> Any:  # noqa: ANN401
        length = _integer(line)
        if length == -1 and mark != b"!":
            self._at = start
            return None
        if not 0 <= length <= self._max_bulk_bytes:
            raise RespProtocolError(f"a string of {length} bytes")
        end = start + length
        if len(self._buffer) < end + 2:
            return NOTHING
        if self._buffer[end : end + 2] != b"\r\n":
            raise RespProtocolError("a string longer than it says")
        if mark == b"=":
            if self._buffer[start + 3 : start + 4] != b":" or length < _VERBATIM_MARK_BYTES:
                raise RespProtocolError("a verbatim string without its mark")
            start += _VERBATIM_MARK_BYTES
        self._at = end + 2
        text = bytes(self._buffer[start:end])
        return RespError(text.decode(errors="replace")) if mark == b"!" else text

    def _container(self, mark: bytes, line: bytes) -> _Frame | None:
        length = _integer(line)
        if length == -1 and mark != b"|":
            return None
        if not 0 <= length <= self._max_array_elements:
            raise RespProtocolError(f"an array of {length} elements")
        return _Frame(mark, length)


def _integer(line: bytes) -> int:
    if len(line) > _INTEGER_BYTES or not _INTEGER.match(line):
        raise RespProtocolError(f"no integer: {line[:40]!r}")
    value = int(line)
    if not -_INT64 <= value < _INT64:
        raise RespProtocolError(f"an integer of more than 64 bits: {value}")
    return value


def _scalar(mark: bytes, line: bytes) -> Any:  # noqa: ANN401, PLR0911
    if b"\r" in line or b"\n" in line:
        raise RespProtocolError("a line break inside a line")
    match mark:
        case b"+":
            return line
        case b"-":
            return RespError(line.decode(errors="replace"))
        case b":":
            return _integer(line)
        case b"_" if not line:
            return None
        case b"#" if line in (b"t", b"f"):
            return line == b"t"
        case b"," if _DOUBLE.match(line):
            return float(line)
        case b"(" if re.fullmatch(rb"-?[0-9]*", line):
            return line
    raise RespProtocolError(f"no RESP: {(mark + line)[:40]!r}")


class HiredisParser:
    """
    The same replies by way of hiredis.

    hiredis itself knows no limits, so they are applied to what waits in its buffer
    and to what it gives. It takes over with the first published message, whose form says
    which RESP is spoken; before that, and with RESP3, the plain parser reads.
    """

    def __init__(self, module: ModuleType, max_bulk_bytes: int, max_array_elements: int) -> None:
        reader = module.Reader(
            protocolError=RespProtocolError, replyError=RespError, notEnoughData=NOTHING
        )
        self._gets = reader.gets
        self._feed = reader.feed
        self._plain: PlainParser | None = PlainParser(max_bulk_bytes, max_array_elements)
        self._max_bulk_bytes = max_bulk_bytes
        self._max_array_elements = max_array_elements
        self._waiting_bytes = 0
        self._broken: str | None = None

    def feed(self, data: bytes) -> None:
        """Take what the socket gave."""
        if self._plain is not None:
            self._plain.feed(data)
            return
        self._feed(data)
        self._waiting_bytes += len(data)

    def get(self) -> Any:  # noqa: ANN401
        """
        The next whole reply, or :data:`NOTHING`.

        Raises:
            RespProtocolError: If the bytes are not RESP, or a limit is passed.
        """
        if self._plain is not None:
            return self._get_plain(self._plain)
        replies = self._get_some(1)
        return replies[0] if replies else NOTHING

    def get_all(self) -> list[Any]:
        """
        Every whole reply.

        Raises:
            RespProtocolError: As for :meth:`get`.
        """
        replies: list[Any] = []
        while self._plain is not None:
            reply = self._get_plain(self._plain)
            if reply is NOTHING:
                return replies
            replies.append(reply)
        return replies + self._get_some(None)

    def _get_some(self, most: int | None) -> list[Any]:
        if self._broken is not None:
            raise RespProtocolError(self._broken)
        try:
            replies = list(islice(iter(self._gets, NOTHING), most))
            if replies:
                self._waiting_bytes = 0
            elif self._waiting_bytes > _REPLY_FACTOR * self._max_bulk_bytes + _MAX_LINE_BYTES:
                raise RespProtocolError(f"a reply of {self._waiting_bytes} bytes and more")
            for reply in replies:
                if type(reply) is not list or len(reply) != 3 or not self._is_small(reply[2]):  # noqa: PLR2004
                    self._check(reply)
        except (RespProtocolError, TypeError, MemoryError, RecursionError) as exc:
            self._broken = str(exc)
            raise RespProtocolError(self._broken) from exc
        return replies

    def _get_plain(self, plain: PlainParser) -> Any:  # noqa: ANN401
        reply = plain.get()
        if type(reply) is list and reply[:1] == [b"message"] and not plain.speaks_resp3:
            self._plain = None
            self.feed(plain.rest)
        return reply

    def _is_small(self, item: Any) -> bool:  # noqa: ANN401
        """Whether this is a published message's payload, and within the limit."""
        return type(item) is bytes and len(item) <= self._max_bulk_bytes

    def _check(self, reply: Any) -> None:  # noqa: ANN401
        if type(reply) is bytes:
            if len(reply) > self._max_bulk_bytes:
                raise RespProtocolError(f"a string of {len(reply)} bytes")
        elif isinstance(reply, list | dict):
            if len(reply) > self._max_array_elements:
                raise RespProtocolError(f"an array of {len(reply)} elements")
            for item in reply.values() if isinstance(reply, dict) else reply:
                if type(item) is not bytes or len(item) > self._max_bulk_bytes:
                    self._check(item)
