"""Odd times, fields and tags of a beat."""

from math import inf, nan

import pytest

from tests.support.refusals import FIELDS_SHAPE, TIME_SHAPE, refused
from vitalrig.heartbeat import Heartbeat


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
