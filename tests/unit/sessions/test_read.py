"""A session opened for reading."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.support.sessions import CORE, START_US, a_trace, an_envelope, golden_in, recorded
from vitalrig.sessions.errors import Missing, Unreadable
from vitalrig.sessions.reading.open import open_session, open_summary
from vitalrig.sessions.store.catalogue import resolve


@pytest.fixture
def golden(tmp_path):
    return golden_in(tmp_path)


def columns(session):
    found = {(series.channel, series.name): series.load() for series in session.series}
    return {
        key: (each.timestamps_us.tolist(), each.values.tolist(), each.relative_us.tolist())
        for key, each in found.items()
    }


def test_the_summary_and_the_jsonl_say_the_same(golden):
    """
    A session that lost its summary has lost nothing.
    """
    from_summary = open_session(golden)
    from_lines = open_session(replace(golden, summary=None))

    assert columns(from_summary) == columns(from_lines)


def test_the_jsonl_tells_the_source_and_how_much_there_is(golden):
    """
    As the summary would.
    """
    lines = open_session(replace(golden, summary=None, manifest=None))

    assert ("synthetic", 1040, 177, "metrics_golden.jsonl") == (
        lines.source, lines.total_samples, lines.meta["jsonl_envelopes_written"], lines.read_from,
    )  # fmt: skip


def test_a_summary_that_was_overtaken_is_not_read(golden):
    """
    While a session goes on again, its old summary is not all there is.
    """
    open_state = json.loads(golden.manifest.read_text()) | {"state": "open"}
    golden.manifest.write_text(json.dumps(open_state))

    assert "metrics_golden.jsonl" == open_session(golden).read_from


def test_a_torn_line_is_not_read(golden):
    """
    It may be about to be finished.
    """
    with golden.jsonl.open("ab") as file:
        file.write(an_envelope("edge_metrics", START_US, a_trace(START_US, 1.0))[:-5])

    assert 1040 == open_session(replace(golden, summary=None)).total_samples


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\xff\xfe\n",
        b'{"type":"core_metrics","timestamp":1,"payload":{}}\n',
        b'{"type":"edge_metrics","payload":{"eda":{"trace":[]}}}\n',
        b'{"type":"recording_state","timestamp":1,"payload":true}\n',
        b'{"type":"frame","timestamp":1,"payload":{"data":"..."}}\n',
    ],
)
def test_an_odd_jsonl_is_a_session_without_samples(tmp_path, content):
    """
    Short, empty or strange, it is read.
    """
    (tmp_path / "metrics_odd.jsonl").write_bytes(content)
    session = open_session("odd", tmp_path)

    assert ((), 0) == (session.series, session.total_samples)


def test_a_recording_in_which_nothing_was_measured_is_read(tmp_path):
    """
    From its summary: started, stopped, nothing between.
    """
    session = open_session(recorded(tmp_path, count=0))

    assert ((), 2) == (session.series, len(session.events()))


def test_a_snapshot_is_read_if_nothing_else_is_left(golden):
    """
    It is better than nothing.
    """
    snapshot = golden.summary.rename(golden.folder / "metrics_golden_snapshot_temp.json")
    only = replace(golden, jsonl=None, summary=None, snapshot=snapshot)

    assert 20 == len(open_session(only).series)


def test_a_session_without_data_says_so(golden):
    """
    A manifest alone holds no samples.
    """
    with pytest.raises(Missing, match="nothing to read"):
        open_session(replace(golden, jsonl=None, summary=None))


def test_a_session_is_opened_by_name(golden):
    """
    As at the command line.
    """
    assert "golden" == open_session("golden", golden.folder).name


def test_a_summary_is_opened_by_whatever_name_it_has(golden, tmp_path):
    """
    A file that someone was sent need not lie in a sessions folder.
    """
    path = shutil.copy(golden.summary, tmp_path / "sent.json")

    assert "golden" == open_summary(path).name
    assert "golden" == open_session(resolve(str(path), tmp_path)).name


def odd(tmp_path, **columns):
    path = tmp_path / "metrics_odd.json"
    path.write_text(json.dumps({"meta": {}, "series": {CORE: {"pulse.rate": columns}}}))
    (series,) = open_summary(path).series
    return series


@pytest.mark.parametrize(
    "columns",
    [
        {"timestamps": [1], "values": [1, 2]},
        {"values": [1]},
        {"timestamps": [1], "values": ["a"]},
        {"timestamps": [1], "values": [1], "relative_us": []},
    ],
)
def test_a_series_that_makes_no_sense_is_unreadable(tmp_path, columns):
    """
    Rather than cut to what would fit.
    """
    with pytest.raises(Unreadable):
        odd(tmp_path, **columns).load()


def test_without_original_times_the_times_are_original(tmp_path):
    """
    ``relative_us`` is deprecated, and may be missing.
    """
    series = odd(tmp_path, timestamps=[5], values=[72])

    assert np.array_equal([5.0], series.load().relative_us)
