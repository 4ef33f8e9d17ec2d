"""
With which a service says what happened: `Events.emit`.

Whoever emits is not held up: what it says waits in memory, and a thread of its own sends it on.
Where it goes is an `EventOutlet`; `vitalrig.event_outlets` has those of the rig. What may be said
is in `vitalrig.event_types`.
"""

import itertools
import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from smartspectra.ipc.storage.outage import Outage
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import Unavailable

log = logging.getLogger(__name__)

MOST_WAITING = 1_000
"""So many events wait in memory; for each that is too much the oldest leaves."""

BATCH = 100

LOOK_EVERY_S = 0.1
"""So often the thread looks by itself: waking it would cost whoever speaks a system call."""

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 1.0
CLOSE_WITHIN_S = 3.0
"""Longer than Redis may take to answer, so that what it did not take can still be spooled."""


class Event(NamedTuple):
    """
    Something that happened.

    Attributes:
        type: What, such as `recording.started`.
        data: What is to be said of it, JSON-ready.
        camera: The camera that it happened to; empty if to none.
        run: The recording that it is of; empty for the one of the camera that is open, if any.
        key: What tells it from every other event.
        wall_us: When, in us since the epoch.
        emitter: Which instance of which service says so.
    """

    type: str
    data: Mapping[str, Any]
    camera: str
    run: str
    key: str
    wall_us: int
    emitter: str

    def document(self) -> dict[str, Any]:
        """
        Give it as the telemetry service takes events.
        """
        meta = {"emitter": self.emitter, "camera": self.camera, "run_id": self.run}
        return {
            "type": self.type,
            "data": dict(self.data),
            "meta": {key: value for key, value in meta.items() if value},
            "ts": utc_text(self.wall_us),
            "key": self.key,
        }


class Emitter(Protocol):
    """Takes what happened."""

    def emit(
        self,
        kind: str,
        data: Mapping[str, Any],
        *,
        camera: str = "",
        run: str = "",
        key: str = "",
        is_urgent: bool = False,
    ) -> None:
        """
        Say that something happened now. It costs a few microseconds, does no I/O, never raises.

        Args:
            kind: What, one of `event_types.EVENT_TYPES`.
            data: What is to be said of it, JSON-ready; it is not to be changed after that.
            camera: The camera that it happened to.
            run: The recording that it is of, where that may not be the one that is open.
            key: What tells it from all other events, where it may be said again after a crash.
            is_urgent: Whether it goes out at once, for a few microseconds more; else within 0.1 s.
        """
        ...

    def start(self) -> None:
        """Begin to send what was and will be said."""
        ...

    def close(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """Send what waits, for so many seconds at most."""
        ...


class EventOutlet(Protocol):
    """Where events go; all of it is called from one thread."""

    @property
    def is_behind(self) -> bool:
        """Whether it holds what `send` is to send on, although nothing new came."""
        ...

    def send(self, events: Sequence[Event]) -> None:
        """
        Take events, in order.

        Raises:
            Unavailable: If that cannot be done now. They may be given again.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class NoEvents:
    """Takes events and tells nobody, for whoever has nobody to tell."""

    def emit(
        self,
        kind: str,
        data: Mapping[str, Any],
        *,
        camera: str = "",
        run: str = "",
        key: str = "",
        is_urgent: bool = False,
    ) -> None:
        """
        Nothing.
        """

    def start(self) -> None:
        """
        Nothing.
        """

    def close(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """
        Nothing.
        """


NO_EVENTS = NoEvents()


class Events:
    """
    A bounded queue, and the thread that empties it.

    Args:
        emitter: Which instance of which service speaks.
        outlet: Where events go.
        count: Adds to a counter of the service: `events_sent`, `events_lost`.
        camera: The camera of all events that name none.
        clock: What tells the time.
    """

    def __init__(
        self,
        emitter: str,
        outlet: EventOutlet,
        count: Callable[[str, float], None],
        camera: str = "",
        clock: Clock | None = None,
    ) -> None:
        self._emitter = emitter
        self._outlet = outlet
        self._count = count
        self._camera = camera
        clock = clock or SystemClock()
        self._wall_us = clock.wall_us
        self._outage = Outage(FIRST_WAIT_S, LONGEST_WAIT_S, clock.monotonic_s)
        self._waiting: deque[Event] = deque()
        self._numbers = itertools.count(1)
        self._life = secrets.token_hex(6)
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        for counter in ("events_sent", "events_lost"):
            count(counter, 0)

    def emit(
        self,
        kind: str,
        data: Mapping[str, Any],
        *,
        camera: str = "",
        run: str = "",
        key: str = "",
        is_urgent: bool = False,
    ) -> None:
        """
        Say that something happened now; see `Emitter`.
        """
        event = Event(
            kind,
            data,
            camera or self._camera,
            run,
            key or f"{self._life}-{next(self._numbers)}",
            self._wall_us(),
            self._emitter,
        )
        self._waiting.append(event)
        self._let_oldest_leave()
        if is_urgent:
            self._wake.set()

    def start(self) -> None:
        """
        Begin to send what was and will be said.
        """
        self._thread = threading.Thread(target=self._work, name="events", daemon=True)
        self._thread.start()

    def close(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """
        Send what waits, for *within_s* at most; what is left then is lost and counted.
        """
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(within_s)
        if left := len(self._waiting):
            self._count("events_lost", left)
            log.warning("events were lost at the end", extra={"events": left})

    def _let_oldest_leave(self) -> None:
        while len(self._waiting) > MOST_WAITING:
            try:
                self._waiting.popleft()
            except IndexError:  # the thread took it
                return
            self._count("events_lost", 1)

    def _work(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()
            if not self._closing.wait(self._outage.left_s):
                self._send_all()
        self._send_all()
        self._outlet.close()

    def _send_all(self) -> None:
        """Send what waits, until there is no more or it cannot be done."""
        while self._waiting or self._outlet.is_behind:
            batch = self._take(BATCH)
            try:
                self._outlet.send(batch)
            except Unavailable as exc:
                self._waiting.extendleft(reversed(batch))
                self._let_oldest_leave()
                self._note_outage(str(exc))
                return
            except Exception:
                # What nobody can write down, it must not keep the others from being told.
                log.exception("events were lost", extra={"types": [each.type for each in batch]})
                self._count("events_lost", len(batch))
                continue
            self._count("events_sent", len(batch))
            if self._outlet.is_behind:
                self._note_outage("what is kept on disk waits")
                return
            self._outage.end()

    def _take(self, most: int) -> list[Event]:
        batch: list[Event] = []
        while self._waiting and len(batch) < most:
            try:
                batch.append(self._waiting.popleft())
            except IndexError:  # whoever emits made room
                break
        return batch

    def _note_outage(self, why: str) -> None:
        if self._outage.fail(why):
            log.debug("events wait", extra={"why": why})


def utc_text(wall_us: int) -> str:
    """
    Give a wall-clock stamp as RFC 3339 has it, to the millisecond: `2026-03-01T12:00:00.000Z`.
    """
    moment = datetime.fromtimestamp(wall_us / 1_000_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
