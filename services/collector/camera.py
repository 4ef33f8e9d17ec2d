"""One camera as it is recorded: numbers checked, and given to the recorder."""

import logging
from collections.abc import Sequence

from services.collector.live_camera import LiveCamera
from services.collector.recorder import SKIPPED, Recorder
from services.collector.recording_events import RecordingEvents
from services.collector.sequence_tracker import SequenceTracker, TrackedRun
from services.collector.transport.base import ReceivedEnvelope
from services.collector.transport.entry_ids import entry_before
from vitalrig.clock import Clock
from vitalrig.service.heartbeats import ServiceHeartbeats

log = logging.getLogger(__name__)


class Camera:
    """
    One camera.

    Its runs are followed twice: for the live view as envelopes come, and for the record. While the
    disk refuses to take envelopes that the stream keeps, the record waits and the live view goes
    on; `rewind_position` then tells from where they are to be read once more.

    Args:
        live: The same camera as it is shown.
        recorder: Writes its session files.
        place: Where its runs were left.
        beats: Where heartbeats go.
        clock: What tells the time.
        events: Where is said what happens.
    """

    def __init__(
        self,
        live: LiveCamera,
        recorder: Recorder,
        place: TrackedRun,
        beats: ServiceHeartbeats,
        clock: Clock,
        events: RecordingEvents,
    ) -> None:
        self._events = events
        self.prefix = live.prefix
        self.recorder = recorder
        self._live = live
        self._runs = SequenceTracker(clock, place)
        self._clock = clock
        self._written = beats.step("envelopes_written")
        self._refused: ReceivedEnvelope | None = None
        self._last_id = ""
        self._missing = 0
        self._gaps = 0

    def take(self, arrivals: Sequence[ReceivedEnvelope]) -> None:
        """
        Take what arrived together, in order.
        """
        self._live.take(arrivals)
        self._last_id = arrivals[-1].entry_id
        if self._refused is not None:
            return
        place = self._runs.place
        self._record(self._runs.take(arrivals), place)
        if self._refused is None:
            self._live.recorded_id = self._last_id
        else:
            self._live.recorded_id = entry_before(self._refused.entry_id)

    def tick(self) -> None:
        """
        Do what is due although nothing came.
        """
        if self._runs.holds:
            place = self._runs.place
            self._record(self._runs.release(), place)
        self.recorder.tick()

    def rewind_position(self) -> str | None:
        """
        Tell the entry after which the stream is to be read once more.

        None while the disk refuses, and when it has refused nothing.
        """
        if self._refused is None or self.recorder.holds_back:
            return None
        refused, self._refused = self._refused, None
        self._live.expect_again(self._last_id)
        return entry_before(refused.entry_id)

    @property
    def trouble(self) -> str | None:
        """
        Why something is not written that should be, or None.
        """
        return self.recorder.trouble

    def begin_close(self) -> None:
        """
        Begin to finish its files.
        """
        self.recorder.begin_close()

    def close(self) -> None:
        """
        Wait until they are finished.
        """
        self.recorder.close()

    def report(self) -> None:
        """
        Tell the live camera how the recording goes.
        """
        stats = self.recorder.collector.stats
        self._live.recorded = {
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
                "duplicates": self._runs.duplicates,
                "foreign": self._runs.foreign,
                "resets": stats.resets,
            },
            "samples_rejected": {"duplicate": stats.duplicates, "unusable": stats.unusable},
        }

    def _record(self, arrivals: Sequence[ReceivedEnvelope], place: TrackedRun) -> None:
        """Give to the recorder what came since *place*; what it refuses is to come again."""
        if not arrivals:
            return
        began_s = self._clock.monotonic_s()
        was_recording = self.recorder.recording
        lines, size_bytes = self.recorder.written, self.recorder.written_bytes
        taken = self.recorder.take(arrivals)
        busy_s = self._clock.monotonic_s() - began_s
        written = self.recorder.written - lines
        size_bytes = self.recorder.written_bytes - size_bytes
        self._written.beat_times(written, busy_s, size_bytes)
        for arrival in arrivals[:taken]:
            if arrival.missing or arrival.gap:
                self._count_gap(arrival, in_session=was_recording or self.recorder.recording)
        if taken < len(arrivals):
            self._refused = arrivals[taken]
            self._runs.go_back(place, arrivals, taken)

    def _count_gap(self, arrival: ReceivedEnvelope, *, in_session: bool) -> None:
        """Nothing that was to be recorded is missing in a gap of unknown size outside of one."""
        if arrival.missing or (arrival.gap and in_session):
            self._gaps += 1
            self._missing += arrival.missing
            self._events.miss(arrival, arrival.gap or SKIPPED)
            log.warning(
                "envelopes are missing",
                extra={
                    "camera": self.prefix,
                    "missing": arrival.missing,
                    "within_s": round(arrival.gap_s, 3),
                    "why": arrival.gap or SKIPPED,
                },
            )
