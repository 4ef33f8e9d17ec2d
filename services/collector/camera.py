"""One camera as the collector handles it: numbers checked, live view kept, session recorded."""

import logging
from collections.abc import Sequence
from typing import Any

from services.collector.live import LiveView
from services.collector.recorder import SKIPPED, Recorder
from services.collector.runs import RunPlace, Runs
from services.collector.transport.base import Arrival
from services.collector.transport.entry_ids import BEFORE_ALL, entry_before, order_of
from vitalrig.beats import Beats
from vitalrig.clock import Clock, moment

log = logging.getLogger(__name__)


class Camera:
    """
    One camera.

    Its runs are followed twice: for the live view as envelopes come, and for the record. While the
    disk refuses to take envelopes that the stream keeps, the record waits and the live view goes
    on; `again` then tells from where they are to be read once more.

    Args:
        prefix: The camera's key prefix.
        recorder: Writes its session files.
        place: Where its runs were left.
        beats: Where heartbeats go.
        clock: What tells the time.
    """

    def __init__(
        self, prefix: str, recorder: Recorder, place: RunPlace, beats: Beats, clock: Clock
    ) -> None:
        self.prefix = prefix
        self.recorder = recorder
        self._runs = Runs(clock, place)
        self._live_runs = Runs(clock, place)
        self._live = LiveView()
        self._clock = clock
        self._received = beats.step("envelopes_received")
        self._written = beats.step("envelopes_written")
        self._refused: Arrival | None = None
        self._seen_id = ""
        self._missing = 0
        self._gaps = 0
        self._in_conflict = False

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """
        Take what arrived together, in order.
        """
        self._look_at(arrivals)
        if self._refused is not None:
            self._seen_id = max(self._seen_id, arrivals[-1].entry_id, key=order_of)
            return
        place = self._runs.place
        self._record(self._runs.take(arrivals), place)
        if self._refused is not None:
            self._seen_id = max(self._seen_id or BEFORE_ALL, arrivals[-1].entry_id, key=order_of)

    def tick(self) -> None:
        """
        Do what is due although nothing came.
        """
        for arrival in self._live_runs.release():
            self._live.see(arrival, moment(self._clock), is_prompt=False)
        place = self._runs.place
        self._record(self._runs.release(), place)
        self.recorder.tick()
        self._look_for_conflict()

    def again(self) -> str | None:
        """
        Tell the entry after which the stream is to be read once more.

        None while the disk refuses, and when it has refused nothing.
        """
        if self._refused is None or self.recorder.holds_back:
            return None
        refused, self._refused = self._refused, None
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
            "conflict": self._live_runs.conflict,
            "counters": {
                "missing": self._missing,
                "gaps": self._gaps,
                "duplicates": self._runs.duplicates,
                "foreign": self._runs.foreign,
                "resets": stats.resets,
                "off_clock": self._live.latencies.off_clock,
            },
            "samples_rejected": {"duplicate": stats.duplicates, "unusable": stats.unusable},
        }

    def _record(self, arrivals: Sequence[Arrival], place: RunPlace) -> None:
        """Give to the recorder what came since *place*; what it refuses is to come again."""
        if not arrivals:
            return
        began_s = self._clock.monotonic_s()
        was_recording = self.recorder.recording
        before = self.recorder.collector.stats
        taken = self.recorder.take(arrivals)
        after = self.recorder.collector.stats
        busy_s = self._clock.monotonic_s() - began_s
        written = after.envelopes - before.envelopes
        for _ in range(written):
            size_bytes = (after.written_bytes - before.written_bytes) / written
            self._written.beat(busy_s / written, size_bytes)
        for arrival in arrivals[:taken]:
            self._count_gap(arrival, in_session=was_recording or self.recorder.recording)
        if taken < len(arrivals):
            self._refused = arrivals[taken]
            self._runs.go_back(place, arrivals, taken)

    def _look_at(self, arrivals: Sequence[Arrival]) -> None:
        """Show the live view what it has not seen."""
        began_s = self._clock.monotonic_s()
        received = moment(self._clock)
        unseen = [arrival for arrival in arrivals if self._is_unseen(arrival)]
        is_prompt = not self._live_runs.holds
        own = self._live_runs.take(unseen)
        for arrival in own:
            self._live.see(arrival, received, is_prompt=is_prompt)
        seen_s = self._clock.monotonic_s()
        for arrival in own:
            self._received.beat((seen_s - began_s) / len(own), len(arrival.envelope))

    def _is_unseen(self, arrival: Arrival) -> bool:
        if self._seen_id and order_of(arrival.entry_id) <= order_of(self._seen_id):
            return False
        if self._refused is None:
            self._seen_id = ""  # what was read twice is behind us
        return not arrival.recalled

    def _count_gap(self, arrival: Arrival, *, in_session: bool) -> None:
        """Nothing that was to be recorded is missing in a gap of unknown size outside of one."""
        if arrival.missing or (arrival.gap and in_session):
            self._gaps += 1
            self._missing += arrival.missing
            log.warning(
                "envelopes are missing",
                extra={
                    "camera": self.prefix,
                    "missing": arrival.missing,
                    "within_s": round(arrival.gap_s, 3),
                    "why": arrival.gap or SKIPPED,
                },
            )

    def _look_for_conflict(self) -> None:
        runs = self._live_runs.conflict
        if bool(runs) != self._in_conflict:
            self._in_conflict = bool(runs)
            if runs:
                log.error(
                    "two servers publish under this prefix; only the first is recorded",
                    extra={"camera": self.prefix, "runs": runs},
                )
            else:
                log.info("one server publishes under this prefix", extra={"camera": self.prefix})
