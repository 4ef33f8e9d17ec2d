"""XDF: what pyxdf reads is what was recorded."""

import numpy as np
import pytest
import pyxdf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.sessions import (
    EDGE,
    START_US,
    a_session,
    an_envelope,
    every,
    golden_in,
    samples,
)
from vitalrig.sessions.exports import export_xdf
from vitalrig.sessions.exports.export_xdf import export
from vitalrig.sessions.reading.open import open_session

FRAME_US = 1e6 / 30


def read(path, **options):
    streams, header = pyxdf.load_xdf(path, **options)
    by_name = {stream["info"]["name"][0]: stream for stream in streams}
    return by_name.pop("events"), by_name, header


def exported(tmp_path, session, **options):
    path = tmp_path / "made.xdf"
    export(session, path, force=True)
    return read(path, **options)


stamps = st.lists(
    st.integers(0, 2**51), min_size=1, max_size=40, unique=True
).map(sorted)  # fmt: skip


@given(stamps, st.data())
@example([START_US, START_US + 33_333, START_US + 10_000_000], None)
@settings(max_examples=40)
def test_times_come_back_to_the_microsecond_and_values_to_the_last_bit(
    tmp_path_factory, times, data
):
    """
    With pyxdf's corrections switched on, as people use it.
    """
    value = st.floats(allow_nan=False, allow_infinity=False)
    values = (
        np.arange(len(times)) / 3
        if data is None
        else data.draw(st.lists(value, min_size=len(times), max_size=len(times)))
    )
    session = a_session({(EDGE, "eda.trace"): samples(times, values)})
    _, streams, _ = exported(tmp_path_factory.mktemp("xdf"), session)
    found = streams["edge_metrics eda.trace"]

    assert (times, list(values)) == (
        np.rint(found["time_stamps"] * 1e6).astype(int).tolist(),
        found["time_series"][:, 0].tolist(),
    )


def test_a_recorded_session_comes_back_whole(tmp_path):
    """
    Every series, every sample.
    """
    session = open_session(golden_in(tmp_path))
    _, streams, header = exported(tmp_path, session)
    wrong = [
        series.name
        for series in session.series
        if not (
            np.array_equal(
                np.rint(streams[f"{series.kind} {series.name}"]["time_stamps"] * 1e6),
                series.load().timestamps_us,
            )
            and np.array_equal(
                streams[f"{series.kind} {series.name}"]["time_series"][:, 0], series.load().values
            )
        )
    ]

    assert ([], 20, ["synthetic"]) == (wrong, len(streams), header["info"]["source"])


def test_a_gap_stays_where_it_is(tmp_path):
    """
    pyxdf would straighten the times of a stream that cannot lose samples.
    """
    times = np.delete(every(FRAME_US, 300), np.arange(100, 110))
    session = a_session({(EDGE, "eda.trace"): samples(times, np.zeros(290))})
    _, streams, _ = exported(tmp_path, session, dejitter_timestamps=True)

    assert times.tolist() == np.rint(
        streams["edge_metrics eda.trace"]["time_stamps"] * 1e6
    ).tolist()  # fmt: skip


def test_a_stream_says_what_it_is(tmp_path):
    """
    Name, unit, rate and source are in its header.
    """
    session = a_session(
        {("door:core_metrics", "pulse.rate"): samples(every(1e6, 20), np.full(20, 72.0))},
        source="replay",
    )
    _, streams, _ = exported(tmp_path, session)
    info = streams["core_metrics pulse.rate"]["info"]
    about = info["desc"][0]

    assert ("/min", "pulse.rate", "door:core_metrics", "replay", 1.0) == (
        about["channels"][0]["channel"][0]["unit"][0],
        about["acquisition"][0]["series"][0],
        about["acquisition"][0]["channel"][0],
        about["acquisition"][0]["source"][0],
        float(info["nominal_srate"][0]),
    )


def test_events_are_markers(tmp_path):
    """
    At the times at which they were published, in any language.
    """
    jsonl = tmp_path / "metrics_made.jsonl"
    lines = [
        an_envelope("recording_state", START_US, {"recording": True}),
        an_envelope("status", START_US + 5, {"value": "Gesicht nicht gefunden äöü"}),
    ]
    jsonl.write_bytes(b"".join(line + b"\n" for line in lines))
    events, _, _ = exported(tmp_path, a_session({}, jsonl=jsonl))

    assert (
        [["recording started"], ["status Gesicht nicht gefunden äöü"]],
        [START_US, START_US + 5],
    ) == (events["time_series"], np.rint(events["time_stamps"] * 1e6).astype(int).tolist())


def test_the_footer_counts(tmp_path):
    """
    And gives the measured rate, which need not be the nominal one.
    """
    session = a_session({(EDGE, "eda.trace"): samples(every(2e5, 50), np.zeros(50))})
    _, streams, _ = exported(tmp_path, session)
    footer = streams["edge_metrics eda.trace"]["footer"]["info"]

    assert ("50", "5") == (footer["sample_count"][0], footer["measured_srate"][0])


def test_a_long_series_is_in_many_chunks(tmp_path, monkeypatch):
    """
    Nothing is lost between them.
    """
    monkeypatch.setattr(export_xdf, "_CHUNK_SAMPLES", 7)
    session = a_session({(EDGE, "eda.trace"): samples(every(2e5, 50), np.arange(50))})
    _, streams, _ = exported(tmp_path, session)

    assert list(range(50)) == streams["edge_metrics eda.trace"]["time_series"][:, 0].tolist()


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_series_and_one_of_a_single_sample_are_read(tmp_path, count):
    """
    Readers stumble over odd but valid files; this one does not.
    """
    session = a_session({(EDGE, "eda.trace"): samples(every(2e5, count), np.zeros(count))})
    events, streams, _ = exported(tmp_path, session)

    assert (0, count) == (
        len(events["time_stamps"]), len(streams["edge_metrics eda.trace"]["time_stamps"]),
    )  # fmt: skip
