"""One camera as the collector handles it: numbers checked, live view kept, session recorded."""

import logging
from collections.abc import Sequence as Some
from dataclasses import replace
from typing import Any

from services.collector.live import LiveView
from services.collector.recorder import SKIPPED, Recorder
from services.collector.sequence import FINE, Sequence
from services.collector.transport.base import Arrival
from services.collector.transport.entry_ids import entry_before, order_of
from vitalrig.beats import Beats
from vitalrig.clock import Clock, moment

log = logging.getLogger(__name__)


class Camera:
    """
    One camera.

    While the disk refuses to take envelopes that the stream keeps, they are only looked at;
    `again` then tells from where they are to be read once more.

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
        self._refused: Arrival | None = None
        self._seen_id = ""
        self._missing = 0
        self._gaps = 0
        self._duplicates = 0

    def take(self, arrivals: Some[Arrival]) -> None:
        """
        Take what arrived together, in order.
        """
        if self._refused is not None:
            self._look_at(arrivals)
            self._seen_id = max(self._seen_id, arrivals[-1].entry_id, key=order_of)
            return
        fresh = self._without_duplicates(arrivals)
        self._look_at(fresh)
        began_s = self._clock.monotonic_s()
        before = self.recorder.collector.stats
        taken = self.recorder.take(fresh)
        after = self.recorder.collector.stats
        busy_s = self._clock.monotonic_s() - began_s
        written = after.envelopes - before.envelopes
        for _ in range(written):
            size_bytes = (after.written_bytes - before.written_bytes) / written
            self._written.beat(busy_s / written, size_bytes)
        for arrival in fresh[: taken + 1]:
            self._count_gap(arrival)
        if taken < len(fresh):
            self._refused = fresh[taken]
            self._seen_id = max(self._seen_id or "0-0", arrivals[-1].entry_id, key=order_of)

    def again(self) -> str | None:
        """
        Tell the entry after which the stream is to be read once more.

        None while the disk refuses, and when it has refused nothing.
        """
        if self._refused is None or self.recorder.collector.paused is not None:
            return None
        refused, self._refused = self._refused, None
        self._sequence = Sequence(refused.run, max(0, refused.seq - 1))
        return entry_before(refused.entry_id)

    def document(self) -> dict[str, Any]:
        """
        What the exporter is told, JSON-ready.
        """
        stats, now = self.recorder.collector.stats, moment(self._clock)
        return {
            "prefix": self.prefix,
            "updated_us": now.wall_us,
            **self._live.document(now),
            "recording": {
                "active": self.recorder.recording,
                "paused": self.recorder.trouble or "",
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
                "off_clock": self._live.latencies.off_clock,
            },
            "samples_rejected": {"duplicate": stats.duplicates, "unusable": stats.unusable},
        }

    def _without_duplicates(self, arrivals: Some[Arrival]) -> list[Arrival]:
        """What was not taken before, each with what is missing before it."""
        fresh: list[Arrival] = []
        for arrival in arrivals:
            verdict = self._sequence.see(arrival.run, arrival.seq) if arrival.seq else FINE
            if verdict.duplicate:
                self._duplicates += 1
            elif verdict.missing:
                fresh.append(replace(arrival, missing=verdict.missing))
            else:
                fresh.append(arrival)
        return fresh

    def _look_at(self, arrivals: Some[Arrival]) -> None:
        """Show the live view what it has not seen."""
        began_s = self._clock.monotonic_s()
        received = moment(self._clock)
        unseen = [arrival for arrival in arrivals if self._is_unseen(arrival)]
        for arrival in unseen:
            self._live.see(arrival, received)
        seen_s = self._clock.monotonic_s()
        for arrival in unseen:
            self._received.beat((seen_s - began_s) / len(unseen), len(arrival.envelope))

    def _is_unseen(self, arrival: Arrival) -> bool:
        if self._seen_id and order_of(arrival.entry_id) <= order_of(self._seen_id):
            return False
        if self._refused is None:
            self._seen_id = ""  # what was read twice is behind us
        return not arrival.recalled

    def _count_gap(self, arrival: Arrival) -> None:
        if arrival.missing or arrival.gap:
            self._gaps += 1
            self._missing += arrival.missing
            log.warning(
                "envelopes are missing",
                extra={
                    "camera": self.prefix,
                    "missing": arrival.missing,
                    "why": arrival.gap or SKIPPED,
                },
            )
