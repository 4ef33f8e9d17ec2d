"""
Which run of a server is the camera's, and what its numbers prove.

A server that is restarted begins another run, and its numbers begin anew. A run that begins while
another still speaks is something else: two servers write one stream. Both look the same at first,
so what a run says that begins is held until it is clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from services.collector.checkpoints import Checkpoint
from services.collector.silence import Silence
from services.collector.transport.base import ReceivedEnvelope
from smartspectra.ipc.wire.channels import RECORDING_STATE
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, recording_of
from vitalrig.clock import Clock

SILENCE_S = 5.0
"""A run that has been silent for so long is over, if another is there."""

CONFLICT_S = 10.0
"""So long after it was last seen, a conflict is still shown."""

MAX_HELD = 5_000
MAX_RUNS = 32

RESTARTED = "the server was restarted; what it had not sent is unknown"
TAKEN_OVER = "another server of the same prefix went on in place of the one before"


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """
    How far a camera's runs have been followed.

    Attributes:
        run: The camera's run; empty before one was heard.
        numbers: The last number of each run.
        is_recording: Whether the camera's run has begun a recording and not ended it.
        heard_id: The entry that was last heard of it.
    """

    run: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    is_recording: bool = False
    heard_id: str = ""

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Self:
        """
        Go on where a collector was that has ended.
        """
        numbers = {checkpoint.run: checkpoint.seq} if checkpoint.run else {}
        return cls(checkpoint.run, numbers, bool(checkpoint.session_id), checkpoint.entry_id)


class _Before(NamedTuple):
    """What comes before the next envelope of the camera's run, as `ReceivedEnvelope` says it."""

    missing: int = 0
    foreign: int = 0
    gap: str = ""
    gap_s: float = 0.0


_NOTHING = _Before()


class SequenceTracker:
    """
    Follows the numbers of a camera's run, and keeps other runs apart from it.

    What another run says is held. If the camera's run speaks again, that is a conflict: what was
    held is dropped and counted. Else the other one becomes the camera's run, and what was held
    goes on: because it follows that run and says so; because that run has been silent for some
    seconds; or because that run does not record, and the other one begins to.

    Args:
        clock: What tells the time.
        place: Where they were left.

    Attributes:
        run: The camera's run; empty before one was heard.
        duplicates: How many came again.
        foreign: How many were dropped because they are of another run.
    """

    def __init__(self, clock: Clock, place: TrackedRun | None = None) -> None:
        self._clock = clock
        self.duplicates = 0
        self.foreign = 0
        self._starts: dict[str, ReceivedEnvelope] = {}
        self._rivals: dict[str, float] = {}
        self._arrived_s = clock.monotonic_s()
        self._go_on_from(place or TrackedRun())

    @property
    def place(self) -> TrackedRun:
        """
        How far they have been followed; what is held is behind that.
        """
        return TrackedRun(self.run, dict(self._numbers), self._is_recording, self._silence.heard_id)

    @property
    def holds(self) -> bool:
        """
        Whether something waits until it is clear whose it is.
        """
        return bool(self._held)

    def go_back(self, place: TrackedRun, arrivals: Sequence[ReceivedEnvelope], taken: int) -> None:
        """
        Go back to *place* and what was dealt with since then; all behind that comes again.

        Args:
            place: How far they had been followed.
            arrivals: What was given since then.
            taken: How many of those, from the front, are dealt with.
        """
        self._go_on_from(place)
        for arrival in arrivals[:taken]:
            if arrival.seq:
                self.run = arrival.run
                self._silence.end(arrival.entry_id)
                self._number(arrival.run, arrival.seq)
            self._note_state(arrival)
        self._begin_with(arrivals[taken])

    def _go_on_from(self, place: TrackedRun) -> None:
        self.run, self._numbers = place.run, dict(place.numbers)
        self._is_recording, self._silence = place.is_recording, Silence(self._clock, place.heard_id)
        self._held: list[ReceivedEnvelope] = []
        self._before = _NOTHING

    @property
    def conflict(self) -> list[str]:
        """
        The runs that speak at the same time, first the camera's; empty while there is but one.
        """
        now_s = self._clock.monotonic_s()
        rivals = [run for run, seen_s in self._rivals.items() if now_s - seen_s < CONFLICT_S]
        others = [run for run in rivals if run != self.run]
        return [self.run, *others] if others else []

    def take(self, arrivals: Sequence[ReceivedEnvelope]) -> list[ReceivedEnvelope]:
        """
        Take what arrived together, in order.

        Returns:
            What is the camera's and was not taken before, each with what is missing before it.
        """
        now_s = self._arrived_s = self._clock.monotonic_s()
        if self._are_next(arrivals):
            self._silence.end(arrivals[-1].entry_id, now_s)
            self._numbers[self.run] = arrivals[-1].seq
            return list(arrivals)
        return [each for arrival in arrivals for each in self._judge(arrival, now_s)]

    def release(self) -> list[ReceivedEnvelope]:
        """
        Give what is held if nothing at all has come for some seconds; then that run goes on.
        """
        now_s = self._clock.monotonic_s()
        if not self._held or self.conflict or now_s - self._arrived_s < SILENCE_S:
            return []
        return self._go_over(now_s)

    def _are_next(self, arrivals: Sequence[ReceivedEnvelope]) -> bool:
        """Whether they are what the camera's run says next, and nothing but measurements."""
        if self._held or self._before != _NOTHING or not (self.run and arrivals):
            return False
        run, first = self.run, self._numbers[self.run] + 1
        numbers = [
            arrival.seq
            for arrival in arrivals
            if arrival.run == run and arrival.channel != RECORDING_STATE
        ]
        return numbers == list(range(first, first + len(arrivals)))

    def _judge(self, arrival: ReceivedEnvelope, now_s: float) -> Sequence[ReceivedEnvelope]:
        if not arrival.seq:
            return self._judge_unnumbered(arrival)
        self._begin_with(arrival)
        if arrival.run == self.run:
            if self._held:
                return [*self._drop_held(now_s), *self._accept(arrival, now_s)]
            return self._accept(arrival, now_s)
        if arrival.seq <= self._numbers.get(arrival.run, 0):
            self.duplicates += 1
            return ()
        last = self._last_that_it_follows(arrival)
        dropped = self._drop_held(now_s) if last is not None else ()
        self._held.append(arrival)
        if last is not None or self._is_over(arrival, now_s):
            return [*dropped, *self._go_over(now_s, last)]
        return ()

    def _begin_with(self, arrival: ReceivedEnvelope) -> None:
        """Who starts to listen in mid-run has missed nothing that it was asked to keep."""
        if not self.run and arrival.seq:
            self.run, self._numbers[arrival.run] = arrival.run, arrival.seq - 1

    def _judge_unnumbered(self, arrival: ReceivedEnvelope) -> Sequence[ReceivedEnvelope]:
        """What is of no run goes on in its place."""
        if arrival.is_replayed_state:
            self._note_state(arrival)
        if not self._held:
            return (arrival,)
        self._held.append(arrival)
        return ()

    def _accept(self, arrival: ReceivedEnvelope, now_s: float) -> Sequence[ReceivedEnvelope]:
        self._silence.end(arrival.entry_id, now_s)
        missing = arrival.seq - self._numbers[self.run] - 1
        if missing < 0:
            self.duplicates += 1
            return ()
        self._numbers[self.run] = arrival.seq
        self._note_state(arrival)
        if not missing and self._before == _NOTHING:
            return (arrival,)
        before, self._before = self._before, _NOTHING
        return (
            replace(
                arrival,
                missing=missing + before.missing,
                foreign=before.foreign,
                gap=arrival.gap or before.gap,
                gap_s=arrival.gap_s or before.gap_s,
            ),
        )

    def _note_state(self, arrival: ReceivedEnvelope) -> None:
        state = _state_of(arrival)
        if state is not None:
            self._is_recording = state

    def _drop_held(self, now_s: float) -> list[ReceivedEnvelope]:
        """Both runs speak: what is of the other one is not the camera's. Gives what is of none."""
        held, self._held = self._held, []
        foreign = self.foreign
        for arrival in held:
            if arrival.seq > self._numbers.get(arrival.run, 0):
                self._number(arrival.run, arrival.seq)
                self._rivals[arrival.run] = now_s
                self.foreign += 1
                state = _state_of(arrival)
                if state:
                    self._starts[arrival.run] = arrival
                elif state is False:
                    self._starts.pop(arrival.run, None)
        dropped = self._before.foreign + self.foreign - foreign
        self._before = self._before._replace(foreign=dropped)
        return [arrival for arrival in held if not arrival.seq]

    def _number(self, run: str, seq: int) -> None:
        self._numbers[run] = seq
        while len(self._numbers) > MAX_RUNS:
            oldest = next(each for each in self._numbers if each not in {run, self.run})
            del self._numbers[oldest]
            self._rivals.pop(oldest, None)
            self._starts.pop(oldest, None)

    def _last_that_it_follows(self, arrival: ReceivedEnvelope) -> int | None:
        """The last number of the camera's run, if *arrival* is the first of one that follows it."""
        run, _, last = arrival.follows.rpartition(":")
        if arrival.seq != 1 or run != self.run or not last.isdecimal():
            return None
        if int(last) < self._numbers[run]:
            return None  # more has come than it says there was: it is wrong
        return int(last)

    def _is_over(self, arrival: ReceivedEnvelope, now_s: float) -> bool:
        """Whether the camera's run is over, now that another one says *arrival*."""
        if not self._is_recording and _state_of(arrival):
            return True
        return len(self._held) >= MAX_HELD or self._silence.lasts_s(arrival, now_s) >= SILENCE_S

    def _go_over(self, now_s: float, last: int | None = None) -> list[ReceivedEnvelope]:
        """
        Take the run that waits for the camera's.

        Args:
            now_s: Now.
            last: The last number that the run before it ever gave; None if that is not known.
        """
        held, self._held = self._held, []
        first = next(arrival for arrival in held if arrival.seq)
        if last is None:
            gap = TAKEN_OVER if first.run in self._numbers else RESTARTED
            gap_s = max(0.0, self._silence.in_stream_s(first)) if self._silence.heard_id else 0.0
            self._before = self._before._replace(gap=gap, gap_s=gap_s)
        else:
            self._before = self._before._replace(missing=last - self._numbers[self.run])
        self.run = first.run
        self._number(self.run, self._numbers.get(self.run, 0))
        given: list[ReceivedEnvelope] = []
        start = self._starts.pop(self.run, None)
        self._is_recording = start is not None
        if start is not None:
            given.append(
                replace(start, seq=0, entry_id=self._silence.heard_id, is_replayed_state=True)
            )
        for arrival in held:
            given += self._judge(arrival, now_s)
        return given


def _state_of(arrival: ReceivedEnvelope) -> bool | None:
    """What an arrival says of the recording: that it runs, that it does not, or nothing."""
    if arrival.channel != RECORDING_STATE:
        return None
    try:
        return recording_of(Envelope.parse(arrival.envelope).payload)
    except BadEnvelope:
        return None
