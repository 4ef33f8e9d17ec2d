"""What is done for the log once in a while: syncs, and looking after a disk that fails."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.worker import Worker
from vitalrig.telemetry.event_log import EventLog
from vitalrig.telemetry.log_thread import CLOSE_PATIENCE_S, LogThread
from vitalrig.telemetry.submission import Command
from vitalrig.telemetry.telemetry_errors import TelemetryStorageError

log = logging.getLogger(__name__)

EVERY_S = 1.0

TIDY_EVERY_S = 60.0
"""How often it is looked whether a day is over, and whether something is too old."""

CHECKPOINT_EVERY_S = 60.0
CHECKPOINT_EVENTS = 50_000
"""After so many events, or so long, what the log knows is written down."""


class LogKeeper:
    """
    A thread that looks after the log once a second, and never waits for the disk itself.

    Args:
        log: The log.
        thread: Its thread.
        disk: Syncs for it.
        syncs: Whether files are synced.
        tidy: Called once a minute in a thread of its own: it may wait for the disk, and for the
            log's thread.
        every_s: Seconds between two looks.
    """

    def __init__(
        self,
        log: EventLog,
        thread: LogThread,
        disk: Disk,
        *,
        syncs: bool,
        tidy: Callable[[], object],
        every_s: float = EVERY_S,
    ) -> None:
        self._log = log
        self._log_thread = thread
        self._disk = disk
        self._syncs = syncs
        self._every_s = every_s
        self._worker = Worker("telemetry-sync")
        self._sync: tuple[float, Future[None]] | None = None
        self._checkpointed_at_s = time.monotonic()
        self._checkpointed_seq = log.seq - log.counts["recovered_events"]
        self._checkpoint: Future[None] | None = None
        self._tidy = tidy
        self._tidied_at_s = time.monotonic()
        self._tidying: threading.Thread | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry-keeper", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """
        Look once.
        """
        self._log_thread.refuse_if_stuck()
        if self._log.trouble:
            self._ask(self._log.recover_from_trouble)
        self._look_at_sync()
        self._look_at_checkpoint()
        self._look_at_tidiness()

    def owns(self, thread: threading.Thread) -> bool:
        """Whether *thread* is its own."""
        return thread is self._thread

    def close(self) -> None:
        """End the thread, and wait for a sync that goes on, unless the disk does not answer."""
        self._stop.set()
        self._thread.join()
        for done in (self._sync and self._sync[1], self._checkpoint):
            if done is not None:
                with contextlib.suppress(TimeoutError):
                    done.exception(CLOSE_PATIENCE_S)
        if self._tidying is not None:
            self._tidying.join(CLOSE_PATIENCE_S)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self.look()

    def _look_at_sync(self) -> None:
        if self._sync is not None:
            began_at_s, done = self._sync
            if not done.done():
                return
            self._sync = None
            error = done.exception()
            self._log.sync_trouble = "" if error is None else str(error)
            if error is None:
                self._log.synced_at_s = began_at_s
        if self._syncs and not self._log.files.is_synced:
            self._sync = time.time(), self._worker.submit(self._log.files.syncing(), self._disk)
        else:
            self._ask(self._log.close_unused)

    def _look_at_checkpoint(self) -> None:
        if self._checkpoint is not None and not self._checkpoint.done():
            return
        events = self._log.seq - self._checkpointed_seq
        age_s = time.monotonic() - self._checkpointed_at_s
        if events >= CHECKPOINT_EVENTS or (events > 0 and age_s >= CHECKPOINT_EVERY_S):
            self._checkpointed_at_s = time.monotonic()
            self._ask(self._begin_checkpoint)

    def _begin_checkpoint(self) -> None:
        """Look at what the log knows, in the log's thread, and have it written in another one."""
        checkpoint = self._log.checkpoint()
        self._checkpointed_seq = checkpoint.seq
        self._checkpoint = self._worker.submit(self._log.checkpointing(checkpoint), self._disk)

    def _look_at_tidiness(self) -> None:
        is_due = time.monotonic() - self._tidied_at_s >= TIDY_EVERY_S
        if is_due and (self._tidying is None or not self._tidying.is_alive()):
            self._tidied_at_s = time.monotonic()
            self._tidying = threading.Thread(target=self._tidy_up, name="telemetry-tidy")
            self._tidying.start()

    def _tidy_up(self) -> None:
        try:
            self._tidy()
        except (OSError, TelemetryStorageError) as exc:
            log.warning("old events cannot be tidied up for now: %s", exc)

    def _ask(self, work: Callable[[], object]) -> None:
        with contextlib.suppress(TelemetryStorageError):  # it is stuck, and asked again
            self._log_thread.put(Command(work))
