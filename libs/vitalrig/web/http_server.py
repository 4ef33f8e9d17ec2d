"""A small HTTP server that nobody can hold up: few threads, and a limit to each request's time."""

import contextlib
import logging
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from ssl import SSLContext
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

from vitalrig.clock import Clock
from vitalrig.web.messages import Request, Response, response
from vitalrig.web.open_connections import OpenConnections

log = logging.getLogger(__name__)

SILENCE_S = 5.0
"""A connection on which nothing moves for longer is closed."""

REQUEST_S = 20.0
"""A connection is closed after this long, however busily it dawdles."""

ROOM_FOR_CALLERS = 64
"""So many connections may be waiting for their callers, beside those that are being answered."""

MAX_LINE_BYTES = 8_192

COME_BACK = {"Retry-After": "5"}
BUSY = b"HTTP/1.0 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\n\r\n"


class HttpServer(ThreadingMixIn, TCPServer):
    """
    One thread a connection, and so many answers at a time; beyond that callers are to come back.

    Who has asked gets an answer: a connection whose caller dawdles, with its request or with
    reading the answer, holds no place among those that are being answered, and makes room for a
    new one. TLS is agreed upon in the connection's thread as well.

    Args:
        address: Host and port; a host with a colon is IPv6.
        answer: Answers a request.
        context: Gives what a new connection is protected with; None for plain HTTP.
        max_requests: How many requests are answered at a time.
        clock: What tells the time.

    Raises:
        OSError: If the address cannot be listened on.
    """

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self,
        address: tuple[str, int],
        answer: Callable[[Request], Response],
        context: Callable[[], SSLContext | None],
        max_requests: int,
        clock: Clock,
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self._answer = answer
        self._context = context
        self._places = BoundedSemaphore(max_requests)
        self.callers = OpenConnections(max_requests + ROOM_FOR_CALLERS, clock)
        super().__init__(address, _Handler)

    @property
    def port(self) -> int:
        """
        The port that it listens on.
        """
        return int(self.server_address[1])

    def answer(self, request: Request, connection: socket.socket) -> Response:
        """
        Answer a request that has been read whole, unless too many are being answered.
        """
        if not self._places.acquire(blocking=False):
            return response(503, "busy; come back\n", headers=COME_BACK)
        try:
            with self.callers.not_waited_for(connection):
                return self._answer(request)
        finally:
            self._places.release()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the base's
        """
        Start a thread, or turn the caller away.
        """
        if not self.callers.come_in(request, str(client_address[0])):
            self._turn_away(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the system has no thread left
            self._close(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the base's
        """
        Answer one request.
        """
        connection = request
        try:
            request.settimeout(SILENCE_S)
            if (context := self._context()) is not None:
                connection = context.wrap_socket(
                    request, server_side=True, do_handshake_on_connect=False
                )
                self.callers.goes_on_as(request, connection)
                connection.do_handshake()
            self.finish_request(connection, client_address)
        except (OSError, ValueError) as exc:  # the caller's end of the line
            log.debug("connection failed", extra={"why": str(exc)})
        finally:
            self._close(connection)

    def service_actions(self) -> None:
        """
        Close connections that have been open for too long; called twice a second.
        """
        self.callers.cut_off_after(REQUEST_S)

    def _turn_away(self, connection: socket.socket) -> None:
        if self._context() is None:
            with contextlib.suppress(OSError):
                connection.setblocking(False)
                connection.send(BUSY)
        self.shutdown_request(connection)

    def _close(self, connection: socket.socket) -> None:
        self.callers.leave(connection)
        self.shutdown_request(connection)


class _Handler(BaseHTTPRequestHandler):
    """One request of one connection."""

    server: HttpServer
    server_version = "vitalrig"
    sys_version = ""

    def handle_one_request(self) -> None:
        """
        Read the request, have it answered, write the answer.
        """
        self.raw_requestline = self.rfile.readline(MAX_LINE_BYTES + 1)
        if len(self.raw_requestline) > MAX_LINE_BYTES:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
            return
        if not self.raw_requestline or not self.parse_request():
            return
        try:
            parts = urlsplit(self.path)
        except ValueError:
            self.send_error(400)
            return
        headers, address = dict(self.headers.items()), self.address_string()
        request = Request(self.command, parts.path, parts.query, headers, address)
        answer = self.server.answer(request, self.connection)
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def address_string(self) -> str:
        """
        Name the caller by its address, without asking a name server.
        """
        return str(self.client_address[0])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        """
        Keep requests out of the log: one scrape is not news.
        """
        log.debug("request", extra={"line": format % args})
