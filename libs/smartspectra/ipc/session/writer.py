"""Writes to sessions, pauses when the disk has no room, and goes on when it has."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from smartspectra.ipc.session.session import Session
from smartspectra.ipc.storage.append_file import WriteFailed
from smartspectra.ipc.storage.disk import FILE_ERRORS, Disk
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.storage.outage import Outage
from smartspectra.ipc.storage.stages import Stages, finish_now, together
from smartspectra.ipc.storage.worker import SerialQueue

log = logging.getLogger(__name__)

_FIRST_RETRY_S = 0.25
_LAST_RETRY_S = 5.0
_PROBE_BYTES = 64 * 1024


class SessionWriter:
    """
    Writes lines to sessions' files, and says exactly which ones the disk did not take.

    Attributes:
        unwritten: Envelopes that were not kept, in all sessions.
        last_sync_us: When the last sync ended, microseconds since 1970.
    """

    def __init__(self, options: StorageOptions) -> None:
        self._options = options
        self._clock = options.clock
        self._syncs = SerialQueue(options.background.syncs, options.disk, "sync")
        self._outage = Outage(_FIRST_RETRY_S, _LAST_RETRY_S, options.clock)
        self._sync_at_s = 0.0
        self._unwritten_before_pause = 0
        self.unwritten = 0
        self.last_sync_us: int | None = None

    @property
    def paused(self) -> str | None:
        """Why nothing is being written, or None."""
        return self._outage.why

    def give_up(self, session: Session, number: int) -> None:
        """Count *number* envelopes that the disk did not take and nobody will give again."""
        session.losses.unwritten += number
        self.unwritten += number

    def write(self, session: Session, lines: list[bytes]) -> int:
        """
        Write *lines* to the session's file.

        Returns:
            How many of them, from the front, are in the file. Where the session's file takes
            no more, although the disk may, the session is ``refused``.
        """
        session.refused = None
        if not self._outage.is_due:
            return 0
        try:
            if not session.is_open:
                session.open()
            session.write(lines)
        except OSError as exc:
            self._refuse_or_pause(session, exc)
            return exc.kept_lines if isinstance(exc, WriteFailed) else 0
        if self._options.fsync == "always" and self._options.wait:
            self._sync_now(session)
        else:
            self._resume()
        return len(lines)

    def _sync_now(self, session: Session) -> None:
        try:
            finish_now(self._syncing([session]), self._options.disk)
        except OSError as exc:
            self.pause(exc, retry_at_once=True)
        else:
            self._resume()

    def _syncing(self, sessions: Iterable[Session]) -> Stages:
        yield from together(*(session.syncing() for session in sessions))
        self.last_sync_us = round(self._options.wall_clock() * 1_000_000)

    def open(self, session: Session) -> bool:
        """Open a session's files, or pause; gives whether they are open."""
        try:
            session.open()
        except OSError as exc:
            self._refuse_or_pause(session, exc)
        return session.is_open

    def sync_if_due(self, sessions: list[Session]) -> None:
        """Look whether the files are in place, and have them synced by policy."""
        if self._syncs.trouble is not None:
            # Lines can still be written; that they may not be durable must be known.
            self.pause(self._syncs.trouble, retry_at_once=True)
            self._syncs.trouble = None
        now_s = self._clock()
        if now_s < self._sync_at_s or self._syncs.busy:
            return
        if self._options.fsync != "always":
            self._sync_at_s = now_s + self._options.fsync_interval_s
        try:
            for session in sessions:
                session.restore_if_gone()
        except OSError as exc:
            self.pause(exc, retry_at_once=True)
        behind = [session for session in sessions if session.is_behind]
        if behind and self._syncs_beside:
            self._syncs.submit(self._syncing(behind))

    @property
    def _syncs_beside(self) -> bool:
        policy = self._options.fsync
        return policy == "interval" or (policy == "always" and not self._options.wait)

    def retry_if_due(self, session: Session) -> None:
        """While paused, try from time to time whether there is room."""
        if self.paused is None or not self._outage.is_due:
            return
        try:
            if session.session_id is not None and session.refused is None:
                session.open()
            if session.paths.jsonl is not None:
                probe = session.paths.jsonl.with_name(f".{session.paths.jsonl.name}.probe")
                probe_disk(self._options.disk, probe)
        except OSError as exc:
            self.pause(exc)
        else:
            self._resume()

    def _refuse_or_pause(self, session: Session, exc: OSError) -> None:
        if exc.errno in FILE_ERRORS and session.paths.jsonl and session.paths.jsonl.exists():
            session.refused = exc
        else:
            self.pause(exc)

    def pause(self, exc: OSError, *, retry_at_once: bool = False) -> None:
        """Write nothing for a while, since the disk does not allow it."""
        if self._outage.fail(str(exc)):
            self._unwritten_before_pause = self.unwritten
            log.error("recording paused: %s", exc)
        if retry_at_once:
            self._outage.due_at_s = self._clock()

    def _resume(self) -> None:
        if self._outage.end() is not None:
            lost = self.unwritten - self._unwritten_before_pause
            log.warning("recording resumed; %d envelopes could not be kept", lost)

    def settle(self) -> None:
        """Wait for a sync that is under way."""
        self._syncs.wait()


def probe_disk(disk: Disk, path: Path) -> None:
    """
    Find out whether there is room for more than a few bytes.

    Raises:
        OSError: If there is not.
    """
    descriptor = disk.open_anew(path)
    try:
        disk.write_all(descriptor, bytes(_PROBE_BYTES))
        disk.sync(descriptor)
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)
