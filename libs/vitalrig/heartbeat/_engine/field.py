"""
One field of all beats: what was reported, and the exact sums of it.

Sums are worked out when somebody reads. A beat only adds to the total, many beats at a time. The
window's sum is the total less the sum of all that came before the window, both exact.
"""

from collections.abc import Callable
from fractions import Fraction
from operator import sub
from sys import maxsize
from typing import Any, NamedTuple

from vitalrig.heartbeat._engine.column import Column
from vitalrig.heartbeat._engine.sums import (
    NOTHING,
    ExactSum,
    Number,
    Values,
    common_type,
    is_float,
    is_fraction,
)

_NEVER = maxsize


class Total(NamedTuple):
    """
    The sum of a field over all beats, and since which beat it is no integer any more.

    Attributes:
        sum: The exact sum.
        first_float: Number of the first beat that reported a float: from it on, sums are floats.
        first_rational: The same for fractions.
    """

    sum: ExactSum = NOTHING
    first_float: int = _NEVER
    first_rational: int = _NEVER

    def plus(self, first: int, values: Values, kind: type | None) -> "Total":
        """
        Add the *values* of beats *first* and following, all of type *kind* or of several.
        """
        total, first_float, first_rational = self
        if kind is float:
            first_float = min(first_float, first)
        elif kind is not int:
            if first_float == _NEVER:
                first_float = _first(values, first, is_float)
            if first_rational == _NEVER:
                first_rational = _first(values, first, is_fraction)
        return Total(total.plus(values, kind).packed(), first_float, first_rational)

    def kind(self, ident: int) -> type:
        """
        What sums as of beat *ident* are.
        """
        if ident >= self.first_float:
            return float
        return Fraction if ident >= self.first_rational else int


class State:
    """
    What all fields must agree on: how many beats there are, and the totals over just those.

    The two are always set in one statement, so that nothing interrupts between them.
    """

    __slots__ = ("count", "totals")

    def __init__(self, fields: int) -> None:
        self.count = 0
        self.totals = [Total()] * fields


class Field:
    """
    Reported values and sums of one field.

    Args:
        shape: 1 for totals, 2 for start and end.
        window: Beats in a window.
        state: Shared by all fields.
        index: Of this field's total.
    """

    __slots__ = ("_before", "_state", "columns", "index", "shape", "window")

    def __init__(self, shape: int, window: int, state: State, index: int) -> None:
        self.shape = shape
        self.window = window
        self.columns = [Column(2 * window) for _ in range(shape)]
        self._state = state
        self.index = index
        # The sum of all beats before some beat, and that beat's number.
        self._before = (NOTHING, 0)

    @property
    def total(self) -> Total:
        """
        The sum over all beats.
        """
        return self._state.totals[self.index]

    @property
    def count(self) -> int:
        """
        Beats so far.
        """
        return self._state.count

    def write(self, first: int, values: list[list[Any]]) -> Total:
        """
        Keep the *values* of beats *first* and following, one list for each column.

        The new total is returned and not yet in force, so that all fields change at once.
        """
        for column, part in zip(self.columns, values, strict=True):
            kind = common_type(part)
            column.write(first, part, kind)
        if self.shape == 1:
            return self.total.plus(first, values[0], kind)
        amounts = list(map(sub, values[1], values[0]))
        return self.total.plus(first, amounts, common_type(amounts))

    def value(self, ident: int) -> tuple[Any, ...]:
        """
        What beat *ident* reported.
        """
        return tuple([column[ident] for column in self.columns])

    def instant(self, ident: int) -> Number:
        """
        The amount of beat *ident*.
        """
        if self.shape == 1:
            return self.columns[0][ident]  # type: ignore[no-any-return]
        start, end = self.columns
        return end[ident] - start[ident]  # type: ignore[no-any-return]

    def instants(self, start: int, stop: int) -> Values:
        """
        The amounts of beats *start* to *stop*, without the latter.
        """
        parts = [column.between(start, stop) for column in self.columns]
        return parts[0] if self.shape == 1 else list(map(sub, parts[1], parts[0]))

    def global_sum(self, ident: int) -> Number:
        """
        The sum of all beats up to *ident*.
        """
        return self.sum_before(ident + 1).value(self.total.kind(ident))

    def window_sum(self, ident: int) -> Number:
        """
        The sum of the window that ends with beat *ident*.
        """
        start = ident + 1 - self.window
        if start <= 0:
            return self.global_sum(ident)
        if 2 * (self.count - 1 - ident) < self.window:
            before = self.sum_before_window()
            if start < self.count - self.window:
                passed = self.instants(start, self.count - self.window)
                before = before.minus(passed, common_type(passed))
            total = self.sum_before(ident + 1).less(before)
        else:
            values = self.instants(start, ident + 1)
            total = NOTHING.plus(values, common_type(values))
        kind = self.total.kind(ident)
        if (
            kind is float
            and total.ints
            and total.is_rounded_integer()
            and self._is_whole(start, ident + 1)
        ):
            return total.ints
        return total.value(kind)

    def _is_whole(self, start: int, stop: int) -> bool:
        """
        Whether there is no float among the amounts.

        After a float has been seen sums are floats. But a window of integers alone stays an
        integer where a float would have to round it.
        """
        return not any(map(is_float, self.instants(start, stop)))

    def sum_before(self, ident: int) -> ExactSum:
        """
        The exact sum of all beats before *ident*.
        """
        total = self.total.sum
        if ident == self.count:
            return total
        later = self.instants(ident, self.count)
        return total.minus(later, common_type(later))

    def sum_before_window(self) -> ExactSum:
        """
        The exact sum of all beats before the newest window, kept and moved on from beat to beat.
        """
        newest = max(self.count - self.window, 0)
        before, at = self._before
        if newest > at:
            if newest - at < self.window:
                passed = self.instants(at, newest)
                before = before.plus(passed, common_type(passed))
            else:
                before = self.sum_before(newest)
            before = before.packed()
            self._before = (before, newest)
        return before


def _first(values: Values, first: int, is_meant: Callable[[object], bool]) -> int:
    return next(
        (ident for ident, value in enumerate(values, first) if is_meant(value)),
        _NEVER,
    )
