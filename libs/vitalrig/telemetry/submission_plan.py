"""What is new in a submission, and what was kept before under the same key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from vitalrig.telemetry.event_line import ENCODER, PreparedEvent, parsed, public_event
from vitalrig.telemetry.idempotency_keys import (
    BATCH_KEY,
    IdempotencyKeys,
    KeyEntry,
    batch_mark,
)
from vitalrig.telemetry.kept_event import KeptEvent
from vitalrig.telemetry.submission import Submission
from vitalrig.telemetry.telemetry_errors import TelemetryKeyError

Event = dict[str, Any]


@dataclass
class SubmissionPlan:
    """
    What is to be done with a submission.

    Attributes:
        submission: The submission.
        new: The events that are to be kept.
        answers: For each event its place among the new ones, or what was answered first.
        first_stored: The place of the first new event that goes to a file; -1 if none does.
        last_stored: The place of the last one.
    """

    submission: Submission
    new: Sequence[PreparedEvent]
    answers: Sequence[int | Event]
    first_stored: int = field(init=False)
    last_stored: int = field(init=False)

    def __post_init__(self) -> None:
        stored = [n for n, each in enumerate(self.new) if each.request.store_permanently]
        self.first_stored = stored[0] if stored else -1
        self.last_stored = stored[-1] if stored else -1

    def batch_mark(self, first_seq: int) -> str:
        """
        Give what the first line of a keyed batch tells of the batch; empty without a key.

        Args:
            first_seq: The number of the first new event.
        """
        key = self.submission.key
        if key is None:
            return ""
        mark = batch_mark(key.key, key.digest, self._seqs(first_seq))
        return f',"{BATCH_KEY}":{ENCODER.encode(mark)}'

    def answer(self, events: Sequence[KeptEvent]) -> Event | list[Event]:
        """
        Give what is answered, now that the new events are kept.
        """
        answers = [events[a].answer() if isinstance(a, int) else a for a in self.answers]
        return answers if self.submission.is_batch else answers[0]

    def key_entries(self, events: Sequence[KeptEvent]) -> list[KeyEntry]:
        """
        Give what is known by a key from now on.
        """
        entries = [
            _entry(event.prepared.request.key, event.prepared.digest, [event.seq], [event])
            for event in events
            if event.prepared.request.key is not None
        ]
        if (key := self.submission.key) is not None and events:
            entries.append(_entry(key.key, key.digest, self._seqs(events[0].seq), events))
        return entries

    def _seqs(self, first_seq: int) -> list[int]:
        return [first_seq + a if isinstance(a, int) else a["seq"] for a in self.answers]


def plan_of(submission: Submission, keys: IdempotencyKeys) -> SubmissionPlan:
    """
    Find out what of a submission is new.

    Raises:
        TelemetryKeyError: If a key was used before with other content.
        OSError: If what was answered before cannot be read.
    """
    if not submission.keys:
        return SubmissionPlan(submission, submission.events, range(len(submission.events)))
    if submission.key is not None and (entry := keys.get(submission.key.key)) is not None:
        if entry.digest != submission.key.digest:
            raise TelemetryKeyError(f"the key {entry.key!r} was used before with another batch")
        answers = _first_answers(entry, submission.events, keys)
        return SubmissionPlan(submission, (), answers)
    return _plan_by_event(submission, keys)


def _plan_by_event(submission: Submission, keys: IdempotencyKeys) -> SubmissionPlan:
    new: list[PreparedEvent] = []
    answers: list[int | Event] = []
    places: dict[str, int] = {}
    for number, event in enumerate(submission.events):
        key = event.request.key
        if key is None:
            answers.append(len(new))
            new.append(event)
        elif (entry := keys.get(key)) is not None:
            _check(entry.digest, event, number)
            answers += _first_answers(entry, [event], keys)
        elif key in places:
            _check(new[places[key]].digest, event, number)
            answers.append(places[key])
        else:
            answers.append(len(new))
            places[key] = len(new)
            new.append(event)
    return SubmissionPlan(submission, new, answers)


def _check(digest: str, event: PreparedEvent, number: int) -> None:
    if digest != event.digest:
        raise TelemetryKeyError(
            f"event {number}: the key {event.request.key!r} was used before with another event"
        )


def _first_answers(
    entry: KeyEntry, events: Sequence[PreparedEvent], keys: IdempotencyKeys
) -> list[Event]:
    """
    Give what was answered first. Of what no file has any more, the content is the one at hand.
    """
    return [
        public_event(parsed(line) or {})
        if line is not None
        else KeptEvent(seq, b"", event, event.request.meta, None).answer()
        for seq, line, event in zip(entry.seqs, keys.lines(entry), events, strict=True)
    ]


def _entry(key: str | None, digest: str, seqs: list[int], events: Sequence[KeptEvent]) -> KeyEntry:
    unstored = [event.seq for event in events if not event.prepared.request.store_permanently]
    return KeyEntry(key or "", digest, seqs, unstored, {each.seq: each.line for each in events})
