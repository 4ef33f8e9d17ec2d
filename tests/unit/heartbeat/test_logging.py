"""
Headers and rows, where a comparison with `apphb` does not say it all.
"""

import pytest

from vitalrig.heartbeat import Heartbeat, Norms
from vitalrig.heartbeat.logging import get_log_header, get_log_record, get_log_records


@pytest.fixture
def hbt():
    hbt = Heartbeat(3, 2, (1, 2))
    for number in range(2):
        hbt.heartbeat(f"t{number}", (number, number + 2), ((8,), (1, 2)))
    return hbt


def test_a_header_names_every_entry(hbt):
    """
    One column or two for the value, three sums, three rates, field by field.
    """
    assert [
        "Heartbeat",
        "Tag",
        *("Start T", "End T"),
        *("Global T", "Window T", "Instant T"),
        *("Global HR", "Window HR", "Instant HR"),
        *("Work", "Global Work", "Window Work", "Instant Work"),
        *("Global Power", "Window Power", "Instant Power"),
        *("Start Field 2", "End Field 2"),
        *("Global Field 2", "Window Field 2", "Instant Field 2"),
        *("Global Field 2 Rate", "Window Field 2 Rate", "Instant Field 2 Rate"),
    ] == get_log_header(hbt, "T", "HR", ["Work"], ["Power"])


def test_too_many_names_are_cut(hbt):
    """
    Silently, as callers know it.
    """
    names = ["a", "b", "c", "d"]

    assert len(get_log_record(hbt.get_record())) == len(
        get_log_header(hbt, "T", "HR", names, names)
    )


def test_a_name_that_is_no_string_needs_a_name_for_its_rate():
    """
    Nothing can be appended to a number.
    """
    hbt = Heartbeat(1, 1, (1,))

    assert "Global 5" in get_log_header(hbt, field_names=[5], field_rate_names=["R"])
    with pytest.raises(TypeError):
        get_log_header(hbt, field_names=[5])


def test_shapes_given_as_a_list_have_a_header():
    """
    A list is as good as a tuple.
    """
    assert 16 == len(get_log_header(Heartbeat(1, 1, [1])))


def test_a_row_is_in_the_units_of_its_norms(hbt):
    """
    Short lists of factors are filled with None, long ones cut.
    """
    row = get_log_record(hbt.get_record(), 10, 100, [None, 3, 9, 9], [0])

    assert [1, "t1"] == row[:2]
    assert [10, 30, 40, 40, 20, 50.0, 50.0, 50.0] == row[2:10]
    assert [8, 16, 16, 8, 0.0, 0.0, 0.0] == row[10:17]
    assert [3, 6, 6, 6, 3, 0.5, 0.5, 0.5] == row[17:]


def test_rows_of_the_whole_window_begin_with_zeros_while_it_is_not_full(hbt):
    """
    Oldest first. Zero rows have one value for every field.
    """
    rows = get_log_records(hbt)

    assert [[0] * 23, get_log_record(hbt.get_record(-1)), get_log_record(hbt.get_record())] == rows


def test_a_strict_heartbeat_has_no_zero_rows():
    """
    Every row is a beat.
    """
    hbt = Heartbeat(3, strict=True)
    hbt.heartbeat("only", (1,))

    assert [[0, "only", 1, 1, 1, 1, 1.0, 1.0, 1.0]] == get_log_records(hbt) == hbt.get_rows()


def test_the_newest_rows_in_other_units(hbt):
    """
    A count of rows, and factors for all of them.
    """
    norms = Norms(2, None, [0.5])

    assert [get_log_record(hbt.get_record(), *norms)] == get_log_records(hbt, 1, *norms)
    assert [] == get_log_records(hbt, 0)


@pytest.mark.parametrize("count", [-1, 4])
def test_a_count_of_rows_is_within_the_window(count, hbt):
    """
    No rows from beyond the ring.
    """
    with pytest.raises(ValueError) as caught:
        get_log_records(hbt, count)
    assert "count must be in range: 0 <= count <= window_size" == str(caught.value)


def test_a_count_of_rows_is_an_integer(hbt):
    """
    There are no half rows.
    """
    with pytest.raises(TypeError):
        get_log_records(hbt, 1.5)
