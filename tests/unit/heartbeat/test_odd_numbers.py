"""Numbers that are no floats, or nearly none."""

from fractions import Fraction
from math import fsum, inf

import numpy as np

from vitalrig.heartbeat import Heartbeat


def test_an_integer_beyond_all_floats_is_exact():
    """
    Its heart rate is 0.0, because the quotient of integers is a float.
    """
    hbt = Heartbeat(2)
    hbt.heartbeat(0, (10**400,))
    hbt.heartbeat(1, (10**400 + 1,))

    assert 2 * 10**400 + 1 == hbt.get_window_count()
    assert 0.0 == hbt.get_instant_rate()


def test_fractions_stay_fractions():
    """
    Sums and rates are exact.
    """
    hbt = Heartbeat(2)
    for number in range(3):
        hbt.heartbeat(number, (Fraction(1, 3 + number),))

    assert Fraction(1, 4) + Fraction(1, 5) == hbt.get_window_count()
    assert Fraction(180, 47) == hbt.get_global_rate()


def test_numbers_of_numpy_are_numbers():
    """
    Integers count as integers, also those without a sign; single floats are exact as doubles.
    """
    hbt = Heartbeat(2, 1, (1, 1, 2))
    for _ in range(3):
        hbt.heartbeat(
            0,
            (np.float64(0.1),),
            ((np.uint8(200),), (np.float32(0.1),), (np.int64(1), np.int64(4))),
        )

    assert fsum([0.1] * 3) == hbt.get_global_count()
    assert (600, 400) == (hbt.get_global_count(0, 0), hbt.get_window_count(0, 0))
    assert fsum([np.float32(0.1)] * 3) == hbt.get_global_count(0, 1)
    assert (int, float, 6) == (
        type(hbt.get_global_count(0, 0)),
        type(hbt.get_global_count(0, 1)),
        hbt.get_window_count(0, 2),
    )
    assert hbt.get_records() == [hbt.get_record(-1), hbt.get_record()]


def test_the_shortest_time_has_an_infinite_rate():
    """
    A beat in the smallest of all floats.
    """
    hbt = Heartbeat(1)
    hbt.heartbeat(0, (5e-324,))

    assert (inf, inf, inf) == (
        hbt.get_global_rate(),
        hbt.get_window_rate(),
        hbt.get_instant_rate(),
    )


def test_a_rate_beyond_all_floats_is_infinite():
    """
    No beat is refused for what a rate of it would be.
    """
    hbt = Heartbeat(1, 1, (1,))
    hbt.heartbeat(0, (1,), ((-(10**400),),))

    assert (-(10**400), -inf) == (hbt.get_global_count(0, 0), hbt.get_global_rate(0, 0))
    assert [-inf, -inf, -inf] == hbt.get_rows()[0][-3:]


def test_a_time_that_is_no_float_but_zero_divides_nothing_by_zero():
    """
    A fraction may be that short.
    """
    hbt = Heartbeat(1, 1, (1, 1, 1))
    hbt.heartbeat(0, (1.0,), ((1,), (0,), (-1,)))
    hbt.heartbeat(1, (Fraction(1, 10**400),), ((1,), (0,), (-1,)))

    assert [inf, inf, 0.0, -inf] == [hbt.get_window_rate(0, fld) for fld in (None, 0, 1, 2)]
