import errno
import json
from array import array
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smartspectra.ipc.series.chunk_store import MemoryStore, SpillStore
from smartspectra.ipc.series.series import CHUNK_SAMPLES, Series
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.wire.measurements import sample_timestamp_us, sample_value

SECOND_US = 1_000_000
NOW_US = 1_759_779_683_578_333


def written(series: Series) -> dict[str, list[float]]:
    """The columns as they stand in a summary, read back."""
    return {
        column: json.loads(b"[" + b",".join(part.text(b",") for part in parts) + b"]")
        for column, parts in series.columns().items()
    }


def series_of(*stamps_us: int, limit: int = 0) -> Series:
    made = Series(MemoryStore(limit), limit)
    for number, stamp in enumerate(stamps_us):
        made.store(stamp, float(number))
    return made


def plain(series: Series) -> dict[str, list[float]]:
    return {column: series[column] for column in series}


def test_samples_stand_in_three_columns_of_floats():
    """
    The documented names, and the originals equal to the time stamps.
    """
    assert {
        "timestamps": [10.0, 20.0],
        "values": [0.0, 1.0],
        "relative_us": [10.0, 20.0],
    } == plain(series_of(10, 20))


def test_a_sample_at_or_before_the_last_is_dropped_and_counted():
    """
    Duplicates and late samples do not disturb the order.
    """
    series = series_of(NOW_US, NOW_US, NOW_US - SECOND_US, NOW_US + 5)

    assert [NOW_US, NOW_US + 5] == series["timestamps"]
    assert 2 == series.duplicates


def test_exactly_one_second_back_is_late_and_a_microsecond_more_is_a_reset():
    """
    The border between a late sample and a reset clock.
    """
    assert 0 == series_of(NOW_US, NOW_US - SECOND_US).resets
    assert 1 == series_of(NOW_US, NOW_US - SECOND_US - 1).resets


def test_after_a_reset_the_series_goes_on_rising_and_the_originals_are_kept():
    """
    An offset is added to the time stamps; relative_us has what the device said.
    """
    series = series_of(10 * SECOND_US, 11 * SECOND_US, 5, 5 + SECOND_US)

    assert [1e7, 1.1e7, 1.1e7 + 1, 1.2e7 + 1] == series["timestamps"]
    assert [1e7, 1.1e7, 5.0, 5.0 + SECOND_US] == series["relative_us"]
    assert 1 == series.resets


@pytest.mark.parametrize("wrap", [2**32, 2**31])
def test_a_32_bit_counter_goes_on_across_its_wrap(wrap):
    """
    The distance between samples stays what it was, for unsigned and for signed counters.
    """
    before = wrap - 20_000
    series = series_of(before, before + 33_333 - 2**32, before + 66_666 - 2**32)

    assert [before, before + 33_333, before + 66_666] == series["timestamps"]
    assert (0, 1) == (series.resets, series.wraps)


def test_a_counter_that_wraps_twice_goes_on_twice():
    """
    A recording longer than 71 minutes on a 32-bit clock is one rising series.
    """
    true = [n * 30 * SECOND_US for n in range(300)]
    series = series_of(*(stamp % 2**32 for stamp in true))

    assert [float(stamp) for stamp in true] == series["timestamps"]
    assert 2 == series.wraps


def test_one_stray_stamp_does_not_move_the_clock_for_good():
    """
    When the old clock goes on after a reset of a single sample, so does the series.
    """
    series = series_of(NOW_US, 0, NOW_US + 33_333)

    assert [NOW_US, NOW_US + 1, NOW_US + 33_333] == series["timestamps"]


def test_a_stamp_beyond_what_a_float_can_tell_is_refused():
    """
    Order stays strict in the file, where time stamps are floats.
    """
    far = 7_258_118_400_000_000
    series = series_of(far, 0, far, far + 1)

    assert [far, far + 1] == series["timestamps"]
    assert 2 == series.unusable


def test_the_limit_keeps_the_newest():
    """
    First in, first out, across chunks.
    """
    stamps = range(1, 3 * CHUNK_SAMPLES)
    series = series_of(*stamps, limit=CHUNK_SAMPLES + 7)

    assert [float(stamp) for stamp in stamps[-CHUNK_SAMPLES - 7 :]] == series["timestamps"]
    assert CHUNK_SAMPLES + 7 == series.kept


nearly_plain = st.fixed_dictionaries(
    {
        "timestamp": (st.integers(0, 30) | st.integers(NOW_US, NOW_US + 5)).map(str)
        | st.sampled_from(["007", "1,3", "7_0"]),
        "value": st.floats(0, 1) | st.sampled_from([float("nan"), 1, "0.5"]),
    }
)
sample_lists = st.lists(
    st.lists(nearly_plain, min_size=1, max_size=4)
    | st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "timestamp": st.integers(0, 50).map(str)
                | st.integers(NOW_US, NOW_US + 30).map(str)
                | st.integers(2**32 - 40, 2**32 - 1).map(str)
                | st.integers()
                | st.sampled_from(["", "x", "007", "-5", "٣", "1_0", " 7", "1e3", None, True]),
                "time": st.floats(0, 10) | st.none(),
                "value": st.floats() | st.integers() | st.sampled_from(["1.5", None, True, []]),
                "detected": st.booleans(),
                "stable": st.booleans(),
            },
        ),
        min_size=1,
        max_size=5,
    ),
    max_size=6,
)


def rising(samples: list[int]) -> list[dict[str, Any]]:
    return [{"timestamp": str(stamp), "value": 0.5} for stamp in samples]


@given(sample_lists)
@example([rising([99, 100])])
@example([rising([100, 99, 101])])
@example([rising([15, 15])])
@example([[{"timestamp": "100", "value": 1.0}, {"timestamp": "20,", "value": 2.0}]])
@example([[{"timestamp": stamp, "value": 1.0} for stamp in ("100", "20", "3000")]])
@example([[{"timestamp": stamp, "value": 1.0} for stamp in ("005", "006")]])
@example([[{"timestamp": stamp, "value": 1.0} for stamp in ("1_0", "1_1")]])
@example([[{"timestamp": "5", "value": 0.5}, {"timestamp": "6", "value": float("nan")}]])
@example([rising([1, 22, 3])])
@example([rising([5_000_000, 6_000_000]), rising([1, 2, 3]), rising([4, 9])])
@example([rising([NOW_US, NOW_US + 1]), rising([0]), rising([NOW_US + 2, NOW_US + 3])])
@example([[{"timestamp": "5", "value": 0.5}, {"timestamp": "6", "value": "NaN"}]])
@example([[{"timestamp": 7, "value": 1}, {"timestamp": True, "value": 2}]])
def test_many_at_once_is_the_same_as_one_by_one(lists):
    """
    The short way is only ever taken where it gives what the long way gives.
    """
    at_once, one_by_one = Series(MemoryStore()), Series(MemoryStore())
    for samples in lists:
        at_once.pending.extend(samples)
        took = at_once.take_pending()
        for made in (one_by_one,) if took else (at_once, one_by_one):
            for each in samples:
                stamp, value = sample_timestamp_us(each), sample_value(each)
                if stamp is not None and value is not None:
                    made.store(round(stamp), value)

    assert written(one_by_one) == written(at_once)
    assert (one_by_one.resets, one_by_one.wraps, one_by_one.duplicates) == (
        at_once.resets,
        at_once.wraps,
        at_once.duplicates,
    )


@given(
    st.lists(
        st.integers(-(2**40), 2**40)
        | st.integers(0, 2**32 + 5_000_000)
        | st.integers(NOW_US - 5_000_000, NOW_US + 5_000_000)
    )
)
def test_time_stamps_strictly_rise_whatever_the_clock_does(stamps):
    """
    Resets, wraps, strays and repetitions included; and every sample is accounted for.
    """
    series = series_of(*stamps)
    column = series["timestamps"]

    assert sorted(set(column)) == column
    assert len(stamps) == series.count + series.duplicates + series.unusable
    assert set(series["relative_us"]) <= set(map(float, stamps))


@pytest.mark.parametrize("comma", [b",", b", "])
def test_columns_on_the_disk_are_the_columns_in_memory(tmp_path, comma):
    """
    Spilling changes where samples are, and nothing else, through several resets.
    """

    def trouble(exc: OSError) -> None:
        raise exc

    in_memory = Series(MemoryStore())
    on_disk = Series(SpillStore(tmp_path, "1", comma, Disk(), trouble))
    for number in range(5 * CHUNK_SAMPLES):
        stamp = (number % 1_200) * 33_333 + 7
        in_memory.store(stamp, number / 7)
        on_disk.store(stamp, number / 7)

    assert 2 == in_memory.resets
    assert plain(in_memory) == plain(on_disk)
    assert {"1.timestamps", "1.values", "1.relative_us"} == {
        path.name for path in tmp_path.iterdir()
    }


def test_a_view_does_not_change_when_the_series_goes_on(tmp_path):
    """
    A snapshot is written beside the recording, from parts that stay as they are.
    """
    for store in (MemoryStore(), SpillStore(tmp_path, "1", b",", Disk(), print)):
        series = Series(store)
        for stamp in range(1, CHUNK_SAMPLES + 10):
            series.store(stamp, 0.5)
        columns = series.columns()
        for stamp in range(CHUNK_SAMPLES + 10, 3 * CHUNK_SAMPLES):
            series.store(stamp, 0.5)

        seen = [number for part in columns["timestamps"] for number in part.floats()]
        assert [float(stamp) for stamp in range(1, CHUNK_SAMPLES + 10)] == seen


def test_a_chunk_half_written_is_written_again_whole(tmp_path):
    """
    What a failed write left behind does not stay in the column.
    """

    class HalfDisk(Disk):
        fails = False

        def write(self, descriptor, data):
            if self.fails and len(data) > 1:
                super().write(descriptor, memoryview(data)[: len(data) // 2])
                raise OSError(errno.ENOSPC, "full")
            return super().write(descriptor, data)

    disk = HalfDisk()
    store = SpillStore(tmp_path, "1", b",", disk, lambda _: None)
    for stamp, disk.fails in ((11, False), (22, True), (33, True), (44, False)):
        store.keep([stamp], array("d", [0.5]), None)

    for column, expected in (("timestamps", [11.0, 22.0, 33.0, 44.0]), ("values", [0.5] * 4)):
        (part,) = store.parts()[column]
        assert expected == part.floats()


def test_a_chunk_that_finds_no_room_waits_in_memory(tmp_path):
    """
    A full disk costs memory for a while, and no sample.
    """
    troubles: list[OSError] = []
    store = SpillStore(tmp_path / "missing", "1", b",", Disk(), troubles.append)
    store.keep([1, 2], array("d", [0.5, 0.25]), None)
    assert [FileNotFoundError] == [type(trouble) for trouble in troubles]
    assert [1.0, 2.0] == store.parts()["timestamps"][0].floats()

    (tmp_path / "missing").mkdir()
    store.keep([3], array("d", [0.125]), [9])

    parts = store.parts()
    assert [1.0, 2.0, 3.0] == [n for part in parts["timestamps"] for n in part.floats()]
    assert [0.5, 0.25, 0.125] == [n for part in parts["values"] for n in part.floats()]
    assert [1.0, 2.0, 9.0] == [n for part in parts["relative_us"] for n in part.floats()]
