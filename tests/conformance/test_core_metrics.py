"""Core metrics: `{prefix}:core_metrics`, `core_metrics.jsonl` and `StreamCoreMetrics`."""

import itertools
import re
from dataclasses import dataclass

import numpy as np
import pytest

from tests.support.conformance import FPS, stamps_us, times_s, values
from tests.support.conformance_runs import ASKED, RECORDED_FROM_S, RECORDED_TO_S
from tests.support.gen_c import METRICS_BUFFER, strangers

CORE = "core_metrics"
FRAME_S = 1 / FPS
# Stamps are whole microseconds, times 32-bit floats: at 90 s they are 8 us apart.
STAMP_US = 10


@dataclass(frozen=True)
class Series:
    """
    What a series is like.

    `first_s` is when it may begin, `every_s` how far its samples are apart (None: one a breath),
    `within` is where nine in ten of its values lie.
    """

    path: str
    first_s: tuple[float, float]
    every_s: float | None
    within: tuple[float, float]


# Units, cadence and ranges as section 6.5 of the interface's description has them.
SERIES = [
    Series("pulse.rate", (9, 12), 1, (40, 120)),
    Series("pulse.trace", (0, 0), FRAME_S, (-0.15, 0.15)),
    Series("pulse.pulse_respiration_quotient", (15, 30), 1, (3, 7)),
    Series("breathing.rate", (15, 30), 1, (5, 40)),
    Series("breathing.upper_trace", (0, 0), 0.2, (-0.15, 0.15)),
    Series("breathing.lower_trace", (0, 0), 0.2, (-0.15, 0.15)),
    Series("breathing.respiratory_line_length", (1, 40), 0.2, (0.01, 2)),
    Series("breathing.amplitude", (15, 35), None, (1.1, 1.9)),
    Series("breathing.baseline", (15, 35), None, (-1, -0.5)),
    # The vendor's example has 0.9 to 1.7. A person at rest breathes out for longer than in.
    Series("breathing.inhale_exhale_ratio", (15, 35), None, (0.4, 1.7)),
    Series("blood_pressure.phasic", (0, 0), FRAME_S, (-0.15, 0.15)),
]
EACH_SERIES = pytest.mark.parametrize("series", SERIES, ids=lambda series: series.path)
PATHS = [series.path for series in SERIES] + ["breathing.apnea"]
EACH_PATH = pytest.mark.parametrize("path", PATHS)


def metadata(run):
    return [message.payload["metadata"] for message in run.messages(CORE)]


def test_a_payload_has_only_what_the_schema_has(run):
    """
    Fields and types of generation C, and nothing that is empty.
    """
    assert [] == [
        stranger
        for message in run.messages(CORE)
        for stranger in strangers(message.payload, METRICS_BUFFER)
    ]


def test_a_reader_who_keeps_up_misses_nothing(run):
    """
    What follows is said of whole runs.
    """
    assert (0, 90 * FPS) == (run.missed, run.frames)


def test_a_message_comes_each_buffer_duration(run, asked):
    """
    That is the period of core metrics.
    """
    stamps = [message.timestamp_us for message in run.messages(CORE)]
    period_s = ASKED[asked].buffer_duration_s

    assert 90 / period_s == len(stamps)
    assert np.diff(stamps) / 1e6 == pytest.approx(period_s, abs=1e-5)


def test_frame_counts_sum_to_the_frames(run):
    """
    Each frame is in one buffer.
    """
    assert run.frames == sum(each["frame_count"] for each in metadata(run))


def test_a_frame_timestamp_is_that_of_the_buffer_s_last_frame(run):
    """
    In microseconds since the capture's start: the vendor's telemetry is computed from it.
    """
    last_frames = np.cumsum([each["frame_count"] for each in metadata(run)]) - 1
    found_us = [int(each["frame_timestamp"]) for each in metadata(run)]

    assert found_us == pytest.approx(last_frames / FPS * 1e6, abs=1)


def test_a_message_bears_the_time_of_its_last_frame(run):
    """
    In microseconds since the epoch, by the wall clock at the capture's start.
    """
    starts_us = {
        message.timestamp_us - int(message.payload["metadata"]["frame_timestamp"])
        for message in run.messages(CORE)
    }

    assert 2 > max(starts_us) - min(starts_us)
    assert run.began_us <= min(starts_us) <= run.ended_us


def test_metadata_say_when_a_buffer_was_sent(run):
    """
    ISO 8601 and seconds since the epoch, which are the same moment.
    """
    iso = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    sent_us = [each["sent_at_s"] * 1e6 for each in metadata(run)]
    written = [np.datetime64(each["upload_timestamp"][:-1], "us") for each in metadata(run)]

    assert all(iso.fullmatch(each["upload_timestamp"]) for each in metadata(run))
    assert [sent // 1_000 for sent in sent_us] == [w.astype(int) // 1_000 for w in written]
    assert run.began_us <= min(sent_us) <= max(sent_us) <= run.ended_us


def test_made_up_numbers_say_so(run):
    """
    In the two fields that wander furthest.
    """
    labels = {(each["id"][:10], each["api_version"].partition("/")[0]) for each in metadata(run)}

    assert {("synthetic-", "vitalrig-synthetic")} == labels


@EACH_SERIES
def test_a_series_begins_after_its_warm_up(run, series):
    """
    Pulse rates after 9 to 12 s, breathing rates after 15 to 30 s, traces at once; never before.
    """
    least_s, most_s = series.first_s

    assert least_s <= times_s(run.series(CORE, series.path))[0] <= most_s


@EACH_SERIES
def test_a_series_has_its_cadence(run, asked, series):
    """
    Rates once a second, breathing traces at 5 Hz, the pulse's a frame, the last a breath apart.
    """
    intervals_s = np.diff(times_s(run.series(CORE, series.path)))
    expected_s = series.every_s or 60 / ASKED[asked].breathing_per_minute

    assert expected_s == pytest.approx(intervals_s.mean(), rel=0.03)
    if series.every_s:
        assert expected_s == pytest.approx(intervals_s, abs=FRAME_S / 2)


@EACH_SERIES
def test_a_series_has_values_of_its_unit(run, series):
    """
    Rates per minute, traces without a unit around zero.
    """
    low, high = series.within
    least, most = np.percentile(values(run.series(CORE, series.path)), (5, 95))

    assert low <= least < most <= high


def test_apnea_is_stated_about_twice_a_second(run):
    """
    Every 0.475 s, which is not a whole number of frames; here it is never so.
    """
    apnea = run.series(CORE, "breathing.apnea")
    intervals_s = np.diff(times_s(apnea))

    assert not any(sample.get("detected", False) for sample in apnea)
    assert 0.475 == pytest.approx(intervals_s.mean(), abs=0.002)
    assert 0.475 == pytest.approx(intervals_s, abs=FRAME_S)


@EACH_PATH
def test_no_sample_comes_twice(run, path):
    """
    Each message holds what is new since the one before.
    """
    stamps = stamps_us(run.series(CORE, path))

    assert (np.diff(stamps) > 0).all()
    assert len(stamps) > 10


@EACH_PATH
def test_a_sample_belongs_to_its_message(run, path):
    """
    It is no newer than the message; a breath is over when its next one has begun.
    """
    part, name = path.split(".")
    ages_us = [
        message.timestamp_us - int(sample["timestamp"])
        for message in run.messages(CORE)
        for sample in message.payload.get(part, {}).get(name, [])
    ]

    assert 0 <= min(ages_us)
    assert max(ages_us) < 8_000_000


@EACH_PATH
def test_a_sample_has_both_its_times(run, path):
    """
    `time` in seconds since the capture's start, `timestamp` in microseconds since the epoch.
    """
    samples = run.series(CORE, path)
    start_us = run.messages(CORE)[0].timestamp_us - int(metadata(run)[0]["frame_timestamp"])

    assert stamps_us(samples) - start_us == pytest.approx(times_s(samples) * 1e6, abs=STAMP_US)


@pytest.mark.parametrize("path", ["pulse.rate", "breathing.rate"])
def test_a_confidence_is_a_share(run, path):
    """
    0 to 1, as the schema's comment has it.
    """
    confidences = [sample["confidence"] for sample in run.series(CORE, path)]

    assert 0.5 < min(confidences) <= max(confidences) <= 1


def test_a_calm_subject_s_samples_are_stable(run):
    """
    Nothing disturbs them.
    """
    assert {True} == {sample["stable"] for path in PATHS for sample in run.series(CORE, path)}


@pytest.mark.parametrize("part", ["pulse", "breathing"])
def test_strict_is_one_number_without_a_time(run, asked, part):
    """
    Near what was asked for, and only where there is a rate.
    """
    payloads = [message.payload.get(part, {}) for message in run.messages(CORE)]
    strict = [payload["strict"] for payload in payloads if "strict" in payload]
    expected = getattr(ASKED[asked], f"{part}_per_minute")

    assert {("value",)} == {tuple(each) for each in strict}
    assert expected == pytest.approx(np.median([each["value"] for each in strict]), abs=1)
    assert all("rate" in payload for payload in payloads if "strict" in payload)


def test_what_was_not_asked_for_is_not_there(recorded):
    """
    Phasic blood pressure is off unless it is switched on; and there is no face in Core.
    """
    parts = {part for message in recorded.messages(CORE) for part in message.payload}

    assert {"pulse", "breathing", "metadata"} == parts


def test_core_metrics_come_only_while_recording(recorded):
    """
    "Metrics output should start" when a recording does.
    """
    frames_s = [int(each["frame_timestamp"]) / 1e6 for each in metadata(recorded)]

    assert (RECORDED_TO_S - RECORDED_FROM_S) / 0.2 == pytest.approx(len(frames_s), abs=1)
    assert RECORDED_FROM_S == pytest.approx(frames_s[0], abs=0.2)
    assert RECORDED_TO_S == pytest.approx(frames_s[-1], abs=0.2)


def test_a_stream_says_what_frames_are_and_counts_on(asked, runs):
    """
    Over gRPC each message has fields for it: synthetic, and a number that rises.
    """
    replies = runs(asked, "grpc").replies[CORE]

    assert {"synthetic"} == {reply.source for reply in replies}
    assert all(before.seq < after.seq for before, after in itertools.pairwise(replies))
