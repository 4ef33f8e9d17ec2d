"""A session in a stranger's test: what it holds, and in which words it says what it lacks."""

import json
import re
import sys

import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.sessions import START_US, a_trace, an_envelope, golden_in, recorded
from vitalrig.sessions.errors import Missing, MissingExtra
from vitalrig.testing.session import Session


@pytest.fixture
def golden(tmp_path):
    return golden_in(tmp_path)


def change_manifest(files, **facts):
    files.manifest.write_text(json.dumps(json.loads(files.manifest.read_text()) | facts))


def drop_lines(files, *numbers):
    lines = files.jsonl.read_bytes().splitlines(keepends=True)
    kept = [line for number, line in enumerate(lines) if number not in numbers]
    files.jsonl.write_bytes(b"".join(kept))


def of_traces(folder, stamps_us, missing=0, why="numbers were skipped"):
    """A session that a collector wrote, with edge metrics at these times."""
    collector = MetricsCollector(
        MetricsCollectorConfig(
            output_jsonl_path=folder / "metrics.jsonl", output_json_path=folder / "metrics.json"
        )
    )
    collector.start()
    on = {"recording": True, "session_id": "made"}
    collector.process_envelope(an_envelope("recording_state", START_US, on))
    for stamp_us in stamps_us:
        collector.process_envelope(an_envelope("edge_metrics", stamp_us, a_trace(stamp_us, 0.5)))
    if missing is None or missing:
        collector.note_gap(missing or 0, why)
    collector.process_envelope(an_envelope("recording_state", stamps_us[-1], {"recording": False}))
    collector.stop()
    return folder / "metrics_made.jsonl"


def test_a_session_as_it_was_recorded_passes_every_assertion(golden):
    """
    Each gives the session back, so that they make a chain.
    """
    session = Session(golden.jsonl, published=177)

    assert session is session.assert_complete().assert_balanced().assert_no_gap()


def test_a_session_tells_its_name_and_its_manifest(golden):
    """
    Whichever of its files it was opened by.
    """
    session = Session(golden.summary)

    assert ("golden", golden.jsonl) == (session.id, session.path)
    assert 177 == session.manifest["envelopes"]["total"]


def test_series_are_found_by_name_and_where_that_is_in_two_channels_with_the_channel(golden):
    """
    So that nobody compares the trace of one channel with the other's by mistake.
    """
    series = Session(golden.jsonl).series

    assert len(series["core_metrics:pulse.trace"]) == len(series["pulse.trace"]) > 100
    with pytest.raises(KeyError, match="core_metrics:breathing.upper_trace or edge_metrics:"):
        series["breathing.upper_trace"]
    with pytest.raises(KeyError, match="no series pulse.rat; there are core_metrics:"):
        series["pulse.rat"]


def test_pandas_gets_one_row_for_each_sample(golden):
    """
    With the time in UTC, as exports have it.
    """
    session = Session(golden.jsonl)

    frame = session.to_pandas()

    assert session.manifest["samples"] == len(frame)
    assert ["channel", "series", "unit", "timestamp", "value", "source"] == list(frame.columns)
    assert "UTC" == str(frame.timestamp.dt.tz)


def test_without_pandas_a_sentence_says_what_to_install(golden, monkeypatch):
    """
    It is no dependency of ours.
    """
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(MissingExtra, match="to_pandas needs pandas, .* pip install pandas"):
        Session(golden.jsonl).to_pandas()


def test_a_session_that_is_not_there_is_refused_at_once(tmp_path):
    """
    Not when a test asks it something.
    """
    with pytest.raises(Missing, match="is not a file"):
        Session(tmp_path / "metrics_no.jsonl")


def test_a_shortened_session_is_not_complete_and_says_by_how_much(golden):
    """
    Lines cut from its end are counted.
    """
    drop_lines(golden, 175, 176)

    with pytest.raises(AssertionError, match="golden is not complete: .*the last 2 envelopes"):
        Session(golden.jsonl).assert_complete()


def test_a_session_that_lacks_a_line_in_its_middle_is_not_complete(golden):
    """
    Every reason is named.
    """
    drop_lines(golden, 80)

    with pytest.raises(AssertionError, match=r"counts 177 envelopes, the JSONL 176.*sha256"):
        Session(golden.jsonl).assert_complete()


def test_a_session_with_a_gap_is_not_complete_for_the_reason_in_its_manifest(tmp_path):
    """
    It is intact, and says itself that something is missing.
    """
    path = of_traces(tmp_path, [START_US, START_US + 33_333], missing=3)

    with pytest.raises(AssertionError, match="missing in 1 gaps .numbers were skipped.: 3"):
        Session(path).assert_complete()


def test_what_is_counted_as_missing_is_balanced(tmp_path):
    """
    Published are 4 that are kept and 3 that are not.
    """
    path = of_traces(tmp_path, [START_US, START_US + 33_333], missing=3)

    Session(path).assert_balanced()
    Session(path, published=7).assert_balanced()


@pytest.mark.parametrize(
    ("published", "words"),
    [
        (9, "9 were published, kept are 4, counted as missing 3: 2 are missing without a word"),
        (6, "6 were published, kept are 4, counted as missing 3: 1 are more than were published"),
    ],
)
def test_a_session_that_is_not_balanced_tells_all_three_figures(tmp_path, published, words):
    """
    And what lies between them.
    """
    path = of_traces(tmp_path, [START_US, START_US + 33_333], missing=3)

    with pytest.raises(AssertionError, match=re.escape(words)):
        Session(path, published=published).assert_balanced()


def test_a_session_that_lost_lines_later_is_not_balanced(golden):
    """
    What the manifest says was kept has to be there.
    """
    drop_lines(golden, 80, 81)

    with pytest.raises(AssertionError, match="counts 177 as kept, its JSONL holds 175"):
        Session(golden.jsonl).assert_balanced()


def test_a_gap_without_a_number_cannot_be_balanced(tmp_path):
    """
    Unless somebody else has counted.
    """
    path = of_traces(tmp_path, [START_US, START_US + 33_333], missing=None)

    Session(path, published=4).assert_balanced()
    with pytest.raises(AssertionError, match="nobody knows how many are missing: numbers were"):
        Session(path).assert_balanced()


def test_a_session_that_was_never_finished_is_neither_complete_nor_balanced(golden):
    """
    Its manifest promises nothing yet.
    """
    change_manifest(golden, state="open", complete=False)

    with pytest.raises(AssertionError, match="is not complete: it was interrupted"):
        Session(golden.jsonl).assert_complete()
    with pytest.raises(AssertionError, match="has no finished manifest"):
        Session(golden.jsonl).assert_balanced()


def test_a_pause_of_a_trace_is_a_gap_with_its_place_and_its_length(tmp_path):
    """
    Nothing is missing, but nothing was measured either.
    """
    before = [START_US + number * 33_333 for number in range(30)]
    after = [stamp_us + 4_000_000 for stamp_us in before]
    session = Session(of_traces(tmp_path, before + after))

    session.assert_complete().assert_no_gap(longest_s=3.5)
    with pytest.raises(AssertionError, match="upper_trace pauses for 3.03 s from 0.97 s on"):
        session.assert_no_gap()


def test_a_gap_in_the_numbers_is_a_gap_although_no_trace_pauses(tmp_path):
    """
    The manifest knows of it.
    """
    path = of_traces(tmp_path, [START_US, START_US + 33_333], missing=3)

    with pytest.raises(AssertionError, match="made has a gap: envelopes missing in 1 gaps"):
        Session(path).assert_no_gap()


def test_a_session_without_traces_has_nothing_that_could_have_no_gap(tmp_path):
    """
    A test that looks at an empty session must not pass.
    """
    files = recorded(tmp_path, count=0)

    with pytest.raises(AssertionError, match="no trace to look at"):
        Session(files.jsonl).assert_no_gap()
