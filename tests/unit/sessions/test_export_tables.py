"""CSV and Parquet: every sample comes back as it was."""

import csv
import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sessions import (
    CORE,
    EDGE,
    GOLDEN,
    START_US,
    a_session,
    every,
    golden_in,
    samples,
)
from vitalrig.harmless import harmless_cell
from vitalrig.sessions.exports import export_csv, export_parquet, long_table
from vitalrig.sessions.reading.open import open_session

stamps = st.lists(st.integers(1, 2**52), min_size=1, max_size=30, unique=True).map(sorted)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)


@st.composite
def sessions(draw):
    series = {}
    for key in draw(st.sets(st.tuples(st.sampled_from([CORE, EDGE]), names), max_size=4)):
        times = draw(stamps)
        value = st.floats(allow_nan=False, allow_infinity=False)
        values = draw(st.lists(value, min_size=len(times), max_size=len(times)))
        relative = draw(st.none() | st.just([each - 1 for each in times]))
        series[key] = samples(times, values, relative)
    return a_session(series)


def rows_of(session, word=str):
    return [
        (
            word(series.channel),
            word(series.name),
            word(series.unit),
            int(time),
            float(value),
            int(relative),
            "camera",
        )
        for series in session.series
        for time, value, relative in zip(
            series.load().timestamps_us,
            series.load().values,
            series.load().relative_us,
            strict=True,
        )
    ]


@given(sessions())
@settings(max_examples=40)
def test_csv_gives_back_every_sample(tmp_path_factory, session):
    """
    Times to the microsecond, values to the last bit, names as a spreadsheet may take them.
    """
    path = tmp_path_factory.mktemp("csv") / "made.csv"
    export_csv.export(session, path)
    with path.open(newline="", encoding="utf-8") as file:
        found = [
            (
                row["channel"], row["series"], row["unit"], int(row["timestamp_us"]),
                float(row["value"]), int(row["relative_us"]), row["source"],
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip

    assert rows_of(session, harmless_cell) == found


@given(sessions())
@settings(max_examples=40)
def test_parquet_gives_back_every_sample(tmp_path_factory, session):
    """
    Times to the microsecond, values to the last bit, names with any letters.
    """
    path = tmp_path_factory.mktemp("parquet") / "made.parquet"
    export_parquet.export(session, path)
    found = pq.read_table(path).to_pydict()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    found["timestamp"] = [
        (each - epoch).days * 86_400_000_000 + (each - epoch).seconds * 1_000_000 + each.microsecond
        for each in found["timestamp"]
    ]

    assert rows_of(session) == list(zip(*found.values(), strict=True))


def test_a_series_longer_than_a_batch_is_whole(tmp_path, monkeypatch):
    """
    Nothing is lost where one batch ends and the next begins.
    """
    monkeypatch.setattr(long_table, "BATCH_ROWS", 7)
    values = np.arange(50) / 3
    export_csv.export(
        a_session({(EDGE, "eda.trace"): samples(every(2e5, 50), values)}), tmp_path / "a.csv"
    )

    assert values.tolist() == pd.read_csv(tmp_path / "a.csv")["value"].tolist()


def test_parquet_carries_what_is_known_of_the_session(tmp_path):
    """
    Whoever is handed the file alone can see that nobody was measured.
    """
    export_parquet.export(open_session(golden_in(tmp_path)), tmp_path / "golden.parquet")
    about = json.loads(pq.read_schema(tmp_path / "golden.parquet").metadata[b"vitalrig"])

    assert (
        "synthetic",
        json.loads((GOLDEN / "metrics_golden_manifest.json").read_text())["sha256"],
        ["recording started golden", "recording stopped golden"],
    ) == (
        about["source"],
        about["manifest"]["sha256"],
        [event["text"] for event in about["events"]],
    )


def test_parquet_is_read_with_times(tmp_path):
    """
    pandas needs no unit to be told.
    """
    session = a_session({(EDGE, "eda.trace"): samples([START_US], [0.5])})
    export_parquet.export(session, tmp_path / "made.parquet")
    found = pd.read_parquet(tmp_path / "made.parquet")

    assert pd.Timestamp("2025-10-09T08:53:20Z") == found["timestamp"][0]


@pytest.mark.parametrize("export", [export_csv.export, export_parquet.export])
def test_a_session_without_samples_is_a_table_without_rows(tmp_path, export):
    """
    Odd, but valid.
    """
    path = tmp_path / "made"
    export(a_session({}), path)
    found = pd.read_csv(path) if export is export_csv.export else pd.read_parquet(path)

    assert 0 == len(found)


@pytest.mark.parametrize("export", [export_csv.export, export_parquet.export])
def test_progress_adds_up_to_the_samples(tmp_path, export):
    """
    A bar ends where it should.
    """
    done = []
    session = open_session(golden_in(tmp_path))
    export(session, tmp_path / "made", advance=done.append)

    assert session.total_samples == sum(done)
