"""
Sums are exact, whatever came before.
"""

import random
import sys
from fractions import Fraction
from math import fsum, inf

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vitalrig.heartbeat import Heartbeat
from vitalrig.heartbeat._engine.exact import exact_sum

finite = st.floats(allow_nan=False, allow_infinity=False)
mixed = finite | st.integers() | st.fractions() | st.booleans()


def drifting(name):
    source = random.Random(7)
    return {
        "log-uniform": lambda: 10 ** source.uniform(-6, 9),
        "mix": lambda: source.choice((1e-9, 1e-3, 1.0, 1e12)),
        "constant": lambda: 0.1,
        "tiny after huge": iter([1e15] * 100 + [1e-3] * 10_000).__next__,
        "integers": lambda: source.randrange(10**18),
    }[name]


@pytest.mark.parametrize("name", ["log-uniform", "mix", "constant", "tiny after huge", "integers"])
@pytest.mark.parametrize("window", [10, 100])
def test_window_and_global_sum_are_those_of_the_same_numbers(name, window):
    """
    After thousands of beats there is no drift, neither in the window nor in the global sum.
    """
    draw = drifting(name)
    numbers = [draw() for _ in range(5_000)]
    add = sum if name == "integers" else fsum
    hbt = Heartbeat(window)
    for ident, number in enumerate(numbers, 1):
        hbt.heartbeat(ident, (number,))
        if ident % 499 == 0:
            assert add(numbers[max(ident - window, 0) : ident]) == hbt.get_window_count()

    assert add(numbers[-window:]) == hbt.get_window_count()
    assert add(numbers) == hbt.get_global_count()


@pytest.mark.parametrize("huge", [1e17, 1e300, 10**400])
def test_a_huge_value_leaves_no_residue(huge):
    """
    Once it has left the window the window's sum is that of the small values.
    """
    hbt = Heartbeat(1, 1, (1,))
    hbt.heartbeat(0, (huge,), ((-huge,),))
    hbt.heartbeat(1, (1e-3,), ((1e-3,),))

    assert (1e-3, 1000.0, 1e-3) == (
        hbt.get_window_count(),
        hbt.get_window_rate(),
        hbt.get_window_count(0, 0),
    )


def test_an_older_beat_keeps_the_sums_of_its_own_time():
    """
    History is given, not the state of now.
    """
    numbers = [0.1 * number for number in range(1, 2_001)]
    hbt = Heartbeat(700)
    for number in numbers:
        hbt.heartbeat(0, (number,))

    for off in (-1, -300, -349, -351, -698, -699):
        stop = len(numbers) + off
        assert fsum(numbers[:stop]) == hbt.get_global_count(off)
        assert fsum(numbers[stop - 700 : stop]) == hbt.get_window_count(off)


@pytest.mark.parametrize("window", [1, 3, 300])
def test_a_read_after_every_beat_gives_what_a_read_at_the_end_gives(window):
    """
    One amount is added each time, which comes to the same, also beyond many windows.
    """
    read, unread = (Heartbeat(window, 1, (2,)) for _ in range(2))
    for number in range(2_000):
        value = 0.1 + number if number % 500 else number + 1
        for hbt in (read, unread):
            hbt.heartbeat(number, (value,), ((number, number * 1.1),))
        rates = (read.get_window_rate(), read.get_global_rate(0, 0), read.get_window_count(0, 0))
        if number % 97 == 0:
            last = unread.get_record()
            assert last == read.get_record() == read.get_records()[-1]
            other = last.field_records[0]
            assert (last.time.wndw_rate, other.glbl_rate, other.wndw) == rates

    offsets = range(1 - window, 1)
    assert unread.get_records() == read.get_records() == list(map(read.get_record, offsets))


def test_sums_of_the_largest_floats_are_infinite_and_recover():
    """
    A sum beyond all floats reads as infinity, and as itself once the large values are gone.
    """
    hbt = Heartbeat(2, 1, (1,))
    hbt.heartbeat(0, (1.0,), ((1.5e308,),))
    hbt.heartbeat(1, (1.0,), ((1.5e308,),))
    assert inf == hbt.get_window_count(0, 0) == hbt.get_global_count(0, 0)

    hbt.heartbeat(2, (1.0,), ((-1.5e308,),))
    hbt.heartbeat(3, (1.0,), ((0.25,),))

    assert (-1.5e308, 1.5e308) == (hbt.get_window_count(0, 0), hbt.get_global_count(0, 0))
    assert 0.0 == hbt.get_window_count(-1, 0)


def test_a_large_integer_and_a_float_are_rounded_once():
    """
    Not the integer first, and then the sum.
    """
    hbt = Heartbeat(2)
    hbt.heartbeat(0, (2**53 + 1,))
    hbt.heartbeat(1, (1.0,))

    assert 2.0**53 + 2 == hbt.get_global_count() == hbt.get_window_count()


@pytest.mark.parametrize(
    "numbers",
    [[0.0, 0.3, 1e-20, 0.0, 7e-300, -0.3, 5.0], [1 + 2**-52] * 7, [5e-324, 0.0, 1e-310] * 3],
    ids=["zeros", "last bits", "the smallest"],
)
def test_rows_of_very_small_parts_are_exact(numbers):
    """
    All sums of a log are worked out on one scale, which the smallest number decides.
    """
    hbt = Heartbeat(2, 1, (1,))
    for number in numbers:
        hbt.heartbeat(0, (1.0,), ((number,),))

    stops = [len(numbers) - 1, len(numbers)]
    assert [(fsum(numbers[:stop]), fsum(numbers[stop - 2 : stop])) for stop in stops] == [
        (row[10], row[11]) for row in hbt.get_rows()
    ]


@given(st.lists(mixed, min_size=1))
@example([1e308, 1e308, -1e308])
@example([5e-324, True, Fraction(1, 3)])
@example([sys.float_info.max - 2 * 2.0**971, *[0.625 * 2.0**971] * 3])
@example([1.0, 1.7976931348623157e308, -1.7976931348623157e308])
def test_a_sum_is_exact_and_rounded_once(numbers):
    """
    Whatever is added up, in whatever types; a sum beyond all floats is infinite.
    """
    exact = sum(map(Fraction, numbers), start=Fraction(0))
    kind = type(sum(numbers))
    try:
        expected = kind(exact)
    except OverflowError:
        expected = inf if exact > 0 else -inf
    total = exact_sum(numbers)

    assert (kind, expected) == (type(total), total)


def test_the_memory_of_a_sum_does_not_grow():
    """
    A hundred thousand beats are one number, which is as long as their sum has digits.
    """
    source = random.Random(3)
    hbt = Heartbeat(1)
    for _ in range(100_000):
        hbt.heartbeat(0, (10 ** source.uniform(-12, 12),))

    assert max(hbt._ring.kept.time.counts).bit_length() < 200
