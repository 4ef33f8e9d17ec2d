"""
Odd input is taken or refused as by PyPI's `apphb`; where ours is different is told at the end.
"""

from fractions import Fraction
from math import inf, nan

import apphb
import numpy as np
import pytest

import vitalrig.heartbeat
from vitalrig.heartbeat import Heartbeat

LIBRARIES = (vitalrig.heartbeat, apphb)


def outcome(call, *args):
    """
    What a call returns, or how it refuses: the texts of refusals are apphb's, where it has any.
    """
    try:
        return call(*args)
    except ValueError as refusal:
        return ValueError, str(refusal)
    except (TypeError, LookupError) as refusal:
        return type(refusal)


def construct(library, args):
    hbt = library.Heartbeat(*args)
    return hbt.window_size, hbt.time_shape, hbt.fields_shape


@pytest.mark.parametrize(
    "args",
    [
        *((window,) for window in (0, -1, 1.1, 2.0, "3", None, True)),
        *((1, shape) for shape in (0, 3, "1", None, 1.0, True)),
        *((1, 1, shapes) for shapes in ((0,), (-1,), (3,), ("1",), "1", 1, [1, 2])),
        *((-1.5, 3, (3,)), (1.5, 3, (3,)), (1.5, 1, (3,))),
    ],
)
def test_odd_shapes_are_refused_in_the_same_words_and_order(args):
    """
    Sign of the window, time, fields; a window that is not an integer last.
    """
    ours, theirs = (outcome(construct, library, args) for library in LIBRARIES)

    assert theirs == ours


def beat(library, shapes, tag, time, *fields):
    hbt = library.Heartbeat(2, *shapes)
    hbt.heartbeat(tag, time, *fields)
    return hbt.count, hbt.get_record()


def told(result):
    """
    A beat that was taken as something that can be compared.
    """
    if isinstance(result, tuple) and isinstance(result[0], int):
        count, record = result
        fields = [record.time, *record.field_records]
        return count, record.tag, [(one.val, one.glbl, one.wndw, one.wndw_rate) for one in fields]
    return result


TIMES = [
    *((), (1, 2, 3), [1, 2, 3], "", {}, (1, 2), (1,), [5], [1, 3], {1: 2}, 1, None, "5"),
    *((0,), (-1,), (-0.0,), (-inf,), [0], (1, 1), (2, 1), (2.0**53, 2**53 + 1)),
    *(("a",), (None,), (5e-324,), (10**400,), (Fraction(1, 3),)),
]
FIELDS = [
    *(None, (), ((1,),), ((1,), (2, 3), (4,)), ((1, 2), (3,)), ((1,), (2,)), ((), (1, 2)), 5, (5,)),
    *(((value,), (1, 2)) for value in (-1, 0, -0.5, 0.0, "a", None, [1])),
    *(([3], (4, 5)), ((3,), [4, 5])),
]


@pytest.mark.parametrize("time_shape", [1, 2])
@pytest.mark.parametrize("time", TIMES, ids=str)
def test_odd_times_have_the_same_outcome(time_shape, time):
    """
    Time has its shape, is a number, and passes; lists are given back as lists.
    """
    ours, theirs = (told(outcome(beat, lib, (time_shape,), 0, time)) for lib in LIBRARIES)

    assert theirs == ours


@pytest.mark.parametrize("time", [(2,), ()])
@pytest.mark.parametrize("fields", FIELDS, ids=str)
def test_odd_fields_have_the_same_outcome(time, fields):
    """
    As many fields as announced, of as many values; of two mistakes the one in time is told.
    """
    ours, theirs = (
        told(outcome(beat, library, (1, (1, 2)), 0, time, fields)) for library in LIBRARIES
    )

    assert theirs == ours


@pytest.mark.parametrize("tag", [None, [1], (1, 2), "text", 2.5, 10**30, True, {}])
def test_a_tag_may_be_anything(tag):
    """
    It is kept by reference.
    """
    hbt = Heartbeat(2)
    hbt.heartbeat(7, (1,))
    hbt.heartbeat(tag, (1,))

    assert tag is hbt.get_record().tag
    assert 7 == hbt.get_record(-1).tag


@pytest.mark.parametrize("beats", [0, 2, 5])
@pytest.mark.parametrize("off", [0, -1, -2, -3, -4, 1, True, None, -0.5, "a"])
def test_odd_questions_have_the_same_answer(beats, off):
    """
    Beats that are not there are zeros, the offset of a whole window is the last beat.
    """
    hearts = [library.Heartbeat(3, 1, (1, 2)) for library in LIBRARIES]
    for number in range(beats):
        for hbt in hearts:
            hbt.heartbeat(number, (number + 1,), ((number,), (number, 2 * number)))

    for name in ("value", "window_count", "global_rate"):
        for fld in (None, 0, 1, -1, -2, 2, -3, 1.5, "a"):
            ours, theirs = (outcome(getattr(hbt, f"get_{name}"), off, fld) for hbt in hearts)
            assert theirs == ours


# From here on ours is different.


@pytest.mark.parametrize("time", [(nan,), (inf,), [nan]])
def test_time_is_finite(time):
    """
    One NaN in a sum would be there for ever.
    """
    with pytest.raises(ValueError, match="time must be finite"):
        Heartbeat(1).heartbeat(0, time)


@pytest.mark.parametrize("time", [(1, nan), (nan, 1), (1, inf), (-inf, 1), (-1e308, 1e308)])
def test_start_and_end_are_finite(time):
    """
    And so is what lies between.
    """
    with pytest.raises(ValueError, match="time must be finite"):
        Heartbeat(1, 2).heartbeat(0, time)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_fields_are_finite(value):
    """
    NaN and infinity are refused, not kept.
    """
    with pytest.raises(ValueError, match="fields must be finite"):
        Heartbeat(1, 1, (1,)).heartbeat(0, (1,), ((value,),))
    with pytest.raises(ValueError, match="fields must be finite"):
        Heartbeat(1, 1, (2,)).heartbeat(0, (1,), ((value, value),))


class Length:
    """
    Adds up, compares and converts like a number, and is none.
    """

    def __init__(self, metres):
        self.metres = metres

    def __add__(self, other):
        return Length(self.metres + float(other))

    __radd__ = __add__

    def __float__(self):
        return self.metres

    def __lt__(self, other):
        return self.metres < other

    def __gt__(self, other):
        return self.metres > other

    def __le__(self, other):
        return self.metres <= other


def test_a_quantity_with_a_unit_is_no_number():
    """
    It would pass every comparison, and fail when it is added to others later.
    """
    text = "must hold real numbers, not Length"
    with pytest.raises(TypeError, match="time " + text):
        Heartbeat(1).heartbeat(0, (Length(2.0),))
    with pytest.raises(TypeError, match="fields " + text):
        Heartbeat(1, 1, (1,)).heartbeat(0, (1,), ((Length(2.0),),))


@pytest.mark.parametrize("value", [1j, object()])
def test_a_field_that_is_no_real_number_is_refused(value):
    """
    Whatever can be added in some way is not a number yet.
    """
    with pytest.raises(TypeError):
        Heartbeat(1, 1, (1,)).heartbeat(0, (1,), ((value,),))


@pytest.mark.parametrize(
    "make",
    [list, tuple, iter, lambda fields: (field for field in fields)],
    ids=["list", "tuple", "iterator", "generator"],
)
def test_fields_may_be_any_iterable(make):
    """
    A list, as in the documentation's own example, or a generator, which is drawn just once.
    """
    hbt = Heartbeat(2, 1, (1, 2))
    hbt.heartbeat(0, (1,), make([(5,), (6, 8)]))
    none = Heartbeat(1)
    none.heartbeat(0, (1,), make([]))

    assert [(5,), (6, 8)] == [hbt.get_value(0, 0), hbt.get_value(0, 1)]
    assert 1 == none.count


def test_a_strict_heartbeat_says_that_there_is_no_beat():
    """
    No zeros that look like a beat, and no last beat in place of one that is gone.
    """
    hbt = Heartbeat(2, strict=True)
    for off, read, text in (
        (0, hbt.get_record, "no beat at offset 0: there are 0"),
        (-1, hbt.get_window_rate, "no beat at offset -1: there are 1"),
        (-2, hbt.get_value, "no beat at offset -2: there are 2"),
    ):
        with pytest.raises(IndexError, match=text):
            read(off)
        hbt.heartbeat(0, (1,))

    assert 1 == hbt.get_record(-1).ident


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
    sums = [hbt.get_global_count(0, fld) for fld in (None, 0, 1, 2)]

    assert [float(3 * Fraction(0.1)), 600, float(3 * Fraction(float(np.float32(0.1)))), 9] == sums
    assert [float, int, float, int] == list(map(type, sums))
    assert hbt.get_records() == [hbt.get_record(-1), hbt.get_record()]


def test_a_rate_beyond_all_floats_is_infinite():
    """
    No beat is refused for what a rate of it would be; a fraction of time may be that short.
    """
    hbt = Heartbeat(1, 1, (1, 1, 1))
    hbt.heartbeat(0, (1,), ((-(10**400),), (0,), (1,)))
    assert (-(10**400), -inf) == (hbt.get_global_count(0, 0), hbt.get_global_rate(0, 0))
    assert -inf == hbt.get_record().field_records[0].glbl_rate == hbt.get_rows()[0][13]

    hbt.heartbeat(1, (0.5,), ((1,), (0,), (-1,)))
    hbt.heartbeat(2, (Fraction(1, 10**400),), ((1,), (0,), (-1,)))

    assert [inf, inf, 0.0, -inf] == [hbt.get_window_rate(0, fld) for fld in (None, 0, 1, 2)]
