"""
The documented client: a small wrapper of the HTTP API, which needs the standard library only.

    client = TelemetryClient()
    client.start_run(meta={"observer": "x"})
    client.post_event("weather", {"sky": "clear"})
    client.current()     # {"current": {"weather": {...}}}
    client.stop_run()
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote, urlencode

from smartspectra.ipc.storage.outage import Outage
from vitalrig.telemetry.client_errors import TelemetryClientError, detail_of, is_away
from vitalrig.telemetry.event_follower import EventFollower
from vitalrig.telemetry.event_spool import DEFAULT_LIMIT_BYTES, EventSpool
from vitalrig.telemetry.keep_alive_session import KeepAliveSession, NothingWasSent
from vitalrig.telemetry.telemetry_environment import base_url_of, host_of, port_of, variable

__all__ = ["TelemetryClient", "TelemetryClientError"]

log = logging.getLogger(__name__)

EVENTS_AT_A_TIME = 1_000

RETRIES = 2
FIRST_WAIT_S = 0.1

FLUSH_AGAIN_S = 1.0
"""So long after a failure the server is not bothered with what waits in the spool."""

REFUSED = frozenset({400, 413, 422})
"""Answers after which the same will never be taken."""

KEY_HEADER = "idempotency-key"


class _Answer(Protocol):
    """What a session answers; one of `requests` does."""

    @property
    def status_code(self) -> int: ...

    @property
    def text(self) -> str: ...

    def json(self) -> Any: ...  # noqa: ANN401  any JSON


class TelemetryClient:
    """
    Asks a telemetry server, ours or PANOPTES's. Safe to use from several threads.

    Connections are kept. What cannot have been done is tried again: what only reads, what never
    reached the server, and events at a server that is known to keep the same event once.

    Args:
        host: Where the server is; else `VITALRIG_TELEMETRY_HOST`, else `PANOPTES_TELEMETRY_HOST`,
            else localhost.
        port: Its port; else `..._PORT`, else 6562.
        timeout: How long to wait for an answer, in s.
        session: Asks in place of connections of our own; has `request` as `requests` has it.
        base_url: The server's address, in place of host and port.
        token: What is needed where the server asks who it is; else `..._TOKEN`.
        spool: A file in which events wait while the server is away; None for none. Such events
            are answered with `seq` None and `spooled` True, and sent before the next one.
        spool_limit_bytes: How much may wait.

    Raises:
        ValueError: If the port is none.
        OSError: If the spool cannot be used.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | str | None = None,
        timeout: float = 5.0,
        session: Any | None = None,  # noqa: ANN401  anything with `request`
        base_url: str | None = None,
        *,
        token: str | None = None,
        spool: str | Path | None = None,
        spool_limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ) -> None:
        address = base_url or base_url_of(host_of(host), port_of(port))
        self.base_url = address.rstrip("/")
        self.timeout = timeout
        self._own = None if session is not None else KeepAliveSession()
        self._session = session if session is not None else self._own
        self._token = token or variable("TOKEN")
        self._keeps_once = False
        self._lock = threading.Lock()
        self._spool = None if spool is None else EventSpool(Path(spool), spool_limit_bytes)
        self._outage = Outage(FLUSH_AGAIN_S, FLUSH_AGAIN_S)

    # State

    def health(self) -> dict[str, Any]:
        """
        Give the health response.
        """
        return self._read("/health")

    def ready(self) -> dict[str, Any]:
        """
        Give the readiness response.
        """
        return self._read("/ready")

    def current(self) -> dict[str, Any]:
        """
        Give the newest event of each type: `{"current": {type: event}}`.
        """
        return self._read("/current")

    def current_event(self, event_type: str) -> dict[str, Any]:
        """
        Give the newest event of one type.

        Raises:
            TelemetryClientError: 404 if there is none.
        """
        if not event_type:  # has no path of its own
            found: dict[str, Any] | None = self.current()["current"].get(event_type)
            if found is None:
                raise TelemetryClientError(404, f"No current event for type {event_type!r}")
            return found
        return self._read(f"/current/{quote(event_type, safe='')}")

    # Runs

    def get_run(self) -> dict[str, Any]:
        """
        Give the run that goes on.

        Raises:
            TelemetryClientError: 404 if there is none.
        """
        return self._read("/run")

    def start_run(
        self,
        run_dir: str | None = None,
        run_id: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """
        Start a run: what is posted from now on belongs to it.

        Args:
            run_dir: Its folder; a relative one is below the server's site folder.
            run_id: Its name; else the next number.
            meta: What is known of it.

        Raises:
            TelemetryClientError: 409 if there is one already.
        """
        meta = dict(meta or {})
        if run_id is not None:
            meta["run_id"] = run_id
        return self._once("/run/start", {"run_dir": run_dir, "run_id": run_id, "meta": meta})

    def stop_run(self) -> dict[str, Any]:
        """
        End the run, and give what it was.

        Raises:
            TelemetryClientError: 404 if there is none.
        """
        return self._once("/run/stop")

    # Events

    def post_event(
        self,
        event_type: str,
        data: Any,  # noqa: ANN401  any JSON
        make_current: bool = True,
        meta: dict[str, Any] | None = None,
        store_permanently: bool = True,
        ts: str | None = None,
        *,
        key: str | None = None,
    ) -> dict[str, Any]:
        """
        Post an event.

        Args:
            event_type: What kind of event it is.
            data: Any JSON data.
            make_current: Whether it is shown in the current view.
            meta: What is known beside the data.
            store_permanently: Whether it is written to a file.
            ts: When it happened; None for the time of its arrival.
            key: Names this event: sent again with the same key, it is kept once. One is made up
                where there is none.

        Returns:
            The event with its number.

        Raises:
            TelemetryClientError: If the server does not take it.
            OSError: If the server is away, and there is no spool or no room in it.
            ValueError: If it is no JSON.
        """
        request = {
            "type": event_type,
            "data": data,
            "make_current": make_current,
            "meta": dict(meta or {}),
        }
        if not store_permanently:
            request["store_permanently"] = False
        if ts is not None:
            request["ts"] = ts
        if key is not None:
            request["key"] = key
        key = key or uuid.uuid4().hex
        if self._spool is None:
            return self._event(request, key)
        return self._event_or_spool(self._spool, request, key)

    def post_events(self, events: list[dict[str, Any]], key: str | None = None) -> list[int]:
        """
        Post several events, all or nothing; gives their numbers. PANOPTES's server cannot do that.

        Args:
            events: Each as the API has it: `type`, `data` and so on.
            key: Names all of them; see `post_event`.
        """
        found = self._with_key("/events", events, key or uuid.uuid4().hex)
        return list(found["seqs"])

    def newest_seq(self) -> int:
        """
        Give the number of the newest event.
        """
        return int(self.ready()["last_seq"])

    def events(
        self,
        *,
        since: int | str | None = None,
        until: int | str | None = None,
        type: str | Sequence[str] = (),  # noqa: A002  what the API calls it
        run: str | None = None,
        camera: str | None = None,
        limit: int | None = None,
        backwards: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """
        Read stored events back, some at a time. PANOPTES's server cannot do that.

        Args:
            since: After this number, or from this time on.
            until: Up to this number, or before this time.
            type: Of these types; `*` stands for any characters.
            run: Of the run with this id.
            camera: Of this camera.
            limit: At most so many.
            backwards: The newest first.
        """
        fields: dict[str, Any] = {"type": [type] if isinstance(type, str) else list(type)}
        fields |= {"since": since, "until": until, "run": run, "camera": camera}
        if backwards:
            fields["backwards"] = "true"
        while limit is None or limit > 0:
            fields["limit"] = EVENTS_AT_A_TIME if limit is None else min(limit, EVENTS_AT_A_TIME)
            query = urlencode({k: v for k, v in fields.items() if v is not None}, doseq=True)
            found = self._read(f"/events?{query}")
            yield from found["events"]
            if found["next"] is None:
                return
            fields["until" if backwards else "since"] = found["next"]
            limit = None if limit is None else limit - len(found["events"])

    def runs(self) -> list[dict[str, Any]]:
        """
        Give all runs, oldest first. PANOPTES's server cannot do that.
        """
        return list(self._read("/runs")["runs"])

    def follow(self, since: int | None = None, **wanted: Any) -> EventFollower:  # noqa: ANN401
        """
        Follow events as they happen; see `EventFollower`. PANOPTES's server cannot do that.

        Args:
            since: Begins with the event after this number; None for the next one that happens.
            wanted: Which ones: `types`, `run`, `camera`; and `on_away`.
        """
        return EventFollower(self.base_url, self._token, since, timeout_s=self.timeout, **wanted)

    @property
    def spooled(self) -> int:
        """How many events wait in the spool."""
        return 0 if self._spool is None else len(self._spool)

    def flush(self) -> None:
        """
        Send what waits in the spool.

        Raises:
            OSError: If the server is away.
            TelemetryClientError: If it takes nothing now.
        """
        if self._spool is not None:
            self._spool.flush(self._send_spooled)

    # The server

    def shutdown(self) -> dict[str, Any]:
        """
        Ask the server to stop.
        """
        return self._once("/shutdown")

    def close(self) -> None:
        """
        Close this thread's connection, and let the spool go; what waits there stays.
        """
        if self._own is not None:
            self._own.close()
        if self._spool is not None:
            self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    # How it asks

    def _event(self, request: dict[str, Any], key: str) -> dict[str, Any]:
        return self._with_key("/event", request, key)

    def _event_or_spool(
        self, spool: EventSpool, request: dict[str, Any], key: str
    ) -> dict[str, Any]:
        happened = {"ts": datetime.now(UTC).isoformat(timespec="milliseconds")} | request
        with self._lock:
            if self._outage.is_due:
                try:
                    spool.flush(self._send_spooled)
                    event = self._event(request, key)
                except (TelemetryClientError, OSError) as exc:
                    if not is_away(exc):
                        raise
                    self._outage.fail(str(exc))
                else:
                    self._outage.end()
                    return event
            spool.add(happened | {"key": key})
        shown = {name: happened[name] for name in ("ts", "type", "data", "meta")}
        return {"seq": None, **shown, "spooled": True}

    def _send_spooled(self, requests: list[dict[str, Any]]) -> None:
        """
        Send what waited, together or, where the server does not know how, one by one.
        """
        try:
            self._ask("POST", "/events", requests)
        except TelemetryClientError as exc:
            if is_away(exc):
                raise
            for request in requests:
                self._send_alone(request)

    def _send_alone(self, request: dict[str, Any]) -> None:
        try:
            self._event(request, request["key"])
        except TelemetryClientError as exc:
            if exc.status_code not in REFUSED or self._spool is None:
                raise
            self._spool.set_aside(request)
            log.warning("an event is refused and set aside", extra={"why": exc.detail})

    def _read(self, path: str) -> dict[str, Any]:
        return self._again(path, None, "GET", is_safe=True)

    def _once(self, path: str, body: Any = None) -> dict[str, Any]:  # noqa: ANN401  any JSON
        return self._again(path, body, "POST", is_safe=False)

    def _with_key(self, path: str, body: Any, key: str) -> dict[str, Any]:  # noqa: ANN401  any JSON
        return self._again(path, body, "POST", {KEY_HEADER: key}, is_safe=self._keeps_once)

    def _again(
        self,
        path: str,
        body: Any,  # noqa: ANN401  any JSON
        method: str,
        headers: Mapping[str, str] | None = None,
        *,
        is_safe: bool,
    ) -> dict[str, Any]:
        for attempt in range(RETRIES + 1):
            try:
                return self._ask(method, path, body, headers)
            except OSError as exc:
                if attempt == RETRIES or not (is_safe or isinstance(exc, NothingWasSent)):
                    raise
                time.sleep(FIRST_WAIT_S * 4**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401  any JSON
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        # A session that was given need not know of headers.
        sent = dict(headers or {}) if self._own else {}
        if self._token:
            sent["authorization"] = f"Bearer {self._token}"
        more = {"headers": sent} if sent else {}
        answer: _Answer = self._session.request(  # type: ignore[union-attr]
            method, f"{self.base_url}{path}", json=body, params=None, timeout=self.timeout, **more
        )
        if answer.status_code >= 400:  # noqa: PLR2004
            raise TelemetryClientError(answer.status_code, detail_of(answer.text))
        if KEY_HEADER in getattr(answer, "headers", ()):
            self._keeps_once = True
        found: dict[str, Any] = answer.json()
        return found
