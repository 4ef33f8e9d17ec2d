"""
Sums as they were at each of many beats, at a fixed cost for each beat.

A single look back adds up what it needs. Whoever wants a hundred thousand of them, for a log, gets
running sums: of the beats in question, and of those that leave the window meanwhile.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import NamedTuple

from vitalrig.heartbeat._engine.field import Field
from vitalrig.heartbeat._engine.sums import (
    ExactSum,
    Number,
    Values,
    common_type,
    is_float,
    running_sums,
    shift_for,
    shifted,
    unshifted,
)


class History(NamedTuple):
    """
    Amounts and sums of a run of beats, oldest first.
    """

    instants: Values
    globals: Sequence[Number]
    windows: Sequence[Number]


class _Run(NamedTuple):
    """
    All it takes: the amounts of the run, and those that leave the window meanwhile.

    Attributes:
        amounts: Of the run, up to the last beat.
        leaving: Of the beats that leave the window during the run.
        total: Sum of all beats up to the last.
        before: Sum of all beats before the last one's window.
        alike: So many windows, the first ones, begin with the same beat.
    """

    amounts: Values
    leaving: Values
    total: ExactSum
    before: ExactSum
    alike: int


def history_of(field: Field, start: int) -> History:
    """
    Work out the beats of *field* from number *start* to the last; there is at least one.
    """
    stop = field.count
    alike = min(max(1, field.window - start), stop - start)
    run = _Run(
        field.instants(start, stop),
        field.instants(_oldest(field, start), max(stop - field.window, 0)),
        field.total.sum,
        field.sum_before_window(),
        alike,
    )
    kinds = {field.total.kind(start), field.total.kind(stop - 1), common_type(run.amounts)}
    if run.leaving:
        kinds.add(common_type(run.leaving))
    if kinds == {int}:
        return _history_of_ints(run)
    if kinds == {float} and not run.total.rationals and not run.before.rationals:
        try:
            return _history_of_floats(run)
        except OverflowError:
            pass  # values too far apart, or sums too large
    return _history_of_anything(field, run, start)


def _oldest(field: Field, start: int) -> int:
    """
    The first beat in the window of beat *start*.
    """
    return max(start + 1 - field.window, 0)


def _history_of_ints(run: _Run) -> History:
    sums = running_sums(run.amounts, run.total.ints)
    del sums[0]
    olds = running_sums(run.leaving, run.before.ints)
    windows = list(map(sub, sums, [*olds[:1] * (run.alike - 1), *olds]))
    return History(run.amounts, sums, windows)


def _history_of_floats(run: _Run) -> History:
    amounts, leaving = list(run.amounts), list(run.leaving)
    shift = shift_for([*amounts, *leaving], [*run.total.floats, *run.before.floats])
    sums = running_sums(shifted(amounts, shift), run.total.shifted(shift))
    del sums[0]
    olds = running_sums(shifted(leaving, shift), run.before.shifted(shift))
    windows = map(sub, sums, [*olds[:1] * (run.alike - 1), *olds])
    return History(amounts, unshifted(sums, shift), unshifted(windows, shift))


def _history_of_anything(field: Field, run: _Run, start: int) -> History:
    head = run.total.minus(run.amounts, common_type(run.amounts))
    tail = run.before.minus(run.leaving, common_type(run.leaving))
    sums = list(accumulate(run.amounts, _plus_one, initial=head))
    del sums[0]
    olds = list(accumulate(run.leaving, _plus_one, initial=tail))
    totals = map(ExactSum.less, sums, [*olds[:1] * (run.alike - 1), *olds])
    kinds = [field.total.kind(ident) for ident in range(start, field.count)]
    return History(
        run.amounts,
        [total.value(kind) for total, kind in zip(sums, kinds, strict=True)],
        [
            total.ints
            if kind is float and whole and total.is_rounded_integer()
            else total.value(kind)
            for total, kind, whole in zip(totals, kinds, _whole(field, start), strict=True)
        ],
    )


def _plus_one(total: ExactSum, value: Number) -> ExactSum:
    return total.plus([value], type(value)).packed()


def _whole(field: Field, start: int) -> Iterator[bool]:
    """
    For each beat, whether its window has no float in it.
    """
    oldest = _oldest(field, start)
    last_float = -field.window
    for ident, amount in enumerate(field.instants(oldest, field.count), oldest):
        if is_float(amount):
            last_float = ident
        if ident >= start:
            yield last_float <= ident - field.window
