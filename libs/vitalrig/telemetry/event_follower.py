"""
Follows a server's events over all that comes between: restarts of it, and breaks of the line.

Each stored event comes exactly once, in its order. What nobody can have any more, since retention
has taken it, comes as `missed`.
"""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from smartspectra.ipc.storage.outage import Outage
from vitalrig.telemetry.client_errors import AWAY, TelemetryClientError, detail_of
from vitalrig.telemetry.keep_alive_session import connection_to

SILENCE_S = 60.0
"""The server says something every 15 s; one that is silent for longer is asked anew."""

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0

MOST_LINE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Followed:
    """
    What came.

    Attributes:
        event: The event, as it is in the file; None if some are missed.
        missed: The first and the last number that is missed.
    """

    event: dict[str, Any] | None = None
    missed: tuple[int, int] | None = None


class EventFollower:
    """
    An endless stream of events.

    Args:
        base_url: The server's address.
        token: What is needed where the server asks who it is.
        since: Begins with the event after this number; None for the next one that happens.
        types: Only events of these types; `*` stands for any characters.
        run: Only events of the run with this id.
        camera: Only events of this camera.
        on_away: Called with the reason when the server is away, once for each absence.
        timeout_s: How long to wait for a connection.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        since: int | None = None,
        *,
        types: Sequence[str] = (),
        run: str | None = None,
        camera: str | None = None,
        on_away: Callable[[str], None] = lambda _why: None,
        timeout_s: float = 5.0,
    ) -> None:
        self._parts = urlsplit(base_url.rstrip("/"))
        self._token = token
        self._place = since
        self._fields = [("type", each) for each in types]
        self._fields += [("run", run)] if run is not None else []
        self._fields += [("camera", camera)] if camera is not None else []
        self._on_away = on_away
        self._timeout_s = timeout_s
        self._outage = Outage(FIRST_WAIT_S, LONGEST_WAIT_S)

    def __iter__(self) -> Iterator[Followed]:
        """
        Give what comes, for ever.

        Raises:
            TelemetryClientError: If the server will never let us follow.
        """
        while True:
            try:
                yield from self._once()
                why = "the server ended the stream"
            except (OSError, http.client.HTTPException) as exc:
                why = str(exc) or repr(exc)
            except TelemetryClientError as exc:
                if exc.status_code not in AWAY:
                    raise
                why = str(exc)
            if self._outage.fail(why):
                self._on_away(why)
            time.sleep(self._outage.left_s)

    def _once(self) -> Iterator[Followed]:
        connection = connection_to(self._parts, self._timeout_s)
        try:
            query = f"?{urlencode(self._fields)}" if self._fields else ""
            path = f"{self._parts.path}/events/stream{query}"
            connection.request("GET", path, headers=self._headers())
            reply = connection.getresponse()
            if reply.status != 200:  # noqa: PLR2004
                text = reply.read().decode("utf-8", "replace")
                raise TelemetryClientError(reply.status, detail_of(text))
            if connection.sock is not None:
                connection.sock.settimeout(SILENCE_S)
            for fields in _messages(reply):
                self._outage.end()
                seq = fields.get("id", "")
                if "data" in fields:
                    yield _followed(fields)
                if seq.isdigit():
                    self._place = int(seq)
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "text/event-stream"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if self._place is not None:
            headers["Last-Event-ID"] = str(self._place)
        return headers


def _followed(fields: Mapping[str, str]) -> Followed:
    content = json.loads(fields["data"])
    if fields.get("event") == "missed":
        return Followed(missed=(content["from"], content["to"]))
    return Followed(event=content)


def _messages(reply: http.client.HTTPResponse) -> Iterator[dict[str, str]]:
    """
    Read Server-Sent Events, as far as our server sends them: each field has one line.
    """
    fields: dict[str, str] = {}
    while line := reply.readline(MOST_LINE_BYTES):
        if not line.endswith(b"\n"):
            return  # broken off, and to be sent again
        name, _, text = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
        if name:
            fields[name] = text.removeprefix(" ")
        elif fields or not text:
            yield fields
            fields = {}
