"""Odd questions about the window."""

import pytest

from tests.support.refusals import refused
from vitalrig.heartbeat import Heartbeat, HeartbeatFieldRecord, HeartbeatRecord


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
