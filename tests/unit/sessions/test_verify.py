"""Whether a session is what was recorded: every kind of damage has a name."""

import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.sessions import START_US, a_trace, an_envelope, golden_in, recorded
from vitalrig.sessions.store.catalogue import resolve
from vitalrig.sessions.verification.verify import verify


@pytest.fixture
def golden(tmp_path):
    return golden_in(tmp_path)


def found(files, name="golden"):
    """What is wrong with the session as it is on the disk now."""
    report = verify(resolve(name, files.folder))
    return {finding.what for finding in report.findings if finding.is_damage}


def change(path, before, after):
    data = path.read_bytes()
    assert before in data
    path.write_bytes(data.replace(before, after, 1))


def test_a_session_as_it_was_recorded_is_intact_and_complete(golden):
    """
    With the counts that its files hold.
    """
    report = verify(golden)

    assert ("intact and complete", 177, 1040, 121532, ()) == (
        report.verdict, report.envelopes, report.samples, report.size_bytes, report.findings,
    )  # fmt: skip


def test_a_recording_in_which_nothing_was_measured_is_intact(tmp_path):
    """
    Odd, but valid.
    """
    assert "intact and complete" == verify(recorded(tmp_path, count=0)).verdict


@given(st.data())
@settings(max_examples=30)
def test_any_changed_byte_of_the_jsonl_is_found(tmp_path_factory, data):
    """
    Wherever it is, also where the line is still an envelope.
    """
    golden = golden_in(tmp_path_factory.mktemp("flipped"))
    content = bytearray(golden.jsonl.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    golden.jsonl.write_bytes(content)

    assert found(golden) & {"sha256", "torn"}


def test_a_changed_digit_in_the_summary_is_found(golden):
    """
    The summary has no hash of its own, but the JSONL says what must be in it.
    """
    change(golden.summary, b"0.06999126", b"0.06999127")

    assert {"summary"} == found(golden)


def test_a_missing_line_is_found(golden):
    """
    By the counts of the manifest, and by the hash.
    """
    lines = golden.jsonl.read_bytes().splitlines(keepends=True)
    golden.jsonl.write_bytes(b"".join(lines[:50] + lines[51:]))

    assert {"lines", "types", "bytes", "sha256"} == found(golden)


def test_a_missing_last_line_is_found(golden):
    """
    The most usual place to lose one.
    """
    lines = golden.jsonl.read_bytes().splitlines(keepends=True)
    golden.jsonl.write_bytes(b"".join(lines[:-1]))

    assert {"cut_off"} == found(golden)


ADDED = {
    "a line": an_envelope("edge_metrics", START_US, a_trace(START_US, 1.0)) + b"\n",
    "half a line": b'{"type":"edge_met',
    "a page of zeros": bytes(4096),
    "another file's lines": b"timestamp,value\n1,2\n",
}


@pytest.mark.parametrize("rubbish", ADDED.values(), ids=ADDED)
def test_what_was_added_behind_the_recording_is_found_and_told_from_changes(golden, rubbish):
    """
    What the manifest describes is still there then.
    """
    with golden.jsonl.open("ab") as file:
        file.write(rubbish)
    text = verify(resolve("golden", golden.folder)).verdict

    assert ({"added"}, True) == (found(golden), f"but {len(rubbish)} bytes follow" in text)


@pytest.mark.parametrize("lost_bytes", [1, 300, 5_000])
def test_a_jsonl_that_was_cut_off_is_found_and_told_from_changes(golden, lost_bytes):
    """
    What is left is the beginning of what the summary holds.
    """
    golden.jsonl.write_bytes(golden.jsonl.read_bytes()[:-lost_bytes])

    assert {"cut_off"} == found(golden)


def test_a_torn_line_of_an_interrupted_session_is_found(golden):
    """
    Half a line is what a crash leaves behind.
    """
    golden.summary.unlink()
    golden.manifest.write_text(json.dumps({"state": "open", "session_id": "golden"}))
    with golden.jsonl.open("ab") as file:
        file.write(b'{"type":"edge_met')

    assert {"open", "no_summary", "torn"} == found(golden)


def test_a_missing_summary_is_found(golden):
    """
    It can be made again.
    """
    golden.summary.unlink()

    assert {"no_summary"} == found(golden)


@pytest.mark.parametrize("content", [b"", b"{}x", b'{"meta":{},"series":{', b"\x00" * 100])
def test_a_summary_that_cannot_be_read_is_found(golden, content):
    """
    Whatever became of it.
    """
    golden.summary.write_bytes(content)

    assert {"summary"} == found(golden)


def test_a_missing_series_is_found(golden):
    """
    What the JSONL holds and the summary does not.
    """
    document = json.loads(golden.summary.read_text())
    del document["series"]["physiology:core_metrics"]["pulse.rate"]
    golden.summary.write_text(json.dumps(document))

    assert {"summary"} == found(golden)


def test_times_that_do_not_rise_are_found(golden):
    """
    Nobody should have to look for that in an analysis.
    """
    document = json.loads(golden.summary.read_text())
    column = document["series"]["physiology:core_metrics"]["pulse.rate"]["timestamps"]
    column[0], column[1] = column[1], column[0]
    golden.summary.write_text(json.dumps(document))

    assert "series" in found(golden)


def test_a_missing_manifest_is_found(golden):
    """
    Our collector writes one for every session.
    """
    golden.manifest.unlink()

    assert {"no_manifest"} == found(golden)


def test_a_manifest_that_cannot_be_read_is_found(golden):
    """
    It is not taken for one that says nothing.
    """
    golden.manifest.write_bytes(golden.manifest.read_bytes()[:100])

    assert {"no_manifest"} == found(golden)


def test_a_manifest_of_another_session_is_found(golden):
    """
    Copied over by mistake.
    """
    other = recorded(golden.folder, "other")
    shutil.copy(other.manifest, golden.manifest)

    assert {"foreign"} == found(golden)


def test_a_summary_of_another_session_is_found(golden):
    """
    Copied over by mistake.
    """
    other = recorded(golden.folder, "other")
    shutil.copy(other.summary, golden.summary)

    assert {"foreign"} == found(golden)


def renamed(files):
    for path in resolve(files.name, files.folder).all():
        path.rename(path.with_name(path.name.replace("golden", "mine")))
    return resolve("mine", files.folder)


def test_a_renamed_session_is_called_renamed(golden):
    """
    It is what was recorded, under another name; that is not damage.
    """
    report = verify(renamed(golden))
    told = [finding.text for finding in report.findings if finding.what == "renamed"]

    assert (True, True) == (report.is_intact, report.complete)
    assert ["it was recorded as 'golden' and has been renamed"] == told


def test_a_renamed_session_is_known_by_what_it_says_of_itself_too(golden):
    """
    An interrupted one has no hash yet, and its JSONL names the session.
    """
    golden.summary.unlink()
    golden.manifest.write_text(json.dumps({"state": "open", "session_id": "golden"}))
    report = verify(renamed(golden))

    assert "renamed" in {finding.what for finding in report.findings}
    assert {"open", "no_summary"} == found(golden, "mine")


def test_a_jsonl_that_alone_was_renamed_is_found(golden):
    """
    The finding says which file it is.
    """
    golden.jsonl.rename(golden.folder / "metrics_mine.jsonl")
    report = verify(resolve("golden", golden.folder))

    assert "metrics_golden.jsonl has been renamed: metrics_mine.jsonl is it" in report.verdict


def test_a_foreign_file_under_a_sessions_name_is_found(tmp_path):
    """
    It holds no envelope, so it is not a recording.
    """
    (tmp_path / "metrics_notes.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    report = verify(resolve("notes", tmp_path))

    assert "foreign" in {finding.what for finding in report.findings}


def test_an_interrupted_session_is_found(golden):
    """
    Its manifest was never finished, and no collector has it open.
    """
    change(golden.manifest, b'"finished"', b'"open"')

    assert {"open"} == found(golden)


def test_a_session_that_is_being_recorded_is_not_damaged(tmp_path):
    """
    Not even when a line is half written at that moment.
    """
    base = tmp_path / "metrics.jsonl"
    collector = MetricsCollector(MetricsCollectorConfig(output_jsonl_path=base))
    collector.start()
    collector.set_session_id("now")
    collector.set_recording_state(True)
    collector.process_envelope(an_envelope("edge_metrics", START_US, a_trace(START_US, 1.0)))
    with (tmp_path / "metrics_now.jsonl").open("ab") as file:
        file.write(b'{"half')
    report = verify(resolve("now", tmp_path))
    collector.stop()

    assert (True, True, "being recorded") == (report.is_intact, report.recording, report.verdict)


def test_a_session_that_names_its_loss_is_intact(golden):
    """
    It is all that was recorded; what was not recorded is said.
    """
    facts = json.loads(golden.manifest.read_text())
    facts |= {"complete": False, "verdict": "not complete: 3 envelopes missing in 1 gaps: why"}
    golden.manifest.write_text(json.dumps(facts))
    report = verify(resolve("golden", golden.folder))

    assert (True, False, True) == (
        report.is_intact, report.complete, "3 envelopes missing" in report.verdict,
    )  # fmt: skip


def test_the_newest_samples_of_a_limited_session_are_what_the_summary_must_hold(tmp_path):
    """
    A limit lets older samples go; that is not damage.
    """
    collector = MetricsCollector(
        MetricsCollectorConfig(
            output_jsonl_path=tmp_path / "metrics.jsonl",
            output_json_path=tmp_path / "metrics.json",
            max_samples_per_series=5,
            session_id="few",
        )
    )
    collector.start()
    for number in range(20):
        at_us = START_US + number * 33_333
        collector.process_envelope(an_envelope("edge_metrics", at_us, a_trace(at_us, number / 3)))
    collector.stop()

    assert () == verify(resolve("few", tmp_path)).findings


def test_a_vendors_session_without_a_manifest_is_not_called_damaged(golden):
    """
    It has none, and its summary does not say what it is made of.
    """
    golden.manifest.unlink()
    document = json.loads(golden.summary.read_text())
    del document["meta"]["source"]
    golden.summary.write_text(json.dumps(document))

    assert set() == found(golden)


def test_a_jsonl_that_is_shorter_than_its_summary_is_found_without_a_manifest(golden):
    """
    The summary says how many envelopes it was made of.
    """
    golden.manifest.unlink()
    lines = golden.jsonl.read_bytes().splitlines(keepends=True)
    golden.jsonl.write_bytes(b"".join(lines[:-20]))

    assert {"cut_off", "no_manifest"} == found(golden)
