"""What is made goes to disk before it is sent, and leaves when it was sent."""

import asyncio
import errno
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from services.physiology_server.numbered import Numbered
from services.physiology_server.spool.lines import (
    ENDED_LINE,
    Found,
    RunState,
    envelope_line,
    read_state,
    recording_after,
    sent_line,
)
from services.physiology_server.spool.reader import SpoolReader
from services.physiology_server.spool.segments import Segments, sync
from vitalrig.clock import Clock
from vitalrig.health import Health

log = logging.getLogger(__name__)

MIB = 1 << 20
SYNC_EVERY_S = 1.0
LARGEST_SEGMENT_BYTES = 4 * MIB
SEGMENTS = 16
"""So many files at least make up the spool; a full one loses the oldest of them."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Past:
    """
    What the run before left.

    Attributes:
        run: Its id; empty without one.
        follows: What the next run's first entry says of it; empty if that is not sure.
        recording: The session that it was recording when it crashed, which may have no name;
            None if it did not crash in a recording.
        waiting: About how many envelopes it had not sent.
    """

    run: str = ""
    follows: str = ""
    recording: str | None = None
    waiting: int = 0


class Spool:
    """
    Keeps what one run makes until it was sent, and what earlier runs could not send.

    Each envelope is handed to the system in the moment in which it is made, so that a killed
    process loses none. What waits for longer than a second is synced about once a second, which
    bounds what a power cut costs; what was sent at once costs no sync. Files are removed when
    all that they hold was sent.

    A disk that takes nothing costs nothing while the backend takes envelopes: then the spool
    only says so in health, and what is in memory is written when the disk has room again.

    Args:
        folder: Where it is.
        run: The run that begins.
        max_bytes: How much it may hold; beyond, the oldest are lost.
        health: Told when the disk does not take what is made.
        clock: What tells the time.

    Attributes:
        past: What the run before left.
        written: The place of the newest envelope that is on disk.

    Raises:
        CannotStart: If another server has the folder.
        OSError: If the folder cannot be made or read.
    """

    def __init__(
        self, folder: Path, run: str, max_bytes: int, health: Health, clock: Clock
    ) -> None:
        self._segments = Segments(folder)
        self._max_bytes = max_bytes
        self._segment_bytes = min(LARGEST_SEGMENT_BYTES, max_bytes // SEGMENTS)
        self._health = health
        self._clock = clock
        self._reader = SpoolReader(self._segments)
        self._descriptor = -1
        self._dirty: set[Path] = set()
        self._urgent = True
        self._failing = False
        self._tried_at_s = float("-inf")
        found = self._last_state()
        self.past = _past(found)
        before = found.state if found is not None else RunState("", "")
        self._state = RunState(
            run=run,
            boot=_boot(),
            follows=self.past.follows,
            position=max(before.position, self._newest_first() - 1),
            sent=before.sent,
            recording=self.past.recording,
        )
        self.written = self._state.position
        self._begin()

    @property
    def start(self) -> int:
        """
        The place of the oldest envelope that was not sent and may still be here.
        """
        return max(self._state.sent + 1, self.oldest_kept)

    @property
    def oldest_kept(self) -> int:
        """
        The place before which nothing is on disk.
        """
        return self._segments.oldest_first

    def add(self, numbered: Numbered, in_memory: Iterable[Numbered]) -> None:
        """
        Write one envelope. A disk that does not take it makes the spool `failing`.

        Args:
            numbered: The envelope.
            in_memory: All that is not sent and still in memory, *numbered* included. Of these
                the ones are written too that the disk did not take when they were made.
        """
        recording = recording_after(numbered.outgoing, self._state.recording)
        self._urgent = self._urgent or recording != self._state.recording
        self._state = replace(
            self._state, seq=numbered.seq, position=numbered.position, recording=recording
        )
        if self._failing and not self._mended():
            return
        behind = self.written < numbered.position - 1
        for each in in_memory if behind else (numbered,):
            if each.position > self.written and not self._keep(each):
                return

    def _keep(self, numbered: Numbered) -> bool:
        if not self._write(envelope_line(numbered)):
            return False
        self.written = numbered.position
        newest = self._segments.newest
        if newest is not None and newest.size_bytes >= self._segment_bytes:
            self._begin()
        while self._segments.size_bytes > self._max_bytes and len(self._segments) > 1:
            self._segments.drop_oldest()
        return not self._failing

    def _mended(self) -> bool:
        """
        Try once a second whether the disk takes something again.
        """
        if self._clock.monotonic_s() - self._tried_at_s >= SYNC_EVERY_S:
            self._begin()
        return not self._failing

    def read(self, start: int, before: int, at_most: int) -> list[Numbered]:
        """
        Give what is on disk from the place *start* on, and before the place *before*.
        """
        try:
            return self._reader.read(start, before, at_most)
        except OSError as exc:
            log.error("spool cannot be read", extra={"why": str(exc)})
            return []

    def sent(self, position: int) -> None:
        """
        Everything up to the place *position* was sent.
        """
        self._state = replace(self._state, sent=position)
        if not self._failing:
            self._write(sent_line(position))

    async def run(self) -> None:
        """
        Sync what has to be, and remove what was sent, about once a second until cancelled.
        """
        while True:
            await asyncio.sleep(SYNC_EVERY_S)
            await self._settle(all_of_it=False)

    async def close(self) -> None:
        """
        Note that the run ended in order, and make it all safe.
        """
        self._state = replace(self._state, ended=True)
        if not self._failing:
            self._write(ENDED_LINE)
        await self._settle(all_of_it=True)
        self.let_go()

    def let_go(self) -> None:
        """
        Close all files as they are, as at the end of a process.
        """
        self._reader.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._segments.close()

    async def _settle(self, *, all_of_it: bool) -> None:
        """
        Sync if something waits for longer than it takes to send it, and remove what was sent.
        """
        waits = self._state.sent < self.written
        if self._dirty and (waits or self._urgent or all_of_it):
            paths, self._dirty, self._urgent = sorted(self._dirty), set(), False
            try:
                await asyncio.to_thread(sync, paths)
            except OSError as exc:
                log.error("spool cannot be synced", extra={"why": str(exc)})
                self._dirty.update(paths)
        self._segments.drop_sent(self._state.sent)

    def _write(self, line: bytes) -> bool:
        try:
            if os.write(self._descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as exc:
            self._fail(exc)
            return False
        newest = self._segments.newest
        assert newest is not None
        newest.size_bytes += len(line)
        self._dirty.add(newest.path)
        return True

    def _begin(self) -> None:
        """
        Go on in a new file.
        """
        self._tried_at_s = self._clock.monotonic_s()
        try:
            segment, descriptor = self._segments.begin(self.written + 1, self._state.line())
        except OSError as exc:
            self._fail(exc)
            return
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = descriptor
        self._dirty.add(segment.path)
        self._urgent = True
        if self._failing:
            log.info("spool is written again")
        self._failing = False
        self._health.ok("spool")

    def _fail(self, error: OSError) -> None:
        """
        Leave the file's end torn: who reads it after a crash sees that it does not hold all.
        """
        self._health.fail("spool", f"{error}: a crash would lose what is not sent")
        if self._failing:
            return
        self._failing = True
        log.error("spool cannot be written", extra={"why": str(error)})
        newest = self._segments.newest
        try:
            if newest is not None:
                os.truncate(newest.path, newest.size_bytes - 1)
        except OSError as exc:
            log.error("spool cannot be cut", extra={"why": str(exc)})

    def _newest_first(self) -> int:
        newest = self._segments.newest
        return 1 if newest is None else newest.first

    def _last_state(self) -> Found | None:
        """
        Find the last state that was written. Where a newer file cannot be read, it is not sure.
        """
        sure = True
        for segment in reversed(list(self._segments)):
            try:
                found = read_state(segment.path)
            except OSError as exc:
                log.error("spool cannot be read", extra={"why": str(exc)})
                found = None
            if found is not None:
                return replace(found, torn=found.torn or not sure)
            sure = False
        return None


def _past(found: Found | None) -> Past:
    if found is None:
        return Past()
    state = found.state
    whole = state.ended or (state.boot == _boot() != "" and not found.torn)
    follows = f"{state.run}:{state.seq}" if state.seq else state.follows
    return Past(
        run=state.run,
        follows=follows if whole else "",
        recording=None if state.ended else state.recording,
        waiting=state.position - state.sent,
    )


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
