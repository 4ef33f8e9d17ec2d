"""Takes what the rig's services say from Redis into the log, each event once."""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from typing import Any

import redis
from pydantic import ValidationError

from services.telemetry.intake_position import BEFORE_ALL, IntakePosition
from services.telemetry.redis_watch import RedisWatch
from vitalrig import redis_keys
from vitalrig.clock import Clock
from vitalrig.errors import Unavailable
from vitalrig.redis_client import REDIS_ERRORS, describe_error
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.telemetry.event_models import EventRequest
from vitalrig.telemetry.telemetry_errors import (
    TelemetryConflictError,
    TelemetryKeyError,
    TelemetryNotFoundError,
    TelemetryRequestError,
    TelemetryStorageError,
)
from vitalrig.telemetry.telemetry_service import TelemetryService

log = logging.getLogger(__name__)

BATCH = 100
WAIT_MS = 500
LOOK_S = 0.5
"""So often whoever waits for the disk looks whether to stop."""

STARTED, CLOSED = "recording.started", "session.closed"
MOST_STARTED = 1_000
"""So many starts are known by their keys: one that is said twice opens its run once."""

Entry = tuple[bytes, dict[bytes, bytes]]


class Stopped(Exception):
    """The service was told to stop. Leave the rest for the next time."""


class EventIntake:
    """
    Reads the stream of events, in a thread of its own.

    A recording that starts opens a run of its name, and its last closed file ends that. What makes
    no sense is counted and passed over. What the disk does not take waits, and Redis keeps it.

    Args:
        client: Redis, for this alone.
        events: The log.
        position: How far the stream was taken.
        watch: Told how Redis is.
        beats: Where `events_taken` beats, and `events_refused` and `events_missed` are counted.
        clock: What tells the time.

    Attributes:
        trouble: Why events are not taken; None if they are.
    """

    def __init__(
        self,
        client: redis.Redis,
        events: TelemetryService,
        position: IntakePosition,
        watch: RedisWatch,
        beats: ServiceHeartbeats,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._client = client
        self._log = events
        self._position = position
        self._watch = watch
        self._beats = beats
        self._taken = beats.step("events_taken")
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._started: dict[str | None, None] = {}
        self._behind_s = 0.0
        self._taking_since_s: float | None = None
        self.trouble: str | None = None
        for counter in ("events_refused", "events_missed"):
            beats.count(counter, 0)

    def start(self, stop: threading.Event) -> None:
        """
        Read until *stop* is set.
        """
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """
        Wait for the end.
        """
        if self._thread is not None:
            self._thread.join(timeout_s)

    @property
    def is_alive(self) -> bool:
        """
        Whether it reads.
        """
        return self._thread is not None and self._thread.is_alive()

    @property
    def behind_s(self) -> float:
        """
        How far the log is behind what Redis holds, in seconds; 0 while it waits for something new.
        """
        since_s = self._taking_since_s
        waited_s = 0.0 if since_s is None else self._clock.monotonic_s() - since_s
        return self._behind_s + waited_s

    def _run(self) -> None:
        with suppress(Stopped):
            while not self._stop.is_set():
                try:
                    self._read_on()
                except Unavailable as exc:
                    self._watch.fails(str(exc))
                    self._stop.wait(self._watch.left_s)
        self._client.close()

    def _read_on(self) -> None:
        """
        Take what comes.

        Raises:
            Unavailable: If Redis is away.
            Stopped: If the service is.
        """
        while not self._stop.is_set():
            # Before what comes is read: what leaves the stream after that was not missed.
            newest_id = self._look()
            entries = self._read()
            self._watch.answers()
            if entries:
                self._behind_s = _seconds_between(entries[0][0].decode(), newest_id)
                self._taking_since_s = self._clock.monotonic_s()
                self._take(entries)
            self._behind_s, self._taking_since_s = 0.0, None

    def _read(self) -> Sequence[Entry]:
        try:
            found: Any = self._client.xread(
                {redis_keys.EVENTS: self._position.entry_id}, count=BATCH, block=WAIT_MS
            )
        except REDIS_ERRORS as exc:
            raise Unavailable(describe_error(exc)) from exc
        return found[0][1] if found else ()

    def _look(self) -> str:
        """
        See whether the stream is the one that was read, and whether something left it unread.

        Returns:
            The newest entry that it ever had.

        Raises:
            Unavailable: If Redis is away.
        """
        try:
            if not self._client.exists(redis_keys.EVENTS):
                self._position.entry_id, self._position.entries = BEFORE_ALL, 0
                return BEFORE_ALL
            stream: Any = self._client.xinfo_stream(redis_keys.EVENTS)
        except REDIS_ERRORS as exc:
            raise Unavailable(describe_error(exc)) from exc
        held, position = stream["length"], self._position
        added = stream.get("entries-added", held + position.entries)
        newest_id: str = stream["last-generated-id"].decode()
        if _order(newest_id) < _order(position.entry_id):
            log.warning("another stream of events is there; it is read from its beginning")
            position.entry_id, position.entries = BEFORE_ALL, added - held
        missed = added - held - position.entries
        if missed > 0:
            position.entries += missed
            if position.entry_id != BEFORE_ALL:
                self._beats.count("events_missed", missed)
                log.error("events left the stream unread", extra={"events": missed})
        return newest_id

    def _take(self, entries: Sequence[Entry]) -> None:
        for entry_id, fields in entries:
            line = fields.get(redis_keys.FIELD_EVENT.encode(), b"")
            try:
                request = EventRequest.model_validate_json(line)
                if request.type == CLOSED:
                    # Or else a run might be started anew, by what is read once more after a crash.
                    self._save()
                self._keep(request, len(line))
            except (ValidationError, TelemetryRequestError) as exc:
                self._refuse(line, exc)
            self._position.entry_id = entry_id.decode()
            self._position.entries += 1
        self._save()

    def _keep(self, request: EventRequest, size_bytes: int) -> None:
        """
        Keep an event, as soon as the disk takes it.

        Raises:
            TelemetryRequestError: If the log never will.
            Stopped: If the service was told to stop before.
        """
        while True:
            try:
                self._start_run(request)
                with suppress(TelemetryKeyError):  # it was said again, a little otherwise
                    self._wait(self._log.submit(request, from_rig=True))
                self._end_run(request)
            except (TelemetryStorageError, TelemetryConflictError) as exc:
                self._note(str(exc))
                if self._stop.wait(LOOK_S):
                    raise Stopped from exc
            else:
                self._note(None)
                self._taken.beat(size_bytes=size_bytes)
                return

    def _start_run(self, request: EventRequest) -> None:
        session, camera = _recording_of(request)
        if request.type == STARTED and session and request.key not in self._started:
            cameras = self._position.recordings.setdefault(session, [])
            if camera not in cameras:
                cameras.append(camera)
            self._wait(self._log.submit_start_recording_run(session, camera))
            self._started[request.key] = None
            while len(self._started) > MOST_STARTED:
                del self._started[next(iter(self._started))]

    def _end_run(self, request: EventRequest) -> None:
        session, camera = _recording_of(request)
        if request.type != CLOSED or not session or _goes_on(request):
            return
        cameras = self._position.recordings.get(session, [])
        if camera in cameras:
            cameras.remove(camera)
        if not cameras:
            self._position.recordings.pop(session, None)
            with suppress(TelemetryNotFoundError):
                self._wait(self._log.submit_stop_recording_run(session))

    def _wait(self, future: Future[Any]) -> None:
        """
        Wait for the log.

        Raises:
            Stopped: If the service was told to stop before; what it waits for may still be done.
        """
        while True:
            try:
                future.result(LOOK_S)
            except NotYet:
                self._note("the disk does not answer")
                if self._stop.is_set():
                    raise Stopped from None
            else:
                return

    def _refuse(self, line: bytes, why: Exception) -> None:
        self._beats.count("events_refused")
        log.warning(
            "an event is not kept",
            extra={"why": str(why), "line": line[:200].decode(errors="replace")},
        )

    def _save(self) -> None:
        try:
            self._position.save(self._log.site_dir)
        except OSError as exc:
            log.debug("position not saved", extra={"why": str(exc)})  # keys tell what is known

    def _note(self, trouble: str | None) -> None:
        if trouble and not self.trouble:
            log.error("events are not taken", extra={"why": trouble})
        self.trouble = trouble


def _recording_of(request: EventRequest) -> tuple[str, str]:
    return str(request.meta.get("run_id") or ""), str(request.meta.get("camera") or "")


def _goes_on(request: EventRequest) -> bool:
    return isinstance(request.data, dict) and bool(request.data.get("goes_on"))


def _seconds_between(first: str, last: str) -> float:
    (first_ms, _), (last_ms, _) = _order(first), _order(last)
    return max(0, last_ms - first_ms) / 1_000


def _order(entry_id: str) -> tuple[int, int]:
    time_ms, _, number = entry_id.partition("-")
    return int(time_ms), int(number or 0)
