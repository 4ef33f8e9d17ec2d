"""
The same calls on `vitalrig.heartbeat` and on PyPI's `apphb` give the same values.

Where `apphb` rounds, ours gives what `math.fsum` makes of the same numbers.
"""

from dataclasses import asdict
from fractions import Fraction
from math import fsum, inf
from typing import Any, NamedTuple

import apphb
import apphb.logging
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import vitalrig.heartbeat
import vitalrig.heartbeat.logging

LIBRARIES = (vitalrig.heartbeat, apphb)


class Program(NamedTuple):
    window: int
    time_shape: int
    fields_shape: tuple[int, ...]
    # For each beat: its tag, time and fields, and whether it is read at once.
    beats: list[tuple[Any, Any, Any, bool]]
    norms: tuple[Any, Any, Any, Any]


def values(numbers, shape):
    return st.tuples(*[numbers] * shape)


def times(durations, shape):
    if shape == 1:
        return st.tuples(durations)
    return st.builds(lambda start, length: (start, start + length), durations, durations).filter(
        lambda time: time[1] - time[0] > 0
    )


@st.composite
def programs(draw, numbers, durations):
    fields_shape = tuple(draw(st.lists(st.sampled_from((1, 2)), max_size=3)))
    time_shape = draw(st.sampled_from((1, 2)))
    tags = st.integers() | st.text(max_size=3)
    fields = st.tuples(*[values(numbers, shape) for shape in fields_shape])
    beat = st.tuples(tags, times(durations, time_shape), fields, st.booleans())
    factors = st.none() | st.sampled_from((0, 2, 0.5, 1e-9))
    norm_lists = st.none() | st.lists(factors, max_size=4)
    return Program(
        draw(st.integers(min_value=1, max_value=7)),
        time_shape,
        fields_shape,
        draw(st.lists(beat, max_size=25)),
        draw(st.tuples(factors, factors, norm_lists, norm_lists)),
    )


# Sums of these never round, in whatever order they are added.
exact_numbers = st.integers(-(10**6), 10**6) | st.integers(-(2**20), 2**20).map(lambda n: n / 8)
exact_durations = st.integers(1, 10**6) | st.integers(1, 2**20).map(lambda n: n / 8)
rationals = st.integers(-(10**30), 10**30) | st.fractions(max_denominator=1_000)
rational_durations = st.integers(1, 10**30) | st.fractions(Fraction(1, 999), max_denominator=1_000)


def typed(value):
    """
    The value with its types, so that 1 and 1.0 differ.
    """
    if isinstance(value, dict):
        return {key: typed(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(typed, value)]
    return (type(value).__name__, value)


def everything(library, hbt, norms):
    """
    All that can be read.
    """
    offsets = range(-hbt.window_size, 1)
    fields = [None, *range(-len(hbt.fields_shape), len(hbt.fields_shape))]
    getters = [
        getattr(hbt, f"get_{name}")
        for name in (
            "value",
            "global_count",
            "window_count",
            "instant_count",
            "global_rate",
            "window_rate",
            "instant_rate",
        )
    ]
    records = [hbt.get_record(off) for off in offsets]
    field_records = [one for hbr in records for one in (hbr.time, *hbr.field_records)]
    return typed(
        {
            "count": hbt.count,
            "shapes": (hbt.window_size, hbt.time_shape, hbt.fields_shape),
            "records": [asdict(hbr) for hbr in records],
            "ring": [asdict(hbr) for hbr in hbt._window_buffer],
            "slots": [asdict(hbt._window_buffer[slot]) for slot in range(len(hbt._window_buffer))],
            "got": [get(off, fld) for get in getters for off in offsets for fld in fields],
            "copies": [asdict(one.copy(*norms[:2])) for one in field_records],
            "header": library.logging.get_log_header(hbt),
            "row": [library.logging.get_log_record(hbr, *norms) for hbr in records],
            "rows": library.logging.get_log_records(hbt, None, *norms),
            "newest rows": library.logging.get_log_records(hbt, hbt.window_size // 2, *norms),
        }
    )


def run(library, program):
    """
    All that can be read at each point of the program where it reads, and at its end.
    """
    hbt = library.Heartbeat(program.window, program.time_shape, program.fields_shape)
    read = []
    for tag, time, fields, look in program.beats:
        hbt.heartbeat(tag, time, fields)
        if look:
            read.append(everything(library, hbt, program.norms))
    return [*read, everything(library, hbt, program.norms)]


@given(programs(exact_numbers, exact_durations))
@example(Program(1, 1, (), [(0, (0.5,), (), False), (1, (3,), (), True)], (None,) * 4))
@example(Program(2, 1, (2,), [("a", (2,), ((0, 0.5),), True)], (0, 0, [None, 2], [0.5])))
def test_whatever_is_exact_there_is_the_same_here(program):
    """
    Integers and small binary fractions: every value that can be read, with its type.
    """
    ours, theirs = (run(library, program) for library in LIBRARIES)

    assert theirs == ours


@given(programs(rationals, rational_durations))
def test_integers_of_any_size_and_fractions_are_the_same(program):
    """
    They stay what they are in every sum, and fractions in every rate.
    """
    ours, theirs = (run(library, program) for library in LIBRARIES)

    assert theirs == ours


@pytest.mark.parametrize("window", [1, 3, 200, 700])
@pytest.mark.parametrize("time_shape", [1, 2])
def test_long_runs_are_the_same(window, time_shape):
    """
    Nothing changes where waiting beats settle, columns are cut, or a window has gone by often.
    """
    hearts = [library.Heartbeat(window, time_shape, (1, 2)) for library in LIBRARIES]
    for number in range(2_300):
        time = (1 + number % 5,) if time_shape == 1 else (number, number + 0.25 * (1 + number % 7))
        fields = ((number % 11 * 0.5,), (number, number * 3))
        for hbt in hearts:
            hbt.heartbeat(number, time, fields)
        if number in {0, 199, 511, 512, 513, 1_400, 2_299}:
            ours, theirs = (typed([asdict(hbr) for hbr in hbt._window_buffer]) for hbt in hearts)
            assert theirs == ours
            ours, theirs = (
                typed(library.logging.get_log_records(hbt))
                for library, hbt in zip(LIBRARIES, hearts, strict=True)
            )
            assert theirs == ours
            for off in (-window, 1 - window, -window // 2, 0):
                ours, theirs = (typed(asdict(hbt.get_record(off))) for hbt in hearts)
                assert theirs == ours


# From here on: numbers whose sums round.

floats = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
any_numbers = floats | st.integers(-(10**6), 10**6)
any_durations = st.floats(min_value=5e-324, max_value=1e300) | st.integers(1, 10**6)


def naive_sum(amounts, *, float_seen):
    """
    The sum as it should be: integers as such, anything else as `math.fsum` has it.
    """
    if not float_seen:
        return sum(amounts)
    return fsum(amounts)


def naive_rate(amount, time):
    try:
        return amount / time
    except OverflowError:
        return inf if amount > 0 else -inf


def amount_of(value):
    return value[0] if len(value) == 1 else value[1] - value[0]


def is_finite_program(program):
    return all(
        abs(amount_of(value)) < 1e306
        for _, time, fields, _ in program.beats
        for value in (time, *fields)
    )


def naive_record(program, ident):
    """
    A record from the bare list of beats: slow, and plain to see.
    """
    window = slice(max(ident + 1 - program.window, 0), ident + 1)
    columns = [
        [amount_of((beat[1], *beat[2])[at]) for beat in program.beats[: ident + 1]]
        for at in range(1 + len(program.fields_shape))
    ]
    sums = []
    for column in columns:
        float_seen = any(isinstance(amount, float) for amount in column)
        sums.append(
            (
                naive_sum(column, float_seen=float_seen),
                naive_sum(column[window], float_seen=float_seen),
                column[ident],
            )
        )
    beats = (ident + 1, min(ident + 1, program.window), 1)
    rates = [
        [naive_rate(amount, time) for amount, time in zip(amounts, sums[0], strict=True)]
        for amounts in (beats, *sums[1:])
    ]
    return [(*one, *rate) for one, rate in zip(sums, rates, strict=True)]


def numbers_of(record):
    return [
        (one.glbl, one.wndw, one.inst, one.glbl_rate, one.wndw_rate, one.inst_rate)
        for one in (record.time, *record.field_records)
    ]


@given(programs(any_numbers, any_durations).filter(is_finite_program))
@example(Program(1, 1, (), [(0, (1e17,), (), False), (1, (1e-3,), (), False)], (None,) * 4))
@example(
    Program(
        window=2,
        time_shape=1,
        fields_shape=(1,),
        beats=[(tag, (0.1,), ((1e16 if tag == 0 else 0.1,),), True) for tag in range(5)],
        norms=(None,) * 4,
    )
)
def test_where_it_rounds_ours_is_the_sum_of_the_same_numbers(program):
    """
    Every record equals one made from the bare list of beats, with `math.fsum`.

    Rows of a log, which are worked out all at once, equal the records one by one.
    """
    hbt = vitalrig.heartbeat.Heartbeat(program.window, program.time_shape, program.fields_shape)
    for ident, (tag, time, fields, look) in enumerate(program.beats):
        hbt.heartbeat(tag, time, fields)
        if look:
            assert naive_record(program, ident) == numbers_of(hbt.get_record())
    last = len(program.beats) - 1
    for ident in range(max(last + 1 - program.window, 0), last + 1):
        expected = naive_record(program, ident)
        assert expected == numbers_of(hbt.get_record(ident - last))
        assert expected == numbers_of(hbt.get_records()[ident - last - 1])
        flat = [number for field in expected for number in field]
        row = hbt.get_rows()[ident - last - 1][2:]
        widths = (program.time_shape, *program.fields_shape)
        for width in widths:
            assert flat[:6] == row[width : width + 6]
            flat, row = flat[6:], row[width + 6 :]


@given(programs(any_numbers, any_durations).filter(is_finite_program))
def test_beats_that_apphb_sums_without_rounding_are_the_same(program):
    """
    As long as it does not fail and each of its sums is the exact one, every value is the same.
    """
    ours = vitalrig.heartbeat.Heartbeat(*program[:3])
    theirs = apphb.Heartbeat(*program[:3])
    exact = [Fraction(0)] * (1 + len(program.fields_shape))
    for tag, time, fields, _ in program.beats:
        ours.heartbeat(tag, time, fields)
        try:
            theirs.heartbeat(tag, time, fields)
        except (ZeroDivisionError, OverflowError):
            return
        record = theirs.get_record()
        for at, (one, value) in enumerate(
            zip((record.time, *record.field_records), (time, *fields), strict=True)
        ):
            exact[at] += Fraction(amount_of(value))
            if one.glbl in (inf, -inf) or Fraction(one.glbl) != exact[at]:
                return
        assert typed(asdict(record)) == typed(asdict(ours.get_record()))
