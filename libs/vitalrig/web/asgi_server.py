"""
The frame for an ASGI application under uvicorn: its port, its life, and who may keep it waiting.

uvicorn waits for ever for a request's head, tells no stream that it stops, and takes the signals
of the process. Here a request that dawdles is cut off, streams end first, and whoever runs the
process says when to stop.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vitalrig.errors import CannotStart
from vitalrig.web.asgi import Application

MOST_CONNECTIONS = 256
DAWDLES_AFTER_S = 10.0
"""So long a request may take to come, head and body."""

IDLE_S = 5
GRACE_S = 5

TICKS_A_SECOND = 10

BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 5\r\n"
    b"content-length: 43\r\nconnection: close\r\n\r\n"
    b'{"detail":"Too many connections are open"}\n'
)


def listen(host: str, port: int) -> socket.socket:
    """
    Take a port; 0 for any that is free.

    Raises:
        CannotStart: If it is taken, or there is no such address.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # A name such as localhost may stand for both; who asks for one by its number asks for IPv4.
        family, kind, number, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        listener = socket.socket(family, kind, number)
    except OSError as exc:
        raise CannotStart(f"{host}:{port} cannot be listened on: {exc}") from exc
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(MOST_CONNECTIONS)
    except OSError as exc:
        listener.close()
        raise CannotStart(f"{host}:{port} cannot be listened on: {exc.strerror}") from exc
    return listener


class AsgiServer(uvicorn.Server):
    """
    A uvicorn that leaves the signals to whoever runs the process.

    Args:
        application: What is served.
        before_stop: Called in the event loop when it begins to stop, such as to end streams.
        context: Gives what connections are protected with; None for plain HTTP. It is asked for
            each connection, so that a certificate can be renewed.
        stop: Ends it when set; it ends as well when its `should_exit` is.
        options: Further ones of uvicorn's.
    """

    def __init__(
        self,
        application: Application,
        before_stop: Callable[[], None] = lambda: None,
        context: Callable[[], ssl.SSLContext | None] = lambda: None,
        stop: threading.Event | None = None,
        **options: Any,  # noqa: ANN401  as uvicorn has them
    ) -> None:
        defaults: dict[str, Any] = {
            "http": PatientProtocol,
            "ws": "none",
            "log_config": None,
            "access_log": False,
            "timeout_keep_alive": IDLE_S,
            "timeout_graceful_shutdown": GRACE_S,
        }
        super().__init__(uvicorn.Config(application, **(defaults | options)))
        self._before_stop = before_stop
        self._stop = stop or threading.Event()
        self.config.load()
        self.config.ssl = _renewed(context)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """
        Leave the signals alone.
        """
        yield

    async def on_tick(self, counter: int) -> bool:
        """
        Look after connections; ten times a second.
        """
        if counter % TICKS_A_SECOND == 0:
            self._cut_off_who_dawdles()
        return self._stop.is_set() or await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """
        Stop; streams first.
        """
        self._before_stop()
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()  # who takes nothing would keep it for ever

    def _cut_off_who_dawdles(self) -> None:
        latest_s = asyncio.get_running_loop().time() - DAWDLES_AFTER_S
        for connection in list(self.server_state.connections):
            if isinstance(connection, PatientProtocol) and connection.asks_since_s < latest_s:
                connection.transport.abort()


class PatientProtocol(HttpToolsProtocol):
    """
    uvicorn's side of a connection, which knows since when a request has been coming.

    Attributes:
        asks_since_s: Since when, on the loop's clock; infinity while none is coming.
    """

    asks_since_s = float("inf")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """
        Begin, unless too many have.
        """
        super().connection_made(transport)
        self.asks_since_s = self.loop.time()
        if len(self.connections) > MOST_CONNECTIONS:
            transport.write(BUSY)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """
        Take some more of a request.
        """
        if self.asks_since_s == float("inf") and (
            self.cycle is None or self.cycle.response_complete
        ):
            self.asks_since_s = self.loop.time()
        super().data_received(data)

    def on_message_complete(self) -> None:
        """
        The request is there.
        """
        self.asks_since_s = float("inf")
        super().on_message_complete()


def _renewed(context: Callable[[], ssl.SSLContext | None]) -> ssl.SSLContext | None:
    """
    Give a context that each connection leaves for the newest one.
    """
    first = context()
    if first is None:
        return None

    def choose(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        newest = context()
        if newest is not None and newest is not connection.context:
            connection.context = newest

    first.sni_callback = choose
    return first
