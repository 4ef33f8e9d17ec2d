"""Redis's protocol, RESP2 and RESP3, for a caller who owns the socket."""

import socket
from typing import Any, Protocol

from smartspectra.ipc.wire.codec import hiredis_module
from smartspectra.ipc.wire.resp_parser import (
    MAX_ARRAY_ELEMENTS,
    MAX_BULK_BYTES,
    NOTHING,
    HiredisParser,
    PlainParser,
    RespError,
    RespProtocolError,
)

__all__ = [
    "MAX_ARRAY_ELEMENTS",
    "MAX_BULK_BYTES",
    "RespError",
    "RespProtocolError",
    "RespReader",
    "encode_command",
    "normalize",
]

_RECEIVE_BYTES = 65536


class _Parser(Protocol):
    def feed(self, data: bytes) -> None: ...
    def get(self) -> Any: ...  # noqa: ANN401
    def get_all(self) -> list[Any]: ...


class RespReader:
    """
    Reads replies and pushed messages from a connected socket.

    Bulk strings come as bytes; errors inside an array come as :class:`RespError`
    objects in their place. A reply that a timeout cuts in two is kept and completed
    by later reads.

    Args:
        sock: The socket; its timeout is how long :meth:`read` waits.
        max_bulk_bytes: The longest string accepted.
        max_array_elements: The most elements accepted in one array, set or map.
    """

    def __init__(
        self,
        sock: socket.socket,
        max_bulk_bytes: int = MAX_BULK_BYTES,
        max_array_elements: int = MAX_ARRAY_ELEMENTS,
    ) -> None:
        self._sock = sock
        module = hiredis_module()
        self._parser: _Parser = (
            PlainParser(max_bulk_bytes, max_array_elements)
            if module is None
            else HiredisParser(module, max_bulk_bytes, max_array_elements)
        )

    def read(self) -> Any:  # noqa: ANN401
        """
        The next reply, or None when the socket's timeout passed without one.

        A null reply is None as well. Text comes as bytes, so PING gives ``b"PONG"``;
        :func:`normalize` makes that the ``"PONG"`` of the documents.

        Raises:
            ConnectionError: If the other side has closed the connection.
            RespProtocolError: If what came is not RESP, or too large. It is a
                ConnectionError: the connection is of no use any more.
            RespError: If the reply is an error; the connection goes on.
        """
        get = self._parser.get
        while (reply := get()) is NOTHING:
            if not self._receive():
                return None
        if isinstance(reply, RespError):
            raise reply
        return reply

    def read_many(self) -> list[Any]:
        """
        Every reply that has arrived, at least one unless the timeout passed.

        Waits like :meth:`read` for the first and for no other, so a burst can be
        handed to ``process_envelopes`` at once. Errors come as objects in the list.

        Raises:
            ConnectionError: As for :meth:`read`.
        """
        while True:
            replies = self._parser.get_all()
            if replies or not self._receive():
                return replies

    def _receive(self) -> bool:
        try:
            data = self._sock.recv(_RECEIVE_BYTES)
        except (TimeoutError, BlockingIOError, InterruptedError):
            return False
        if not data:
            raise ConnectionError("the other side closed the connection")
        self._parser.feed(data)
        return True


def encode_command(*args: str | bytes) -> bytes:
    """
    Encode one command as a RESP array of bulk strings.

    Text is sent as UTF-8; what is neither text nor bytes is sent as its text.
    """
    parts = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
    body = b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"*%d\r\n%b" % (len(parts), body)


def normalize(value: Any) -> Any:  # noqa: ANN401
    """
    Turn the bytes in a reply into text, at every depth, where they are UTF-8.

    Bytes that are not UTF-8, and everything that is neither bytes nor a container,
    stay as they are.
    """
    if isinstance(value, bytes | bytearray):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    if isinstance(value, list):
        return [normalize(item) for item in value]
    if isinstance(value, tuple):
        return tuple(normalize(item) for item in value)
    if isinstance(value, dict):
        return {normalize(key): normalize(item) for key, item in value.items()}
    return value
