"""One camera as it is shown: its newest numbers, whichever of two readers comes first with them."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

from services.collector.live_view import LiveView
from services.collector.recording_events import RecordingEvents
from services.collector.sequence_tracker import SequenceTracker, TrackedRun
from services.collector.transport.base import ReceivedEnvelope
from services.collector.transport.entry_ids import order_of
from smartspectra.ipc.wire.envelope_parser import EnvelopeParser
from vitalrig.clock import Clock, Moment, moment
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.unkept import Unkept

log = logging.getLogger(__name__)

Order = tuple[int, int]

UNKEPT_FOR_S = 6.0
"""What is not kept is shown every two seconds; after a longer silence it is no more."""

NOT_KEPT = "Redis keeps nothing more; what comes waits at the server"


class LiveCamera:
    """
    What a camera says now; safe to use from two threads.

    The reader that records gives everything that arrives, in order, and each envelope is counted
    when it does. That reader may be behind, or held up by the disk: then a stand-in shows what is
    newest, ahead of it. What Redis refuses to keep is heard on a channel of its own, and counted
    when it comes in the stream after all.

    Args:
        prefix: The camera's key prefix.
        place: Where its runs were left.
        beats: Where heartbeats go.
        clock: What tells the time.
        events: Where is said what happens.

    Attributes:
        recorded: What the recording last said of itself, JSON-ready; empty before it did.
        recorded_id: The last entry that the recording has dealt with; empty for none.
    """

    def __init__(
        self,
        prefix: str,
        place: TrackedRun,
        beats: ServiceHeartbeats,
        clock: Clock,
        events: RecordingEvents,
    ) -> None:
        self._events = events
        self.prefix = prefix
        self.recorded: dict[str, Any] = {}
        self.recorded_id = place.heard_id
        self._lock = threading.Lock()
        self._runs = SequenceTracker(clock, place)
        self._view = LiveView(events.show_status)
        self._parser = EnvelopeParser()
        self._clock = clock
        self._received = beats.step("envelopes_received")
        self._heard: tuple[str, int] = ("", 0)
        self._heard_at_s = float("-inf")
        self._said_unkept = False
        self._newest_id = ""
        self._counted_until: Order | None = None
        self._shown_until: Order | None = None
        self._in_conflict = False

    def take(self, arrivals: Sequence[ReceivedEnvelope]) -> None:
        """
        Take what the reader that records was given.
        """
        with self._lock:
            began_s = self._clock.monotonic_s()
            received = moment(self._clock)
            is_prompt = not self._runs.holds
            self._parse(arrivals)
            unseen = [arrival for arrival in arrivals if self._is_unseen(arrival)]
            own = self._runs.take(unseen)
            if own:
                self._heard_at_s = float("-inf")
            self._look_at(own, received, is_prompt=is_prompt)
            if self._shown_until is None:
                self._newest_id = arrivals[-1].entry_id
            size_bytes = sum(len(arrival.envelope) for arrival in own)
            self._received.beat_times(len(own), self._clock.monotonic_s() - began_s, size_bytes)

    def _look_at(
        self, arrivals: Sequence[ReceivedEnvelope], received: Moment, *, is_prompt: bool
    ) -> None:
        for was_heard, some in groupby(arrivals, self._was_heard):
            self._view.take(list(some), received, shown=not was_heard, is_prompt=is_prompt)

    def _parse(self, arrivals: Sequence[ReceivedEnvelope]) -> None:
        """Parse what nobody has parsed, once for all who want it."""
        unparsed = [arrival for arrival in arrivals if arrival.parsed is None]
        known = self._parser.parse_all([arrival.envelope for arrival in unparsed])
        if known is not None:
            for arrival, document in zip(unparsed, known, strict=True):
                arrival.parsed = document
            return
        for arrival in unparsed:
            with suppress(ValueError, RecursionError):  # whoever wants it finds that it is none
                arrival.parsed = self._parser.parse(arrival.envelope)

    def _is_unseen(self, arrival: ReceivedEnvelope) -> bool:
        """Whether it is new, rather than counted before, or shown before and now counted."""
        if arrival.is_replayed_state:
            return False
        if self._counted_until is not None:
            if order_of(arrival.entry_id) <= self._counted_until:
                return False
            self._counted_until = None
        if self._shown_until is not None:
            if order_of(arrival.entry_id) <= self._shown_until:
                self._view.take([arrival], moment(self._clock), shown=False)
                self._received.beat(0.0, len(arrival.envelope))
                return False
            self._shown_until = None
        return True

    def expect_again(self, until: str) -> None:
        """
        What came up to the entry *until* will be given to `take` once more.
        """
        with self._lock:
            self._counted_until = order_of(until)

    def show(self, newest: Sequence[ReceivedEnvelope]) -> None:
        """
        Show the newest of the stream, which the reader that records will give as well, later.
        """
        with self._lock:
            last = order_of(newest[-1].entry_id)
            shown = order_of(self._newest_id) if self._newest_id else (0, 0)
            if last < shown:
                shown = (0, 0)  # another stream is under this name now
            received = moment(self._clock)
            unseen = [each for each in newest if order_of(each.entry_id) > shown]
            self._parse(unseen)
            news = [each for each in self._runs.take(unseen) if not self._was_heard(each)]
            self._view.take(news, received, counted=False)
            if unseen:
                self._newest_id, self._shown_until = newest[-1].entry_id, last

    def hear(self, unkept: Unkept) -> None:
        """
        Show what Redis does not keep now, and `take` will be given later under the same number.
        """
        with self._lock:
            self._heard_at_s = self._clock.monotonic_s()
            run, seq = self._heard
            if unkept.run != run or unkept.seq > seq:
                self._heard = unkept.run, unkept.seq
                arrival = ReceivedEnvelope(self.prefix, unkept.channel, unkept.envelope)
                self._view.take([arrival], moment(self._clock), counted=False)

    def _was_heard(self, arrival: ReceivedEnvelope) -> bool:
        run, seq = self._heard
        return arrival.run == run and 0 < arrival.seq <= seq

    def is_in_step(self) -> None:
        """
        Note that the reader that records has come to the end of the stream.
        """
        self._shown_until = None

    def tick(self, stalled: str | None = None) -> None:
        """
        Do what is due although nothing came.

        Args:
            stalled: Why nothing at all is recorded, if the loop that records stands still.
        """
        with self._lock:
            released = self._runs.release()
            self._view.take(released, moment(self._clock), is_prompt=False)
            self._look_for_conflict()
            self._look_for_unkept()
            self._look_for_pause(stalled)

    @property
    def trouble(self) -> str | None:
        """
        Why nothing comes to the recording although the server makes something; None if it comes.
        """
        since_s = self._clock.monotonic_s() - self._heard_at_s
        return NOT_KEPT if since_s <= UNKEPT_FOR_S else None

    def _lag_s(self) -> float | None:
        """By the stream's own clock; None where there is no stream."""
        if not self._newest_id or not self.recorded_id:
            return None
        newest_ms, _ = order_of(self._newest_id)
        recorded_ms, _ = order_of(self.recorded_id)
        return max(0, newest_ms - recorded_ms) / 1_000

    def document(self) -> dict[str, Any]:
        """
        What the exporter is told, JSON-ready.
        """
        with self._lock:
            now = moment(self._clock)
            view = self._view.document(now)
            recorded, recording = self.recorded, self.recorded.get("recording")
            counters = {
                **recorded.get("counters", {}),
                "off_clock": self._view.latencies.off_clock,
            }
            return {
                "prefix": self.prefix,
                "updated_us": now.wall_us,
                **view,
                "conflict": self._runs.conflict,
                **recorded,
                **({"recording": self._recording(recording)} if recording else {}),
                "counters": counters,
            }

    def _recording(self, told: dict[str, Any]) -> dict[str, Any]:
        """What the recording says of itself, with what it cannot know."""
        paused = told.get("paused") or (self.trouble if told.get("active") else None)
        return {**told, "paused": paused or "", "lag_s": self._lag_s()}

    def _look_for_pause(self, stalled: str | None) -> None:
        told = self.recorded.get("recording", {})
        is_open = bool(told.get("active"))
        why = stalled or told.get("paused") or self.trouble
        self._events.show_pause(why if is_open and why else None)

    def _look_for_unkept(self) -> None:
        trouble = self.trouble
        if bool(trouble) != self._said_unkept:
            self._said_unkept = bool(trouble)
            if trouble:
                log.error("nothing to record", extra={"camera": self.prefix, "why": trouble})
            else:
                log.info("Redis keeps envelopes again", extra={"camera": self.prefix})

    def _look_for_conflict(self) -> None:
        runs = self._runs.conflict
        if bool(runs) != self._in_conflict:
            self._in_conflict = bool(runs)
            if runs:
                log.error(
                    "two servers publish under this prefix; only the first is recorded",
                    extra={"camera": self.prefix, "runs": runs},
                )
            else:
                log.info("one server publishes under this prefix", extra={"camera": self.prefix})
