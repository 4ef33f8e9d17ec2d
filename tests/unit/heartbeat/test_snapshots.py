"""
A record belongs to whoever asked for it.
"""

import copy
from dataclasses import asdict

import pytest

from vitalrig.heartbeat import Heartbeat, HeartbeatFieldRecord, HeartbeatRecord


@pytest.fixture
def hbt():
    hbt = Heartbeat(3, 1, (2,))
    for number in range(4):
        hbt.heartbeat(f"beat {number}", (number + 1,), ((number, number + 0.5),))
    return hbt


def test_later_beats_do_not_change_a_record(hbt):
    """
    Not even those that take its place in the ring.
    """
    record = hbt.get_record()
    before = asdict(record)
    for number in range(10):
        hbt.heartbeat(number, (9,), ((0, 9),))

    assert before == asdict(record)
    assert ("beat 3", (4,), 10, 9) == (
        record.tag,
        record.time.val,
        record.time.glbl,
        record.time.wndw,
    )


@pytest.mark.parametrize("later", [1, 7, 3_000])
def test_fields_that_nobody_has_looked_at_are_still_those_of_the_beat(hbt, later):
    """
    They are read when somebody looks at them, whatever has come since.
    """
    known, unknown = hbt.get_record(), hbt.get_record()
    copied = copy.deepcopy(unknown)
    assert [HeartbeatFieldRecord((3, 3.5), 2.0, 1.5, 0.5, 0.2, 1.5 / 9, 0.125)] == (
        known.field_records
    )
    for number in range(later):
        hbt.heartbeat(number, (9,), ((0, 9),))

    assert known == unknown == copied


@pytest.mark.parametrize(
    "get",
    [
        lambda hbt: hbt.get_record(),
        lambda hbt: hbt.get_records()[-1],
        lambda hbt: hbt._window_buffer[0],
        lambda hbt: next(iter(hbt._window_buffer)),
    ],
    ids=["record", "records", "slot", "ring"],
)
def test_changing_a_record_changes_no_beat(hbt, get):
    """
    Neither this one nor those to come.
    """
    before = [asdict(record) for record in hbt.get_records()]
    record = get(hbt)
    assert "beat 3" == record.tag
    record.time.glbl = record.time.wndw = 1_000
    record.field_records.clear()
    hbt.heartbeat(4, (1,), ((0, 1),))

    assert before[1:] == [asdict(record) for record in hbt.get_records()][:-1]
    assert (11, 8) == (hbt.get_global_count(), hbt.get_window_count())


def test_a_list_that_is_given_back_is_a_copy():
    """
    Changing a value that was reported as a list changes nothing.
    """
    hbt = Heartbeat(1)
    hbt.heartbeat(0, [5])
    hbt.get_value().append(6)
    hbt.get_record().time.val[0] = 7

    assert [5] == hbt.get_value() == hbt.get_record().time.val


def test_slots_of_the_ring_are_beats_modulo_its_size(hbt):
    """
    Existing callers index the ring: its length is the window's, slot 0 holds beat 3.
    """
    ring = hbt._window_buffer

    assert 3 == len(ring)
    assert [3, 1, 2] == [ring[slot].ident for slot in range(3)] == [slot.ident for slot in ring]
    assert [2, 1] == [ring[-1].ident, ring[-2].ident]
    assert [1, 2] == [slot.ident for slot in ring[1:]]
    with pytest.raises(IndexError):
        ring[3]


def test_slots_that_no_beat_has_reached_are_zeros():
    """
    With as many fields as there will be.
    """
    hbt = Heartbeat(3, 1, (1,))
    hbt.heartbeat("first", (2,), ((3,),))
    zero = HeartbeatRecord(field_records=[HeartbeatFieldRecord()])
    ring = hbt._window_buffer

    assert [hbt.get_record(), zero, zero] == list(ring) == [ring[0], ring[1], ring[2]]


def test_records_are_plain_dataclasses():
    """
    Compared by value, changeable, unhashable, with zeros by default.
    """
    record = HeartbeatRecord()
    record.tag = "new"

    assert HeartbeatRecord(0, "new", HeartbeatFieldRecord((0,), 0, 0, 0, 0, 0, 0), []) == record
    with pytest.raises(TypeError, match="unhashable"):
        hash(record)


def test_a_copy_has_other_units():
    """
    One factor for values and sums, one for rates; 0 is a factor, None is none.
    """
    one = HeartbeatFieldRecord((2, 4), 10, 6, 2, 1.0, 2.0, 3.0)

    assert HeartbeatFieldRecord((1.0, 2.0), 5.0, 3.0, 1.0, 1.0, 2.0, 3.0) == one.copy(0.5)
    assert HeartbeatFieldRecord((2, 4), 10, 6, 2, 0.0, 0.0, 0.0) == one.copy(rate_norm=0)
    assert one == one.copy()
    assert one is not one.copy()


def test_a_copy_of_a_list_is_a_tuple_only_where_it_was_multiplied():
    """
    As it came otherwise.
    """
    one = HeartbeatFieldRecord([2])

    assert ([2], (4,)) == (one.copy().val, one.copy(2).val)


def test_records_may_be_chosen(hbt):
    """
    The newest, those from some number on, or all; none that is not there.
    """

    def idents(**which):
        return [record.ident for record in hbt.get_records(**which)]

    assert [1, 2, 3] == idents()
    assert [2, 3] == idents(last=2) == idents(since=2)
    assert [] == idents(last=0) == idents(since=9)
    assert [1, 2, 3] == idents(last=99, since=-5)
    assert [] == Heartbeat(2).get_records() == Heartbeat(2).get_rows()
