"""
Sums as they were at each of many beats, at a fixed cost for each beat.

A single look back adds up what it needs. Whoever wants a hundred thousand of them, for a log, gets
running sums: of the beats in question, and of those that leave the window meanwhile.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import NamedTuple

from vitalrig.heartbeat.field import Field
from vitalrig.heartbeat.sums import (
    ExactSum,
    Number,
    Values,
    common_type,
    running_floats,
    unshift,
)


class Past(NamedTuple):
    """
    Amounts and sums of a run of beats, oldest first.
    """

    instants: Values
    globals: Sequence[Number]
    windows: Sequence[Number]


class _Run(NamedTuple):
    """
    All it takes: amounts of the run, amounts that leave the window, and the sums before both.

    The first *alike* windows begin with the same beat.
    """

    amounts: Values
    leaving: Values
    head: ExactSum
    tail: ExactSum
    alike: int


def past_of(field: Field, start: int, stop: int) -> Past:
    """
    Work out beats *start* to *stop* of *field*, without the latter.
    """
    oldest = max(start + 1 - field.window, 0)
    alike = min(max(1, field.window - start), stop - start)
    run = _Run(
        field.instants(start, stop),
        field.instants(oldest, oldest + stop - start - alike),
        field.sum_before(start),
        field.sum_before(oldest),
        alike,
    )
    kinds = {field.total.kind(start), field.total.kind(stop - 1), common_type(run.amounts)}
    if run.leaving:
        kinds.add(common_type(run.leaving))
    if kinds == {int}:
        return _past_of_ints(run)
    if kinds == {float} and not run.head.rationals and not run.tail.rationals:
        try:
            return _past_of_floats(run)
        except OverflowError:
            pass  # values too far apart, or sums too large
    return _past_of_anything(field, run, start, stop)


def _past_of_ints(run: _Run) -> Past:
    sums = list(accumulate(run.amounts, initial=run.head.ints))
    del sums[0]
    olds = list(accumulate(run.leaving, initial=run.tail.ints))
    windows = list(map(sub, sums, [*olds[:1] * (run.alike - 1), *olds]))
    return Past(run.amounts, sums, windows)


def _past_of_floats(run: _Run) -> Past:
    sums, shift = running_floats(run.head, run.amounts)
    del sums[0]
    olds, old_shift = running_floats(run.tail, run.leaving)
    in_step = sums
    if shift < old_shift:
        in_step = [total << (old_shift - shift) for total in sums]
    elif old_shift < shift:
        olds = [total << (shift - old_shift) for total in olds]
    windows = map(sub, in_step, [*olds[:1] * (run.alike - 1), *olds])
    return Past(run.amounts, unshift(sums, shift), unshift(windows, max(shift, old_shift)))


def _past_of_anything(field: Field, run: _Run, start: int, stop: int) -> Past:
    sums = list(accumulate(run.amounts, _plus_one, initial=run.head))
    del sums[0]
    olds = list(accumulate(run.leaving, _plus_one, initial=run.tail))
    totals = map(ExactSum.less, sums, [*olds[:1] * (run.alike - 1), *olds])
    kinds = [field.total.kind(ident) for ident in range(start, stop)]
    return Past(
        run.amounts,
        [total.value(kind) for total, kind in zip(sums, kinds, strict=True)],
        [
            total.ints
            if kind is float and whole and total.is_rounded_integer()
            else total.value(kind)
            for total, kind, whole in zip(totals, kinds, _whole(field, start, stop), strict=True)
        ],
    )


def _plus_one(total: ExactSum, value: Number) -> ExactSum:
    return total.plus([value], type(value))


def _whole(field: Field, start: int, stop: int) -> Iterator[bool]:
    """
    For each beat, whether its window has no float in it.
    """
    oldest = max(start + 1 - field.window, 0)
    last_float = -field.window
    for ident, amount in enumerate(field.instants(oldest, stop), oldest):
        if isinstance(amount, float):
            last_float = ident
        if ident >= start:
            yield last_float <= ident - field.window
