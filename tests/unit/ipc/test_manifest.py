"""What manifest and counters say of a session."""

import hashlib

import pytest

from smartspectra.ipc import StorageOptions
from tests.unit.ipc.making import (
    EDGE,
    START_US,
    collector,
    core,
    document,
    edge,
    envelope,
    recording,
)


@pytest.mark.parametrize(
    ("sent", "source"),
    [
        (core(START_US, api_version="vitalrig-synthetic/1"), "synthetic"),
        (core(START_US, api_version="1.7.0"), "unknown"),
        (core(START_US, source="replay"), "replay"),
        (core(START_US, id="vitalrig-replay-7"), "replay"),
        (envelope("edge_metrics", {"source": "synthetic"}), "synthetic"),
        (envelope("status", {"source": "camera"}), "camera"),
        (recording(True, source="synthetic"), "synthetic"),
        (recording(True, metadata={"source": "camera"}), "camera"),
        (core(START_US, id="synthetic cotton study"), "unknown"),
    ],
)
def test_where_the_numbers_come_from_stands_in_summary_and_manifest(tmp_path, sent, source):
    """
    A generator's or replay's mark survives into every file.
    """
    made = collector(tmp_path)
    made.set_session_id("x")
    made.set_recording_state(True)
    made.process_envelope(sent)
    made.stop()

    assert source == document(tmp_path / "metrics_x.json")["meta"]["source"]
    assert source == document(tmp_path / "metrics_x_manifest.json")["source"]


def test_one_synthetic_envelope_makes_the_session_synthetic():
    """
    A mark is not lost among envelopes that claim a camera.
    """
    made = collector(None)
    for source in ("camera", "synthetic", "camera", "replay"):
        made.process_envelope(core(START_US, source=source))

    assert "synthetic" == made.get_current_snapshot()["meta"]["source"]


def test_the_manifest_tells_what_the_file_holds(tmp_path):
    """
    Counts by type, samples, bytes, hash, version and verdict.
    """
    made = collector(tmp_path, StorageOptions(software_version="rig 1.2"))
    made.set_session_id("x")
    made.process_envelopes(
        [recording(True), edge(START_US), edge(START_US), core(START_US), recording(False)]
    )
    made.stop()

    manifest = document(tmp_path / "metrics_x_manifest.json")
    raw = (tmp_path / "metrics_x.jsonl").read_bytes()
    assert {
        "total": 5,
        "by_type": {"recording_state": 2, "edge_metrics": 2, "core_metrics": 1},
    } == manifest["envelopes"]
    assert (3, 3, 1, 0) == (
        manifest["samples"],
        manifest["series"],
        manifest["duplicates"],
        manifest["resets"],
    )
    assert (len(raw), hashlib.sha256(raw).hexdigest()) == (manifest["bytes"], manifest["sha256"])
    assert ("finished", "complete", True, "rig 1.2") == (
        manifest["state"],
        manifest["verdict"],
        manifest["complete"],
        manifest["software_version"],
    )


def test_what_may_be_missing_stands_in_the_verdict(tmp_path):
    """
    Gaps that the caller reports, and messages that were no envelopes.
    """
    made = collector(tmp_path)
    made.set_session_id("x")
    made.set_recording_state(True)
    made.process_envelopes([b"{", edge(START_US), b"[]", b"{"])
    made.note_gap(3, "sequence")
    made.note_gap(4, "sequence")
    made.stop()

    manifest = document(tmp_path / "metrics_x_manifest.json")
    assert {"not_json": 2, "not_an_object": 1} == manifest["rejected"]
    assert {
        "count": 2,
        "missing_envelopes": 7,
        "by_reason": {"sequence": {"count": 2, "missing_envelopes": 7}},
    } == manifest["gaps"]
    assert not manifest["complete"]
    assert manifest["verdict"].startswith("not complete: envelopes missing in 2 gaps (sequence): 7")


def test_the_manifest_of_an_open_session_says_so(tmp_path):
    """
    Whoever finds it after a crash knows what to do.
    """
    made = collector(tmp_path)
    made.set_session_id("x")
    made.set_recording_state(True)

    manifest = document(tmp_path / "metrics_x_manifest.json")
    assert ("open", "still open", False) == (
        manifest["state"],
        manifest["verdict"],
        manifest["complete"],
    )
    made.stop()


def test_stats_account_for_everything_that_was_given(tmp_path):
    """
    Across sessions: kept, not written and rejected add up.
    """
    made = collector(tmp_path)
    made.process_envelopes([edge(START_US), b"?"])
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US), core(START_US), recording(False)])
    made.process_envelope(edge(START_US - 5))
    stats = made.stats
    made.stop()

    size = sum(path.stat().st_size for path in tmp_path.glob("*.jsonl"))
    assert (6, 4, 1, 0, 0) == (
        stats.envelopes,
        stats.samples,
        stats.duplicates,
        stats.resets,
        stats.unwritten_envelopes,
    )
    assert {"not_json": 1} == stats.rejected
    assert size == stats.written_bytes == made.stats.written_bytes
    assert {EDGE: 3, "physiology:core_metrics": 1, "physiology:recording_state": 2} == (
        stats.channels
    )
    assert (None, False, None) == (stats.paused, stats.recording, stats.session_id)
