"""The one thread that touches the log's files, and what waits for it."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, cast

from vitalrig.telemetry.submission import Command, Submission, Waiting, tell
from vitalrig.telemetry.telemetry_errors import TelemetryStorageError

log = logging.getLogger(__name__)

MAX_GROUP_EVENTS = 1_000
MAX_WAITING_EVENTS = 20_000
"""More than that wait only where the disk does not answer."""

PATIENCE_S = 5.0
"""When the disk has not answered for so long, nothing new is taken, and what waits is refused."""

CLOSE_PATIENCE_S = 10.0
"""So long an end waits for a disk that hangs."""

_CLOSED = "the log is closed"


class LogThread:
    """
    Takes all that waits at once, so that one write and one sync serve many.

    Nobody else waits for a disk that hangs: `put` never does.

    Args:
        commit: Writes submissions, and sets the answer or the error of each.
        monotonic_s: Seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        commit: Callable[[list[Submission]], None],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._commit = commit
        self._monotonic_s = monotonic_s
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting_events = 0
        self._busy_since_s: float | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="telemetry-log", daemon=True)
        self._thread.start()

    @property
    def stuck_s(self) -> float:
        """For how long the disk has not answered; 0 where nothing waits for it."""
        since_s = self._busy_since_s
        return 0.0 if since_s is None else self._monotonic_s() - since_s

    def put(self, waiting: Waiting) -> None:
        """
        Have something done.

        Raises:
            TelemetryStorageError: If the disk does not keep up, or the log is closed.
        """
        if self.stuck_s > PATIENCE_S:
            raise TelemetryStorageError(f"the disk has not answered for {self.stuck_s:.0f} s")
        with self._lock:
            if self._is_closed:
                raise TelemetryStorageError(_CLOSED)
            if self._waiting_events >= MAX_WAITING_EVENTS:
                raise TelemetryStorageError(f"{self._waiting_events} events wait for the disk")
            self._waiting_events += _size(waiting)
            self._queue.put(waiting)

    def call(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401  whatever work gives
        """
        Have something done, and wait for it.

        Raises:
            TelemetryStorageError: If the disk does not answer, or refuses.
        """
        command = Command(work)
        self.put(command)
        return cast(Future[Any], command.future).result()

    def refuse_if_stuck(self) -> int:
        """
        Refuse what waits if the disk has not answered for long; gives how many that were.
        """
        if self.stuck_s <= PATIENCE_S:
            return 0
        why = f"the disk has not answered for {self.stuck_s:.0f} s"
        refused = [each for each in self._all_that_wait() if each.claim()]
        for each in refused:
            each.error = TelemetryStorageError(why)
        tell(refused)
        return len(refused)

    def owns(self, thread: threading.Thread) -> bool:
        """Whether *thread* is its own."""
        return thread is self._thread

    def close(self) -> bool:
        """
        Do what waits, then end the thread; nothing new is taken.

        Returns:
            False if the disk does not answer, so that the thread goes on.
        """
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._queue.put(None)
        self._thread.join(CLOSE_PATIENCE_S)
        return not self._thread.is_alive()

    def _all_that_wait(self) -> list[Waiting]:
        found: list[Waiting] = []
        try:
            while (each := self._queue.get_nowait()) is not None:
                found.append(each)
            self._queue.put(None)
        except queue.Empty:
            pass
        self._took(sum(map(_size, found)))
        return found

    def _took(self, events: int) -> None:
        with self._lock:
            self._waiting_events -= events

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            group = [self._queue.get()]
            events = 0
            while group[-1] is not None and events < MAX_GROUP_EVENTS:
                events += _size(group[-1])
                try:
                    group.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            goes_on = group[-1] is not None
            waiting = [each for each in group if each is not None]
            self._took(sum(map(_size, waiting)))
            self._busy_since_s = self._monotonic_s()
            self._do(waiting)
            self._busy_since_s = None

    def _do(self, waiting: list[Waiting]) -> None:
        claimed: list[Waiting] = []
        submissions: list[Submission] = []
        for each in waiting:
            if not each.claim():
                continue
            claimed.append(each)
            if isinstance(each, Submission):
                submissions.append(each)
            elif isinstance(each, Command):
                self._write(submissions)
                submissions = []
                _obey(each)
        self._write(submissions)
        tell(claimed)

    def _write(self, submissions: list[Submission]) -> None:
        if not submissions:
            return
        try:
            self._commit(submissions)
        except Exception as exc:
            log.exception("the event log failed")
            for each in submissions:
                if each.result is None and each.error is None:
                    each.error = exc


def _obey(command: Command) -> None:
    try:
        command.result = command.work()
    except OSError as exc:
        command.error = TelemetryStorageError(f"the log cannot be written: {exc}")
        command.error.__cause__ = exc
    except Exception as exc:  # noqa: BLE001  told to who asked for it
        command.error = exc


def _size(waiting: Waiting) -> int:
    return len(waiting.events) if isinstance(waiting, Submission) else 1
