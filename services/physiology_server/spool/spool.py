"""What is made goes to disk before it is sent, and leaves when it was sent."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from services.physiology_server.envelopes import Numbered
from services.physiology_server.spool.previous_run import past_in
from services.physiology_server.spool.segments import Segments, sync
from services.physiology_server.spool.spool_lines import (
    ENDED_LINE,
    RunState,
    envelope_line,
    recording_after,
    sent_line,
)
from services.physiology_server.spool.spool_reader import SpoolReader
from services.physiology_server.spool.spool_writer import SpoolWriter
from vitalrig.clock import Clock
from vitalrig.machine_boot import this_boot
from vitalrig.service.health import Health

log = logging.getLogger(__name__)

SYNC_EVERY_S = 1.0
LARGEST_SEGMENT_BYTES = 4 << 20
SEGMENTS = 16
"""So many files at least make up the spool; a full one loses the oldest of them."""


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
        self._clock = clock
        self._reader = SpoolReader(self._segments)
        self._writer = SpoolWriter(self._segments, health)
        self._urgent = True
        self._tried_at_s = float("-inf")
        self.past = past_in(self._segments)
        newest = self._segments.newest
        self.written = max(self.past.position, 0 if newest is None else newest.first - 1)
        self._state = RunState(
            run=run,
            boot=this_boot(),
            follows=self.past.follows,
            position=self.written,
            sent=self.past.sent,
            recording=self.past.recording,
        )
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
        Write one envelope, unless the disk does not take it.

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
        if self._writer.failing and not self._mended():
            return
        behind = self.written < numbered.position - 1
        for each in in_memory if behind else (numbered,):
            if each.position > self.written and not self._keep(each):
                return

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
        self._writer.write(sent_line(position))

    async def run(self) -> None:
        """
        Sync what has to be, and remove what was sent, about once a second until cancelled.
        """
        while True:
            await asyncio.sleep(SYNC_EVERY_S)
            await self.settle()

    async def settle(self, *, all_of_it: bool = False) -> None:
        """
        Sync if something waits for longer than it takes to send it, and remove what was sent.
        """
        waits = self._state.sent < self.written
        dirty = self._writer.dirty
        if dirty and (waits or self._urgent or all_of_it):
            paths, self._writer.dirty, self._urgent = sorted(dirty), set(), False
            try:
                await asyncio.to_thread(sync, paths)
            except OSError as exc:
                log.error("spool cannot be synced", extra={"why": str(exc)})
                self._writer.dirty.update(paths)
        self._segments.drop_sent(self._state.sent)

    async def close(self) -> None:
        """
        Note that the run ended in order, and make it all safe.
        """
        self._state = replace(self._state, ended=True)
        self._writer.write(ENDED_LINE)
        await self.settle(all_of_it=True)
        self.let_go()

    def let_go(self) -> None:
        """
        Close all files as they are, as at the end of a process. To do so twice is to do it once.
        """
        self._reader.close()
        self._writer.close()
        self._segments.close()

    def _keep(self, numbered: Numbered) -> bool:
        if not self._writer.write(envelope_line(numbered)):
            return False
        self.written = numbered.position
        newest = self._segments.newest
        if newest is not None and newest.size_bytes >= self._segment_bytes:
            self._begin()
        while self._segments.size_bytes > self._max_bytes and len(self._segments) > 1:
            self._segments.drop_oldest()
        return not self._writer.failing

    def _mended(self) -> bool:
        """
        Try once a second whether the disk takes something again.
        """
        if self._clock.monotonic_s() - self._tried_at_s >= SYNC_EVERY_S:
            self._begin()
        return not self._writer.failing

    def _begin(self) -> None:
        """
        Go on in a new file, whose first line says how far the run is.
        """
        self._tried_at_s = self._clock.monotonic_s()
        self._writer.begin(self.written + 1, self._state.line())
        self._urgent = True
