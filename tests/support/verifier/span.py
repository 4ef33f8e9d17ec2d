"""What belongs to a session, by the record of the stream and by what servers were heard to make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from tests.support.verifier.entries import Entry, once

Key = tuple[str, int]
RELAY = "relay-"
"""How the name of a relay's run begins: it goes on with what the one before it relayed."""


class End(Enum):
    """How a session ended."""

    STOPPED = "the run that recorded it stopped it"
    CUT = "the run that recorded it ended in it, and no other took it up"
    OPEN = "nothing has ended it"


@dataclass(slots=True)
class Span:
    """
    What belongs to a session.

    Attributes:
        must: The numbers that have to be in the file.
        may: Further entries that lie between its first and its last, of another run.
        tail: Those of *must* that only gRPC had: made, and never in the stream.
        hole: A relay was away in it, so what it missed has no number.
        end: How it ended.
        entries: All that the stream held, by number.
    """

    must: list[Key] = field(default_factory=list)
    may: list[Key] = field(default_factory=list)
    tail: set[Key] = field(default_factory=set)
    hole: bool = False
    end: End = End.OPEN
    entries: Mapping[Key, Entry] = field(default_factory=dict)


def span_of(session: str, entries: Sequence[Entry], made: Mapping[str, int] | None = None) -> Span:
    """
    Find the span of *session*.

    A session begins with the state that names it. Only the run that began it ends it, or one that
    takes it up again by naming it in its own first state. It is cut when a later run begins and
    does not. A run beside it that is heard before its own was heard for the last time is not a
    later one.

    Args:
        session: Its id.
        entries: The record of the stream.
        made: The highest number that each run was heard to give, over gRPC.

    Raises:
        LookupError: If its start is not in the record.
    """
    entries = once(entries)
    place = next((n for n, entry in enumerate(entries) if entry.state == (True, session)), None)
    if place is None:
        raise LookupError(f"the stream has no start of {session}")
    return _Walk(session, entries, made or {}).from_start(place)


class _Walk:
    """Goes through the entries from the start of a session to its end."""

    def __init__(self, session: str, entries: Sequence[Entry], made: Mapping[str, int]) -> None:
        self._session = session
        self._entries = entries
        self._last_place = {entry.run: place for place, entry in enumerate(entries)}
        self._in_stream: dict[str, int] = {}
        for entry in entries:
            self._in_stream[entry.run] = max(entry.seq, self._in_stream.get(entry.run, 0))
        self._made = {**made}
        for run, seq in self._in_stream.items():
            self._made[run] = max(seq, made.get(run, 0))
        self._span = Span(entries={entry.key: entry for entry in entries})

    def from_start(self, start: int) -> Span:
        self._owner, self._first = self._entries[start].run, self._entries[start].seq
        self._seen = {entry.run for entry in self._entries[:start]}
        last = next(
            (place for place in range(start + 1, len(self._entries)) if self._ends_at(place)),
            len(self._entries) - 1,
        )
        span = self._span
        if span.end is End.OPEN:
            self._take_until(self._made[self._owner])
        belongs = set(span.must)
        between = [entry.key for entry in self._entries[start : last + 1]]
        span.may = [key for key in between if key not in belongs]
        span.tail = {key for key in span.must if key[1] > self._in_stream.get(key[0], 0)}
        return span

    def _ends_at(self, place: int) -> bool:
        entry = self._entries[place]
        if self._is_the_next_relay(entry, place):
            self._hand_over_to(entry.run)
            self._span.hole = True
        self._span.hole |= bool(entry.gap)
        if entry.state is None or entry.state == (True, self._session):
            if entry.state is not None and self._is_later(entry, place):
                self._hand_over_to(entry.run)
            return False
        if entry.run == self._owner:
            # A start without a stop before it belongs to the session that it begins.
            self._take_until(entry.seq - entry.state[0])
            self._span.end = End.STOPPED
            return True
        if self._is_later(entry, place):
            self._take_until(self._made[self._owner])
            self._span.end = End.CUT
            return True
        return False

    def _is_later(self, entry: Entry, place: int) -> bool:
        return (
            entry.run != self._owner
            and entry.run not in self._seen
            and self._last_place[self._owner] < place
        )

    def _is_the_next_relay(self, entry: Entry, place: int) -> bool:
        relays = entry.run.startswith(RELAY) and self._owner.startswith(RELAY)
        return relays and self._is_later(entry, place)

    def _hand_over_to(self, run: str) -> None:
        self._take_until(self._made[self._owner])
        self._seen.add(self._owner)
        self._owner, self._first = run, 1

    def _take_until(self, seq: int) -> None:
        self._span.must += [(self._owner, number) for number in range(self._first, seq + 1)]
