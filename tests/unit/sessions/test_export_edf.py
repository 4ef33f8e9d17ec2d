"""EDF+: signals on a regular grid, gaps and events as annotations."""

from datetime import UTC, datetime

import edfio
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.sessions import (
    CORE,
    EDGE,
    START_US,
    a_session,
    an_envelope,
    every,
    golden_in,
    samples,
)
from vitalrig.errors import BadRequest
from vitalrig.harmless import harmless
from vitalrig.sessions.exports.edf_signal import DIGITAL_MIN, digital, range_of
from vitalrig.sessions.exports.export_edf import export
from vitalrig.sessions.reading.open import open_session

FRAME_US = 1e6 / 30


class Read:
    """An EDF+ file as edfio reads it, with times in microseconds since 1970."""

    def __init__(self, path):
        self.file = edfio.read_edf(path)
        start = datetime.combine(self.file.startdate, self.file.starttime, UTC)
        self.start_us = start.timestamp() * 1e6
        self.signals = {signal.label: signal for signal in self.file.signals}
        self.notes = [
            (self.start_us + note.onset * 1e6, note.duration, note.text)
            for note in self.file.annotations
        ]

    def signal(self, label):
        """Times and values where there are data."""
        signal = self.signals[label]
        at_us = self.start_us + np.arange(len(signal.digital)) * 1e6 / signal.sampling_frequency
        low, high = signal.physical_range
        step = (high - low) / 65535
        has_data = signal.digital != DIGITAL_MIN
        return at_us[has_data], signal.data[has_data], step

    def noted(self, text):
        return [note for note in self.notes if note[2].startswith(text)]


def exported(tmp_path, session):
    path = tmp_path / "made.edf"
    export(session, path, force=True)
    return Read(path)


def one(times, values, name="pulse.trace"):
    return a_session({(CORE, name): samples(times, values)})


finite = st.floats(-1e5, 1e5, allow_subnormal=False)


@given(st.lists(finite, min_size=8, max_size=80), st.sampled_from([1, 5, 25, 30, 60]))
@example([0.0] * 8, 30)
@example([1.0, 0.0] * 8, 30)
@example([72.5] * 8, 1)
@example([-1e-9, 1e-9] * 8, 30)
@example([0.0] * 7 + [-99997.0], 1)
@settings(max_examples=40)
def test_an_even_series_comes_back_to_one_part_in_65000_of_its_range(
    tmp_path_factory, values, rate_hz
):
    """
    Every sample at its own time, to the microsecond and a half that the grid rounds.
    """
    times = every(1e6 / rate_hz, len(values))
    read = exported(tmp_path_factory.mktemp("edf"), one(times, values))
    at_us, found, step = read.signal("core pulse")

    assert len(values) == len(found)
    assert np.abs(at_us - times).max() <= 1.5
    # A sample is off its grid point by a microsecond at most, so lines between samples add little.
    tilt = np.abs(np.diff(values)).max(initial=0) * 1.5 * rate_hz / 1e6
    assert np.abs(found - values).max() <= step / 2 + tilt + 1e-9 * max(1, *map(abs, values))


def test_a_recorded_session_comes_back(tmp_path):
    """
    The fast series sample by sample, at the times at which they were measured.
    """
    session = open_session(golden_in(tmp_path))
    read = exported(tmp_path, session)
    pulse = session.find("core_metrics", "pulse.trace").load()
    at_us, values, step = read.signal("core pulse")

    assert (150, True, True) == (
        len(values),
        bool(np.abs(at_us - pulse.timestamps_us).max() <= 1.5),
        bool(np.abs(values - pulse.values).max() <= step),
    )


def test_series_of_other_phases_keep_their_values(tmp_path):
    """
    Once a second, and 0.4 s away from the grid of the fast series: each value is there once.
    """
    rates = np.linspace(60, 80, 30)
    session = a_session(
        {
            (CORE, "pulse.trace"): samples(every(FRAME_US, 900), np.zeros(900)),
            (CORE, "pulse.rate"): samples(every(1e6, 30, START_US + 400_000), rates),
        }
    )
    at_us, values, step = exported(tmp_path, session).signal("core pulse rate")

    assert (30, True, True) == (
        len(values),
        bool(np.abs(values - rates).max() <= step),
        bool(np.abs(at_us - every(1e6, 30, START_US + 400_000)).max() <= 500_001),
    )


def test_nothing_is_made_up_in_a_gap(tmp_path):
    """
    The gap holds no data, and an annotation says so.
    """
    kept = np.r_[0:100, 160:300]
    times = every(FRAME_US, 300)[kept]
    read = exported(tmp_path, one(times, np.sin(kept / 5)))
    at_us, _, _ = read.signal("core pulse")
    ((begin_us, duration_s, _),) = read.noted("gap core pulse")

    assert (240, True, True) == (
        len(at_us),
        abs(begin_us - times[99]) <= 1,
        abs(duration_s - 61 / 30) <= 1e-6,
    )


def test_a_series_that_begins_late_has_no_data_before(tmp_path):
    """
    EDA, for example, takes half a minute.
    """
    session = a_session(
        {
            (CORE, "pulse.trace"): samples(every(FRAME_US, 3000), np.zeros(3000)),
            (EDGE, "eda.trace"): samples(every(2e5, 100, START_US + 40_000_000), np.ones(100)),
        }
    )
    at_us, _, _ = exported(tmp_path, session).signal("edge EDA")

    assert (100, START_US + 40_000_000) == (len(at_us), round(at_us[0]))


def test_happenings_are_annotations_with_their_values(tmp_path):
    """
    Breaths have no rate; between two of them there is no amplitude.
    """
    steps_us = np.array([0, 3.1e6, 5.2e6, 2.4e6, 6.3e6])
    times = START_US + np.cumsum(steps_us)
    session = a_session(
        {
            (CORE, "pulse.trace"): samples(every(FRAME_US, 600), np.zeros(600)),
            (CORE, "breathing.amplitude"): samples(times, [1.5181001, 1.2, 1.1, 1.0, -0.9]),
        }
    )
    read = exported(tmp_path, session)
    noted = read.noted("core resp ampl")

    assert ["1.5181001", "1.2", "1.1", "1.0", "-0.9"] == [n[2].partition("=")[2] for n in noted]
    assert np.abs(np.array([note[0] for note in noted]) - times).max() <= 1
    assert ["core pulse"] == list(read.signals)


def test_events_are_annotations(tmp_path):
    """
    Also those from before the first sample.
    """
    jsonl = tmp_path / "metrics_made.jsonl"
    lines = [
        an_envelope("recording_state", START_US - 250_000, {"recording": True}),
        an_envelope("status", START_US + 2_000_000, {"value": "NO_FACES_FOUND"}),
    ]
    jsonl.write_bytes(b"".join(line + b"\n" for line in lines))
    trace = samples(every(FRAME_US, 150), np.zeros(150))
    read = exported(tmp_path, a_session({(CORE, "pulse.trace"): trace}, jsonl=jsonl))
    (started,), (status,) = read.noted("recording started"), read.noted("status NO_FACES_FOUND")

    assert abs(started[0] - (START_US - 250_000)) <= 1
    assert abs(status[0] - (START_US + 2_000_000)) <= 1


def test_the_header_says_what_the_numbers_are_made_of(tmp_path):
    """
    So does an annotation over the whole file, which viewers show.
    """
    read = exported(tmp_path, open_session(golden_in(tmp_path)))

    assert (("source:synthetic",), 1, "session golden") == (
        read.file.recording.additional,
        len(read.noted("source synthetic")),
        read.noted("session")[0][2],
    )


def test_a_signal_says_its_unit_its_range_and_where_it_comes_from(tmp_path):
    """
    Uncalibrated series have no dimension, as the format wants it.
    """
    session = a_session(
        {
            (CORE, "pulse.rate"): samples(every(1e6, 20), np.linspace(60, 80, 20)),
            (EDGE, "eda.trace"): samples(every(2e5, 100), np.linspace(0.2, 0.8, 100)),
        }
    )
    signals = exported(tmp_path, session).signals
    rate, eda = signals["core pulse rate"], signals["edge EDA"]

    assert ("/min", "", "physiology:core_metrics pulse.rate") == (
        rate.physical_dimension, eda.physical_dimension, rate.transducer_type,
    )  # fmt: skip
    assert 59.9 < rate.physical_min < 60
    assert 80 < rate.physical_max < 80.1


def test_the_exact_start_is_noted(tmp_path):
    """
    Some readers lose what is below a second in the header.
    """
    read = exported(tmp_path, one(every(FRAME_US, 60, START_US + 791_375), np.zeros(60)))
    start = datetime.fromisoformat(read.noted("start")[0][2].removeprefix("start "))

    assert START_US + 791_375 == round(start.timestamp() * 1e6)


def test_a_clock_that_began_with_the_capture_is_placed_at_the_sessions_start(tmp_path):
    """
    EDF knows no year before 1985.
    """
    read = exported(tmp_path, one(every(FRAME_US, 60, 0), np.zeros(60)))

    assert START_US == read.start_us


@pytest.mark.parametrize("year", [1970, 1984, 2085, 2106])
def test_a_clock_that_was_not_set_gives_no_wrong_date(tmp_path, year):
    """
    EDF has two digits for the year, those of 1985 to 2084; others would be read as another year.

    The header then says what EDF says for a date that is not known, and a note what the clock said.
    """
    start = datetime(year, 3, 1, 0, 10, tzinfo=UTC)
    start_us = round(start.timestamp() * 1e6)
    session = one(every(FRAME_US, 600, start_us), np.zeros(600))
    session.meta["started_at_ms"] = start_us // 1000
    read = exported(tmp_path, session)
    raw = (tmp_path / "made.edf").read_bytes()

    assert ("01.01.85", datetime(1985, 1, 1, tzinfo=UTC).timestamp() * 1e6) == (
        raw[168:176].decode(), read.start_us,
    )  # fmt: skip
    assert [f"start {start:%Y-%m-%dT%H:%M:%S}.000000Z"] == [
        text for _, _, text in read.noted("start")
    ]


@pytest.mark.parametrize("letter", ["\x00", "\x14", "\x15", "\x1b", "\n", "\x85", "\u2028"])
def test_a_control_character_in_a_status_ends_no_annotation(tmp_path, letter):
    """
    EDF ends annotations and lists of them with three of these, and no other could be read then.
    """
    jsonl = tmp_path / "metrics_made.jsonl"
    lines = [
        an_envelope("status", START_US + number * 1_000_000, {"value": text})
        for number, text in enumerate((f"one{letter}two", "three"))
    ]
    jsonl.write_bytes(b"".join(line + b"\n" for line in lines))
    trace = samples(every(FRAME_US, 300), np.zeros(300))
    read = exported(tmp_path, a_session({(CORE, "pulse.trace"): trace}, jsonl=jsonl))

    assert [f"status {harmless(f'one{letter}two')}", "status three"] == [
        text for _, _, text in read.noted("status")
    ]


def test_samples_without_a_date_are_left_out_and_noted(tmp_path):
    """
    Nobody knows where in the file they would belong.
    """
    read = exported(tmp_path, one([*every(FRAME_US, 300), 1e300], np.zeros(301)))

    assert ["1 undated left out: core pulse"] == [text for *_, text in read.noted("1 undated")]


def with_statuses(tmp_path, count, times):
    jsonl = tmp_path / "metrics_made.jsonl"
    lines = [
        an_envelope("status", START_US + number * 1000, {"value": f"S{number}"})
        for number in range(count)
    ]
    jsonl.write_bytes(b"".join(line + b"\n" for line in lines))
    trace = samples(times, np.zeros(len(times)))
    return a_session({(CORE, "pulse.trace"): trace}, jsonl=jsonl)


def test_more_events_than_seconds_have_room(tmp_path):
    """
    None is dropped without a word.
    """
    read = exported(tmp_path, with_statuses(tmp_path, 300, every(FRAME_US, 300)))

    assert 300 == len(read.noted("status S"))


def test_more_events_at_once_than_a_long_file_has_room_for_are_refused(tmp_path):
    """
    Every minute would have as much room as the one with the most of them.
    """
    six_days = [*every(1e6, 60), START_US + 6 * 86_400_000_000]

    with pytest.raises(BadRequest, match="at once are too many"):
        exported(tmp_path, with_statuses(tmp_path, 300, six_days))
    assert 200 == len(exported(tmp_path, with_statuses(tmp_path, 200, six_days)).noted("status S"))


def test_series_of_the_same_short_name_stay_apart(tmp_path):
    """
    A label has 16 letters only.
    """
    trace = samples(every(FRAME_US, 60), np.zeros(60))
    names = [f"some.very_long_name_of_a_series.{letter}" for letter in "abc"]
    read = exported(tmp_path, a_session({(EDGE, name): trace for name in names}))

    assert 3 == len(read.signals)


@pytest.mark.parametrize(
    ("session", "says"),
    [
        (a_session({}), "no samples"),
        (one([START_US], [1.0]), "no course of values"),
        (one([*every(FRAME_US, 60), START_US + 30 * 86_400_000_000], np.zeros(61)), "days"),
        (one(every(FRAME_US, 60), np.full(60, 1e9)), "do not fit"),
    ],
)
def test_what_edf_cannot_hold_is_said(tmp_path, session, says):
    """
    With a format that can, and without leaving half a file.
    """
    with pytest.raises(BadRequest, match=says):
        export(session, tmp_path / "made.edf")

    assert [] == list(tmp_path.iterdir())


@given(st.lists(st.floats(-9e6, 9e6), min_size=1, max_size=20))
@example([0.0])
@example([9e6, -9e6])
@example([1e-7, 2e-7])
@example([-3e-5, 3e-5])
@example([0.0, 1.0])
@example([8999999.5, 8999999.75])
def test_limits_hold_the_values_in_eight_letters_and_leave_the_lowest_number_free(values):
    """
    What the header cannot say exactly would move every value.
    """
    array = np.array(values)
    limits = range_of(array)
    numbers = digital(array, limits)
    written = edfio.EdfSignal.from_digital(numbers, 1, physical_range=(limits.low, limits.high))

    assert (limits.low, limits.high) == written.physical_range
    assert limits.low < array.min() <= array.max() < limits.high
    assert b"e" not in written._physical_min + written._physical_max
    assert DIGITAL_MIN < numbers.min()


@given(st.floats(-1000, 1000), st.floats(10, 1000))
def test_limits_are_not_wider_than_they_must_be(low, spread):
    """
    Every digital number that is not used is precision lost.
    """
    limits = range_of(np.array([low, low + spread]))

    assert limits.high - limits.low <= 1.002 * spread


def test_progress_counts_every_sample_twice(tmp_path):
    """
    Once for the header, once for the data.
    """
    done = []
    session = open_session(golden_in(tmp_path))
    export(session, tmp_path / "made.edf", advance=done.append)
    in_signals = 1040 - 3 * 2 - 2  # breaths and blinks are happenings

    assert 1040 + in_signals == sum(done)
