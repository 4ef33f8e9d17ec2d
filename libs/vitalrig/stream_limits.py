"""
How much of the durable stream is kept: by number, by memory and by time.

No client here: whoever writes a stream looks at it with `questions`, and trims as `Limits` says.
A refused XADD trims nothing, but Redis takes XTRIM when it is full, so a writer makes room itself:
before Redis is full if it can. What goes first is older than `Limits.least_s`. Where no such is
left, a refusal would lose what is new for certain, so what every collector has recorded goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from vitalrig.redis_keys import RECORDED_GROUP

LOOK_EVERY_S = 5.0
"""How often a writer looks at its stream."""

MOST_ROOM_MADE = 3
"""How often room is made for one batch before Redis counts as away."""

Command = tuple[str | int, ...]
EntryId = tuple[int, int]

EARLIEST, LATEST = 0.85, 0.95
"""
Shares of Redis's memory from which on writers make room, before it refuses anything: at the first
whose stream reaches far back, at the last whose stream holds hardly more than has to be kept. So
the streams of all cameras become equally long.
"""

_SHARE = 8
"""To make room, the oldest eighth goes; again where that was not enough."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """
    What a stream holds.

    Attributes:
        entries: How many entries.
        size_bytes: The memory that they take, as Redis estimates it; 0 if it does not say.
        oldest_ms: The time of the oldest entry, on Redis's clock.
        newest_ms: The time of the newest entry.
        now_ms: The time on Redis's clock; that of the newest entry if it does not say.
        used_bytes: The memory that all of Redis uses.
        limit_bytes: The memory that it may use; 0 is without limit, or not known.
        recorded: The last entry that all collectors have recorded; None where nobody says so.
    """

    entries: int = 0
    size_bytes: int = 0
    oldest_ms: int = 0
    newest_ms: int = 0
    now_ms: int = 0
    used_bytes: int = 0
    limit_bytes: int = 0
    recorded: EntryId | None = None

    @property
    def age_s(self) -> float:
        """
        The seconds since the oldest entry was added.
        """
        return max(0, self.now_ms - self.oldest_ms) / 1_000

    @property
    def held_s(self) -> float:
        """
        The seconds between the oldest and the newest entry.
        """
        return max(0, self.newest_ms - self.oldest_ms) / 1_000

    @classmethod
    def parse(cls, answers: Sequence[Any]) -> Self:
        """
        Understand the answers to `questions`; one that is an error counts as no answer.
        """
        entries, size_bytes, groups, oldest, newest, memory, now = answers
        return cls(
            entries=entries if isinstance(entries, int) else 0,
            size_bytes=size_bytes if isinstance(size_bytes, int) else 0,
            oldest_ms=_time_ms(oldest),
            newest_ms=_time_ms(newest),
            now_ms=max(_time_ms(newest), _now_ms(now)),
            used_bytes=_figure(memory, "used_memory"),
            limit_bytes=_figure(memory, "maxmemory"),
            recorded=_recorded(groups, _entry_id(newest)),
        )


def questions(stream: str) -> tuple[Command, ...]:
    """
    The commands that find out what *stream* holds.
    """
    return (
        ("XLEN", stream),
        ("MEMORY", "USAGE", stream),
        ("XINFO", "GROUPS", stream),
        ("XRANGE", stream, "-", "+", "COUNT", 1),
        ("XREVRANGE", stream, "+", "-", "COUNT", 1),
        ("INFO", "memory"),
        ("TIME",),
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What one camera's stream may take. 0 means no limit.

    Attributes:
        max_entries: The most entries.
        max_bytes: The most memory.
        max_age_s: The oldest entry.
        least_s: An entry is kept for so many seconds, but for *max_entries*, and but for what is
            recorded while a full Redis has nothing older. After that it may go, also where nothing
            new was taken since: a full Redis gets room at last.
    """

    max_entries: int = 60_000
    max_bytes: int = 0
    max_age_s: float = 0.0
    least_s: float = 300.0

    def entries(self, state: StreamState) -> int:
        """
        How many entries fit, after the size of those that are there.
        """
        if not (self.max_bytes and state.entries and state.size_bytes):
            return self.max_entries
        fit = self.max_bytes * state.entries // state.size_bytes
        least = round(state.entries * min(1.0, self.least_s / max(state.age_s, 0.001)))
        return min(self.max_entries, max(fit, least, 1))

    def too_old(self, stream: str, state: StreamState) -> Command | None:
        """
        The command that removes what is older than is wanted; None where nothing is.
        """
        age_s = max(self.max_age_s, self.least_s)
        if not self.max_age_s or state.age_s <= age_s:
            return None
        return _trim(stream, state.now_ms - round(age_s * 1_000))

    def wants_room(self, state: StreamState) -> bool:
        """
        Whether it is time to make room, before Redis is full.
        """
        spare = 1.0 - min(1.0, self.least_s / max(state.age_s, 0.001))
        share = LATEST - spare * (LATEST - EARLIEST)
        return state.used_bytes > share * state.limit_bytes > 0

    def room(self, stream: str, state: StreamState) -> Command | None:
        """
        The command that makes room in a full Redis of what is old; None if nothing is.
        """
        spare_s = state.age_s - self.least_s
        if not state.entries or spare_s <= 0:
            return None
        step_s = min(spare_s, state.age_s / _SHARE)
        return _trim(stream, state.oldest_ms + round(step_s * 1_000))

    def recorded_room(self, stream: str, state: StreamState) -> Command | None:
        """
        The command that makes room of what is recorded, however young; None if nothing is.

        The last entry that is recorded stays: by it a collector knows its stream again.
        """
        if not state.entries or state.recorded is None:
            return None
        step_ms = max(1, round(state.age_s / _SHARE * 1_000))
        return _trim(stream, *min((state.oldest_ms + step_ms, 0), state.recorded))


def _trim(stream: str, oldest_ms: int, number: int = 0) -> Command:
    return ("XTRIM", stream, "MINID", f"{oldest_ms}-{number}")


def _recorded(groups: Any, newest: EntryId) -> EntryId | None:  # noqa: ANN401
    """
    What the slowest collector has recorded; None if there is none, or one tells of another stream.
    """
    said = [
        _parsed_id(group[b"last-delivered-id"])
        for group in (
            dict(zip(each[::2], each[1::2], strict=True))
            for each in (groups if isinstance(groups, list) else ())
        )
        if group[b"name"].startswith(RECORDED_GROUP.encode())
    ]
    return min(said) if said and max(said) <= newest else None


def _figure(info: Any, name: str) -> int:  # noqa: ANN401
    figure = info.get(name) if isinstance(info, dict) else None
    return figure if isinstance(figure, int) else 0


def _now_ms(time: Any) -> int:  # noqa: ANN401
    match time:
        case (int(seconds), int(microseconds)):
            return seconds * 1_000 + microseconds // 1_000
    return 0


def _time_ms(entries: Any) -> int:  # noqa: ANN401
    return _entry_id(entries)[0]


def _entry_id(entries: Any) -> EntryId:  # noqa: ANN401
    try:
        return _parsed_id(entries[0][0])
    except (TypeError, IndexError, KeyError):
        return 0, 0


def _parsed_id(entry_id: bytes) -> EntryId:
    milliseconds, _, number = entry_id.partition(b"-")
    return int(milliseconds), int(number)
