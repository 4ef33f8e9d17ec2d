"""Requests over connections that are kept, with the standard library alone."""

import http.client
import json as json_library
import select
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit


class NothingWasSent(ConnectionError):
    """The server could not be connected to, so that it did nothing. Trying again is safe."""


@dataclass(frozen=True, slots=True)
class SessionAnswer:
    """
    What was answered.

    Attributes:
        status_code: The HTTP status.
        text: The body.
        headers: By their small names.
    """

    status_code: int
    text: str
    headers: Mapping[str, str]

    def json(self) -> Any:  # noqa: ANN401  any JSON
        """
        Read the body.

        Raises:
            ValueError: If it is no JSON.
        """
        return json_library.loads(self.text)


class _Kept:
    """A connection that is closed when nobody needs it any more, such as when its thread ends."""

    def __init__(self, connection: http.client.HTTPConnection, place: tuple[str, str]) -> None:
        self.connection = connection
        self.place = place

    def __del__(self) -> None:
        self.connection.close()


class KeepAliveSession:
    """
    Asks over one connection for each thread, made anew when the server has closed it.

    It has of the session of `requests` what a telemetry client needs.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,  # noqa: ANN401  any JSON
        params: Mapping[str, Any] | None = None,
        timeout: float = 5.0,
        headers: Mapping[str, str] | None = None,
    ) -> SessionAnswer:
        """
        Ask once.

        Args:
            method: Such as `GET`.
            url: What for.
            json: The body, if it is not None.
            params: The query.
            timeout: How long to wait for the server, in s.
            headers: Further headers.

        Raises:
            NothingWasSent: If there is no connection.
            OSError: If it breaks, or the server does not answer in time.
            ValueError: If the body is no JSON.
        """
        parts = urlsplit(url)
        path = parts.path or "/"
        query = urlencode(params, doseq=True) if params else parts.query
        body = None
        sent = dict(headers or {})
        if json is not None:
            body = json_library.dumps(json, allow_nan=False, separators=(",", ":")).encode()
            sent["Content-Type"] = "application/json"
        connection = self._connection(parts, timeout)
        try:
            connection.request(method, f"{path}?{query}" if query else path, body, sent)
            reply = connection.getresponse()
            text = reply.read().decode("utf-8", "replace")
        except http.client.HTTPException as exc:
            connection.close()
            raise ConnectionError(f"{url} broke off: {exc!r}") from exc
        except BaseException:
            connection.close()
            raise
        names = {name.lower(): value for name, value in reply.getheaders()}
        return SessionAnswer(reply.status, text, names)

    def close(self) -> None:
        """
        Close this thread's connection.
        """
        self._local.kept = None

    def _connection(self, parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
        place = parts.scheme, parts.netloc
        kept: _Kept | None = getattr(self._local, "kept", None)
        if kept is None or kept.place != place:
            self._local.kept = kept = _Kept(connection_to(parts, timeout_s), place)
        connection = kept.connection
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # the server has closed it, or says what nobody asked for
        if connection.sock is None:
            connection.timeout = timeout_s
            try:
                connection.connect()
            except OSError as exc:
                raise NothingWasSent(f"{parts.netloc} cannot be connected to: {exc}") from exc
        connection.sock.settimeout(timeout_s)
        return connection


def connection_to(parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    """
    Give a connection, not yet connected, to the server of an address.
    """
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=timeout_s)
