"""
What a caller gets who gives something odd: the types and texts of errors that callers know.
"""

from fractions import Fraction
from math import fsum, inf, nan

import numpy as np
import pytest

from vitalrig.heartbeat import Heartbeat, HeartbeatFieldRecord, HeartbeatRecord

TIME_SHAPE = "time must have the same shape as specified in time_shape"
FIELDS_SHAPE = "fields must have the same shape as specified in fields_shape"


def refused(kind, text, call, *args, **kwargs):
    with pytest.raises(kind) as caught:
        call(*args, **kwargs)
    assert kind is caught.type
    assert text == str(caught.value)


@pytest.mark.parametrize("window_size", [0, -1])
def test_a_window_has_beats(window_size):
    """
    No window without beats.
    """
    refused(ValueError, "window_size must be > 0", Heartbeat, window_size)


@pytest.mark.parametrize("window_size", [1.1, 2.0])
def test_a_window_size_is_an_integer(window_size):
    """
    Also 2.0 is none.
    """
    text = "'float' object cannot be interpreted as an integer"
    refused(TypeError, text, Heartbeat, window_size)


@pytest.mark.parametrize("window_size", ["3", None])
def test_a_window_size_can_be_compared_with_a_number(window_size):
    """
    What is no number at all is a TypeError, too.
    """
    with pytest.raises(TypeError, match="'<='"):
        Heartbeat(window_size)


def test_true_is_a_window_of_one():
    """
    A bool is an integer in Python.
    """
    assert 1 == Heartbeat(True).window_size


@pytest.mark.parametrize("time_shape", [0, 3, "1", None])
def test_time_has_one_or_two_values(time_shape):
    """
    No other shape of time.
    """
    refused(ValueError, "time_shape must be 1 or 2", Heartbeat, 1, time_shape)


@pytest.mark.parametrize("time_shape", [1.0, True])
def test_what_equals_one_is_a_time_shape(time_shape):
    """
    1.0 and True are accepted.
    """
    hbt = Heartbeat(1, time_shape)
    hbt.heartbeat(0, (2,))

    assert (2,) == hbt.get_value()


@pytest.mark.parametrize("fields_shape", [(0,), (-1,), (3,), ("1",), "1"])
def test_fields_have_one_or_two_values(fields_shape):
    """
    No other shape of a field.
    """
    refused(ValueError, "fields_shape values must be 1 or 2", Heartbeat, 1, 1, fields_shape)


def test_fields_shape_is_not_a_number():
    """
    One field is ``(1,)``.
    """
    refused(TypeError, "'int' object is not iterable", Heartbeat, 1, 1, 1)


def test_a_list_of_shapes_stays_a_list():
    """
    It is accepted and given back as a list, and is no longer the caller's own.
    """
    shapes = [1, 2]
    hbt = Heartbeat(1, 1, shapes)
    shapes.append(7)
    hbt.heartbeat(0, (1,), ((1,), (2, 3)))

    assert [1, 2] == hbt.fields_shape


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((-1.5, 3, (3,)), "window_size must be > 0"),
        ((1.5, 3, (3,)), "time_shape must be 1 or 2"),
        ((1.5, 1, (3,)), "fields_shape values must be 1 or 2"),
    ],
)
def test_the_constructor_checks_in_a_fixed_order(args, text):
    """
    Sign of the window, time, fields; a window that is no integer last.
    """
    refused(ValueError, text, Heartbeat, *args)


@pytest.mark.parametrize("time_shape", [1, 2])
@pytest.mark.parametrize("time", [(), (1, 2, 3), [1, 2, 3], "", {}])
def test_time_must_have_its_shape(time_shape, time):
    """
    The number of values is the one that was announced.
    """
    refused(ValueError, TIME_SHAPE, Heartbeat(1, time_shape).heartbeat, 0, time)


def test_one_time_is_not_two():
    """
    Neither way round.
    """
    refused(ValueError, TIME_SHAPE, Heartbeat(1, 1).heartbeat, 0, (1, 2))
    refused(ValueError, TIME_SHAPE, Heartbeat(1, 2).heartbeat, 0, (1,))


@pytest.mark.parametrize("time", [(0,), (-1,), (-0.0,), (-inf,), [0]])
def test_elapsed_time_is_positive(time):
    """
    Work takes time.
    """
    refused(ValueError, "elapsed time must be > 0", Heartbeat(1).heartbeat, 0, time)


@pytest.mark.parametrize("time", [(1, 1), (2, 1), (2.0**53, 2**53 + 1)])
def test_time_ends_after_it_starts(time):
    """
    Also where a float cannot tell the two apart.
    """
    refused(ValueError, "time end must be > time start", Heartbeat(1, 2).heartbeat, 0, time)


@pytest.mark.parametrize("time", [("a",), (None,), "5"])
def test_time_is_a_number(time):
    """
    Anything else cannot be compared with 0.
    """
    with pytest.raises(TypeError, match="'<='"):
        Heartbeat(1).heartbeat(0, time)


@pytest.mark.parametrize("time", [1, None])
def test_time_has_a_length(time):
    """
    One time is ``(1,)``.
    """
    with pytest.raises(TypeError, match=r"has no len\(\)"):
        Heartbeat(1).heartbeat(0, time)


def test_time_is_no_mapping():
    """
    A mapping has no first value.
    """
    with pytest.raises(KeyError):
        Heartbeat(1).heartbeat(0, {1: 2})


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


@pytest.mark.parametrize(
    "fields", [None, (), ((1,),), ((1,), (2, 3), (4,)), ((1, 2), (3,)), ((1,), (2,)), ((), (1, 2))]
)
def test_fields_must_have_their_shape(fields):
    """
    As many fields as announced, of as many values.
    """
    refused(ValueError, FIELDS_SHAPE, Heartbeat(1, 1, (1, 2)).heartbeat, 0, (1,), fields)


def test_fields_where_there_are_none_are_refused():
    """
    A field that was not announced.
    """
    refused(ValueError, FIELDS_SHAPE, Heartbeat(1).heartbeat, 0, (1,), ((1,),))


def test_time_is_checked_before_fields():
    """
    Of two mistakes the first one is told.
    """
    refused(ValueError, TIME_SHAPE, Heartbeat(1, 1, (1,)).heartbeat, 0, (), 5)


def test_fields_that_are_no_fields_at_all_are_a_type_error():
    """
    A number is no run of fields, and no field.
    """
    with pytest.raises(TypeError):
        Heartbeat(1, 1, (1,)).heartbeat(0, (1,), 5)
    with pytest.raises(TypeError):
        Heartbeat(1, 1, (1,)).heartbeat(0, (1,), (5,))


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

    assert [(5,), (6, 8)] == [hbt.get_value(0, 0), hbt.get_value(0, 1)]


def test_an_empty_list_is_no_fields():
    """
    Where no fields were announced.
    """
    hbt = Heartbeat(1)
    hbt.heartbeat(0, (1,), [])

    assert 1 == hbt.count


def test_values_given_as_lists_are_given_back_as_lists():
    """
    The value is what the caller reported, a list or a tuple, field by field and beat by beat.
    """
    hbt = Heartbeat(3, 2, (1, 2))
    hbt.heartbeat(0, [1, 2], ((3,), [4, 5]))
    assert [1, 2] == hbt.get_value()
    hbt.heartbeat(1, (1, 2), ([3], (4, 5)))
    hbt.heartbeat(2, (1, 2), ((3,), (4, 5)))

    assert [
        ([1, 2], (3,), [4, 5]),
        ((1, 2), [3], (4, 5)),
        ((1, 2), (3,), (4, 5)),
    ] == [
        (hbr.time.val, hbr.field_records[0].val, hbr.field_records[1].val)
        for hbr in hbt.get_records()
    ]


@pytest.mark.parametrize("value", [-1, 0, -0.5, 0.0])
def test_fields_may_be_zero_or_less(value):
    """
    Only time has to pass.
    """
    hbt = Heartbeat(1, 1, (1,))
    hbt.heartbeat(0, (2,), ((value,),))

    assert (value, value / 2) == (hbt.get_global_count(0, 0), hbt.get_window_rate(0, 0))


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_fields_are_finite(value):
    """
    NaN and infinity are refused, not kept.
    """
    with pytest.raises(ValueError, match="fields must be finite"):
        Heartbeat(1, 1, (1,)).heartbeat(0, (1,), ((value,),))
    with pytest.raises(ValueError, match="fields must be finite"):
        Heartbeat(1, 1, (2,)).heartbeat(0, (1,), ((value, value),))


def test_a_field_that_is_a_string_is_refused():
    """
    Strings do not add up.
    """
    text = "unsupported operand type(s) for +: 'int' and 'str'"
    refused(TypeError, text, Heartbeat(1, 1, (1,)).heartbeat, 0, (1,), (("a",),))


@pytest.mark.parametrize("value", [None, 1j, object()])
def test_a_field_that_is_no_real_number_is_refused(value):
    """
    Whatever can be added in some way is not a number yet.
    """
    with pytest.raises(TypeError):
        Heartbeat(1, 1, (1,)).heartbeat(0, (1,), ((value,),))


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


@pytest.mark.parametrize("tag", [None, [1], (1, 2), "text", 2.5, 10**30, True, {}])
def test_a_tag_may_be_anything(tag):
    """
    It is kept by reference.
    """
    hbt = Heartbeat(2)
    hbt.heartbeat(7, (1,))
    hbt.heartbeat(tag, (1,))

    assert (tag, 7) == (hbt.get_record().tag, hbt.get_record(-1).tag)


def test_the_offset_of_a_whole_window_is_the_last_beat():
    """
    It is the same slot of the ring.
    """
    hbt = Heartbeat(3)
    for number in range(5):
        hbt.heartbeat(number, (number + 1,))

    assert hbt.get_record(0) == hbt.get_record(-3)
    assert [5, 4, 3, 5] == [hbt.get_instant_count(off) for off in (0, -1, -2, -3)]


@pytest.mark.parametrize("off", [1, -4, True])
def test_an_offset_is_within_the_window(off):
    """
    Neither into the future nor beyond the ring; True is 1.
    """
    text = "Offset must be None or in range -3 <= off <= 0"
    refused(ValueError, text, Heartbeat(3).get_record, off)


@pytest.mark.parametrize("off", [None, -0.5, "a"])
def test_an_offset_is_an_integer(off):
    """
    None is not one either, whatever the text above says.
    """
    with pytest.raises(TypeError):
        Heartbeat(3).get_record(off)


def test_before_the_first_beat_there_are_zeros():
    """
    Reads of slots that no beat has reached raise nothing.
    """
    hbt = Heartbeat(2, 1, (1,))
    zero = HeartbeatRecord(0, 0, HeartbeatFieldRecord(), [HeartbeatFieldRecord()])

    assert [zero] * 3 == [hbt.get_record(off) for off in (0, -1, -2)]
    assert ((0,), 0, 0) == (hbt.get_value(), hbt.get_window_count(-1, 0), hbt.get_global_rate())


def test_a_strict_heartbeat_says_that_there_is_no_beat():
    """
    No zeros that look like a beat, and no last beat in place of one that is gone.
    """
    hbt = Heartbeat(2, strict=True)
    refused(IndexError, "no beat at offset 0: there are 0", hbt.get_record)
    hbt.heartbeat(0, (1,))
    refused(IndexError, "no beat at offset -1: there are 1", hbt.get_window_rate, -1)
    hbt.heartbeat(1, (1,))
    refused(IndexError, "no beat at offset -2: there are 2", hbt.get_value, -2)

    assert 0 == hbt.get_record(-1).ident


def test_fields_are_numbered_from_either_end():
    """
    As in any list.
    """
    hbt = Heartbeat(1, 1, (1, 1))
    hbt.heartbeat(0, (1,), ((5,), (6,)))

    assert [(5,), (6,), (6,), (5,)] == [hbt.get_value(0, fld) for fld in (0, 1, -1, -2)]


@pytest.mark.parametrize("fld", [2, -3])
def test_a_field_that_is_not_there_is_an_index_error(fld):
    """
    Before the first beat and after it.
    """
    hbt = Heartbeat(1, 1, (1, 1))
    refused(IndexError, "list index out of range", hbt.get_value, 0, fld)
    hbt.heartbeat(0, (1,), ((5,), (6,)))
    refused(IndexError, "list index out of range", hbt.get_global_rate, 0, fld)


@pytest.mark.parametrize("fld", [1.5, "a"])
def test_a_field_number_is_an_integer(fld):
    """
    Fields have no names.
    """
    with pytest.raises(TypeError, match="list indices must be integers"):
        Heartbeat(1, 1, (1, 1)).get_value(0, fld)


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
