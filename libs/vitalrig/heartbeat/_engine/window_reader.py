"""
What can be read of one beat, and of a run of beats.
"""

from collections.abc import Iterable, Iterator
from itertools import repeat
from math import inf
from operator import truediv
from typing import Any

from vitalrig.heartbeat._engine.field import Field
from vitalrig.heartbeat._engine.history import History, history_of
from vitalrig.heartbeat._engine.ring import Ring
from vitalrig.heartbeat._engine.sums import Number
from vitalrig.heartbeat.records import HeartbeatFieldRecord, HeartbeatRecord


def ratio(amount: Number, time: Number) -> float:
    """
    Divide, with infinity where the result is beyond all floats.
    """
    try:
        return amount / time
    except (OverflowError, ZeroDivisionError):
        # Integers beyond all floats, or a fraction of time so short that as a float it is 0.
        return inf if amount > 0 else -inf if amount < 0 else 0.0


class WindowReader:
    """
    Works out what is asked for. Whoever calls holds the ring's lock, and the ring is settled.

    A look back at one beat adds up what came since. After many of them, without a beat in between,
    the whole window is worked out at once and kept until the next beat, so that going through a
    window record by record costs little for each.
    """

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self._kept_at = 0
        self._kept: dict[int, History] = {}
        self._beats_added = 0

    def value(self, ident: int, field: Field) -> Any:  # noqa: ANN401 - tuple or list
        """
        The value as reported.
        """
        return self.ring.value(ident, field)

    def global_count(self, ident: int, field: Field) -> Number:
        """
        The sum since the first beat.
        """
        history = self._history(ident, field)
        return field.global_sum(ident) if history is None else history.globals[ident - self._start]

    def window_count(self, ident: int, field: Field) -> Number:
        """
        The sum over the window.
        """
        history = self._history(ident, field)
        return field.window_sum(ident) if history is None else history.windows[ident - self._start]

    def instant_count(self, ident: int, field: Field) -> Number:
        """
        The beat's own amount.
        """
        return field.instant(ident)

    def global_rate(self, ident: int, field: Field) -> float:
        """
        The sum since the first beat, or the number of beats, per unit of time.
        """
        time = self.ring.time
        amount = ident + 1 if field is time else self.global_count(ident, field)
        return ratio(amount, self.global_count(ident, time))

    def window_rate(self, ident: int, field: Field) -> float:
        """
        The sum over the window, or the number of its beats, per unit of time.
        """
        time = self.ring.time
        beats = min(ident + 1, self.ring.window)
        amount = beats if field is time else self.window_count(ident, field)
        return ratio(amount, self.window_count(ident, time))

    def instant_rate(self, ident: int, field: Field) -> float:
        """
        The beat's own amount, or one beat, per unit of time.
        """
        time = self.ring.time
        return ratio(1 if field is time else field.instant(ident), time.instant(ident))

    def record(self, ident: int) -> HeartbeatRecord:
        """
        All of one beat.
        """
        time, *others = [self._field_record(ident, field) for field in self.ring.fields]
        beats = min(ident + 1, self.ring.window)
        for other in others:
            other.glbl_rate = ratio(other.glbl, time.glbl)
            other.wndw_rate = ratio(other.wndw, time.wndw)
            other.inst_rate = ratio(other.inst, time.inst)
        time.glbl_rate = ratio(ident + 1, time.glbl)
        time.wndw_rate = ratio(beats, time.wndw)
        time.inst_rate = ratio(1, time.inst)
        return HeartbeatRecord(ident, self.ring.tag(ident), time, others)

    def _field_record(self, ident: int, field: Field) -> HeartbeatFieldRecord:
        return HeartbeatFieldRecord(
            self.ring.value(ident, field),
            self.global_count(ident, field),
            self.window_count(ident, field),
            field.instant(ident),
        )

    def records(self, start: int) -> list[HeartbeatRecord]:
        """
        All of the beats from number *start* to the last.
        """
        ring = self.ring
        stop = ring.state.count
        idents = range(start, stop)
        columns = [
            map(HeartbeatFieldRecord, ring.values(start, stop, field), *sums)
            for field, sums in zip(ring.fields, self.sums(start), strict=True)
        ]
        tags = ring.tags(start, stop)
        return [
            HeartbeatRecord(ident, tag, time, list(others))
            for ident, tag, time, *others in zip(idents, tags, *columns, strict=True)
        ]

    def sums(self, start: int) -> list[list[Iterable[Any]]]:
        """
        For each field, time first, six columns for the beats from number *start* to the last.

        They are the global, window and instant sums, and the rates of the three.
        """
        if start >= self.ring.state.count:
            return [[[]] * 6 for _ in self.ring.fields]
        histories = [history_of(field, start) for field in self.ring.fields]
        return [
            [history.globals, history.windows, history.instants, *rates]
            for history, rates in zip(histories, self._rates(histories, start), strict=True)
        ]

    def _rates(self, histories: list[History], start: int) -> Iterator[list[list[float]]]:
        time = histories[0]
        beats = range(start + 1, self.ring.state.count + 1)
        full = self.ring.window
        yield [
            _ratios(beats, time.globals),
            _ratios([*range(start + 1, full), *repeat(full, len(beats))], time.windows),
            _ratios(repeat(1), time.instants),
        ]
        for history in histories[1:]:
            yield [
                _ratios(history.globals, time.globals),
                _ratios(history.windows, time.windows),
                _ratios(history.instants, time.instants),
            ]

    @property
    def _start(self) -> int:
        return max(self._kept_at - self.ring.window, 0)

    def _history(self, ident: int, field: Field) -> History | None:
        """
        Kept sums of *field*, or None if they are not worth their while.
        """
        count = self.ring.state.count
        if count != self._kept_at:
            self._kept_at, self._kept, self._beats_added = count, {}, 0
        later = count - 1 - ident
        if not later:
            return None
        if field.index not in self._kept:
            self._beats_added += later
            if self._beats_added < 8 * self.ring.window:
                return None
            self._kept[field.index] = history_of(field, self._start)
        return self._kept[field.index]


def _ratios(amounts: Iterable[Number], times: Iterable[Number]) -> list[float]:
    try:
        return list(map(truediv, amounts, times))
    except (OverflowError, ZeroDivisionError):
        return list(map(ratio, amounts, times))
