"""One camera as the collector handles it: numbers checked, live view kept, session recorded."""

import logging
from collections.abc import Sequence as Some
from typing import Any

from services.collector.live import LiveView
from services.collector.recorder import Recorder
from services.collector.sequence import Sequence
from services.collector.transport.base import Arrival
from vitalrig.beats import Beats
from vitalrig.clock import Clock

log = logging.getLogger(__name__)


class Camera:
    """
    One camera.

    Args:
        prefix: The camera's key prefix.
        recorder: Writes its session files.
        sequence: Where its numbers stand.
        beats: Where heartbeats go.
        clock: What tells the time.
    """

    def __init__(
        self, prefix: str, recorder: Recorder, sequence: Sequence, beats: Beats, clock: Clock
    ) -> None:
        self.prefix = prefix
        self.recorder = recorder
        self._sequence = sequence
        self._live = LiveView()
        self._clock = clock
        self._received = beats.step("envelopes_received")
        self._written = beats.step("envelopes_written")
        self._missing = 0
        self._gaps = 0
        self._duplicates = 0

    def take(self, arrivals: Some[Arrival]) -> None:
        """
        Take what arrived together, in order.
        """
        began_s = self._clock.monotonic_s()
        fresh = [arrival for arrival in arrivals if self._is_news(arrival)]
        for arrival in fresh:
            self._live.see(arrival)
        seen_s = self._clock.monotonic_s()
        before = self.recorder.collector.stats
        self.recorder.take(fresh)
        after = self.recorder.collector.stats
        busy_s = self._clock.monotonic_s() - seen_s
        for arrival in fresh:
            self._received.beat((seen_s - began_s) / len(fresh), len(arrival.envelope))
        written = after.envelopes - before.envelopes
        for _ in range(written):
            size_bytes = (after.written_bytes - before.written_bytes) / written
            self._written.beat(busy_s / written, size_bytes)

    def note_gap(self, missing: int, why: str) -> None:
        """
        Envelopes of this camera never came.
        """
        self._gaps += 1
        self._missing += missing
        self.recorder.note_gap(missing, why)
        log.warning(
            "envelopes are missing",
            extra={"camera": self.prefix, "missing": missing, "why": why},
        )

    def document(self) -> dict[str, Any]:
        """
        What the exporter is told, JSON-ready.
        """
        stats = self.recorder.collector.stats
        return {
            "prefix": self.prefix,
            "updated_us": self._clock.wall_us(),
            **self._live.document(),
            "recording": {
                "active": self.recorder.recording,
                "paused": stats.paused or "",
                "records": stats.envelopes,
                "size_bytes": stats.written_bytes,
                "write_failures": stats.unwritten_envelopes,
                "last_sync_us": stats.last_sync_us,
            },
            "counters": {
                "missing": self._missing,
                "gaps": self._gaps,
                "duplicates": self._duplicates,
                "resets": stats.resets,
            },
        }

    def _is_news(self, arrival: Arrival) -> bool:
        if arrival.gap:
            self.note_gap(0, arrival.gap)
        if not arrival.seq:
            return True
        verdict = self._sequence.see(arrival.run, arrival.seq)
        if verdict.duplicate:
            self._duplicates += 1
        elif verdict.missing:
            self.note_gap(verdict.missing, "numbers skipped in the stream")
        return not verdict.duplicate
