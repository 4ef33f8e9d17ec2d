import hashlib
import json
import os
import threading

import pytest

from smartspectra.ipc import FolderInUse, MetricsCollector, StorageOptions
from smartspectra.ipc.disk import Disk
from tests.unit.ipc.making import (
    EDGE,
    START_US,
    ManualClock,
    collector,
    config,
    core,
    document,
    edge,
    envelope,
    lines,
    names,
    recording,
)


@pytest.mark.parametrize(
    "session_id",
    ["experiment_001", "run_20251006_143022", "2025-10-06T20:56:19+02:00", "a", "7", "x" * 128],
)
def test_ordinary_session_ids_are_allowed(tmp_path, session_id):
    """
    Letters, digits and what dates are written with.
    """
    made = collector(tmp_path)
    made.set_session_id(session_id)
    made.set_recording_state(True)
    made.stop()

    assert (tmp_path / f"metrics_{session_id}.json").exists()


@pytest.mark.parametrize(
    "session_id",
    [
        "",
        "..",
        "../x",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "a\0b",
        ".hidden",
        "-rf",
        "a b",
        "a\n",
        "ä",
        "x" * 129,
        "x_manifest",
        "snapshot_temp",
        "x_old1",
        7,
        None,
    ],
)
def test_a_session_id_that_could_do_harm_is_refused(tmp_path, session_id):
    """
    No id leaves the folder or takes the name of another session's file; the error says the rule.
    """
    made = collector(tmp_path)

    with pytest.raises(ValueError, match="allowed are 1 to 128 letters, digits"):
        made.set_session_id(session_id)

    assert made.current_session_id is None
    made.stop()


def test_both_recording_state_envelopes_stand_in_the_session_file(tmp_path):
    """
    The start is written after the rotation, the stop before the file is closed.
    """
    sent = [recording(True), edge(START_US), recording(False)]
    made = collector(tmp_path)
    made.set_session_id("x")
    made.process_envelopes([edge(START_US - 9), *sent, edge(START_US + 9)])
    made.stop()

    assert [edge(START_US - 9), *sent] == lines(tmp_path / "metrics_x.jsonl")
    assert [edge(START_US + 9)] == lines(tmp_path / "metrics.jsonl")


def test_the_server_may_name_the_session(tmp_path):
    """
    The id in a recording_state payload counts if the caller has set none.
    """
    made = collector(tmp_path)
    made.process_envelope(recording(True, session_id="from_server"))

    assert "from_server" == made.current_session_id
    made.stop()
    assert [recording(True, session_id="from_server")] == lines(
        tmp_path / "metrics_from_server.jsonl"
    )


def test_the_callers_name_outweighs_the_servers(tmp_path):
    """
    Who set an id finds the files under it.
    """
    made = collector(tmp_path)
    made.set_session_id("mine")
    made.process_envelope(recording(True, session_id="from_server"))

    assert "mine" == made.current_session_id
    made.stop()


def test_a_name_from_the_server_that_could_do_harm_is_not_used(tmp_path):
    """
    The recording goes on under a generated name.
    """
    made = collector(tmp_path, StorageOptions(wall_clock=lambda: 5.0))
    made.process_envelope(recording(True, session_id="../../x"))

    assert made.recording
    assert made.current_session_id.startswith("19")
    made.stop()


def test_repeated_start_messages_change_nothing(tmp_path):
    """
    The server repeats its state, so that late listeners learn it.
    """
    made = collector(tmp_path)
    for _ in range(3):
        made.process_envelope(recording(True, session_id="x"))
    made.process_envelope(recording(False))
    made.process_envelope(recording(False))
    made.stop()

    assert [recording(True, session_id="x")] * 3 + [recording(False)] == lines(
        tmp_path / "metrics_x.jsonl"
    )


def test_another_name_while_recording_is_another_session(tmp_path):
    """
    A stop that was missed does not glue two sessions together.
    """
    made = collector(tmp_path)
    for session_id in ("one", "two"):
        made.process_envelope(recording(True, session_id=session_id))
        made.process_envelope(edge(START_US))
    made.stop()

    for session_id in ("one", "two"):
        assert document(tmp_path / f"metrics_{session_id}_manifest.json")["complete"]
        assert 2 == len(lines(tmp_path / f"metrics_{session_id}.jsonl"))


def test_generated_names_differ_within_one_second(tmp_path):
    """
    Two recordings never share files by accident.
    """
    made = collector(tmp_path, StorageOptions(wall_clock=lambda: 1_000_000.0))
    ids = []
    for _ in range(3):
        ids.append(made.set_recording_state(True))
        made.set_recording_state(False)
    made.stop()

    assert [ids[0], f"{ids[0]}_2", f"{ids[0]}_3"] == ids


def test_a_name_set_during_a_recording_begins_another_session(tmp_path):
    """
    Everything from then on is the new session's.
    """
    made = collector(tmp_path)
    made.set_session_id("one")
    made.set_recording_state(True)
    made.process_envelope(edge(START_US))
    made.set_session_id("two")
    made.process_envelope(edge(START_US + 1))
    made.stop()

    assert [edge(START_US)] == lines(tmp_path / "metrics_one.jsonl")
    assert [edge(START_US + 1)] == lines(tmp_path / "metrics_two.jsonl")


def test_a_message_that_says_neither_on_nor_off_is_kept(tmp_path):
    """
    It stands in the file for whoever can read it.
    """
    made = collector(tmp_path)
    made.process_envelope(recording("perhaps"))

    assert not made.recording
    made.stop()
    assert [recording("perhaps")] == lines(tmp_path / "metrics.jsonl")


def test_files_of_an_earlier_run_are_set_aside_and_never_overwritten(tmp_path):
    """
    All four files of the session get the same next free number.
    """
    for number in range(3):
        made = collector(tmp_path)
        made.set_session_id("x")
        made.set_recording_state(True)
        made.process_envelope(edge(START_US + number))
        made.stop()

    assert [edge(START_US + 2)] == lines(tmp_path / "metrics_x.jsonl")
    assert [edge(START_US)] == lines(tmp_path / "metrics_x_old1.jsonl")
    assert [edge(START_US + 1)] == lines(tmp_path / "metrics_x_old2.jsonl")
    assert [START_US + 1.0] == (
        document(tmp_path / "metrics_x_old2.json")["series"][EDGE]["eda.trace"]["timestamps"]
    )
    assert 12 == len(names(tmp_path))


def test_append_mode_continues_an_earlier_run_and_drops_nothing(tmp_path):
    """
    The summary covers everything in the file, and the session keeps its start.
    """
    wall = ManualClock()
    for number in range(3):
        wall.advance(1_000)
        made = collector(tmp_path, StorageOptions(wall_clock=wall), append_mode=True)
        made.process_envelope(edge(START_US + number))
        made.stop()

    summary = document(tmp_path / "metrics.json")
    assert 3 == len(lines(tmp_path / "metrics.jsonl"))
    assert [START_US, START_US + 1, START_US + 2] == (
        summary["series"][EDGE]["eda.trace"]["timestamps"]
    )
    assert 2_000_000 == summary["meta"]["started_at_ms"]
    assert 3 == summary["meta"]["jsonl_envelopes_written"]
    assert 2 == document(tmp_path / "metrics_manifest.json")["resumptions"]
    assert (1, 1) == (made.stats.envelopes, made.stats.samples)


def test_snapshots_come_every_thirty_seconds_while_recording(tmp_path):
    """
    At the start, then each time half a minute has passed, and at the stop.
    """
    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock))
    made.set_session_id("x")
    made.set_recording_state(True)
    path = tmp_path / "metrics_x_snapshot_temp.json"

    def written() -> int:
        made._sessions.wait_for_snapshot()
        return document(path)["meta"]["jsonl_envelopes_written"]

    assert 0 == written()
    made.process_envelope(edge(START_US))
    clock.advance(29.9)
    assert not made.maybe_write_periodic_snapshot()
    assert 0 == written()
    clock.advance(0.2)
    assert made.maybe_write_periodic_snapshot()
    assert 1 == written()
    clock.advance(30.0)
    made.process_envelope(edge(START_US + 1))
    assert 2 == written()
    made.process_envelope(edge(START_US + 2))
    made.set_recording_state(False)
    assert 3 == written()
    assert not made.maybe_write_periodic_snapshot()
    made.stop()


def test_snapshots_are_not_written_outside_of_a_recording(tmp_path):
    """
    Nobody asked for them.
    """
    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock))
    made.process_envelope(edge(START_US))
    clock.advance(1_000)
    made.tick()

    assert not list(tmp_path.glob("*snapshot*"))
    made.stop()


def test_a_slow_snapshot_does_not_come_after_the_last_one(tmp_path):
    """
    The end of a session waits for what is being written beside it.
    """

    class SlowDisk(Disk):
        may_go_on = threading.Event()
        slow = False

        def open_anew(self, path):
            if self.slow:
                SlowDisk.slow = False
                self.may_go_on.wait(10.0)
            return super().open_anew(path)

    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock, disk=SlowDisk()))
    made.set_session_id("x")
    made.process_envelope(recording(True))
    SlowDisk.slow = True
    clock.advance(31.0)
    assert made.maybe_write_periodic_snapshot()
    timer = threading.Timer(0.1, SlowDisk.may_go_on.set)
    timer.start()
    made.set_recording_state(False)
    made.stop()
    timer.join()

    assert "stopped_at_ms" in document(tmp_path / "metrics_x_snapshot_temp.json")["meta"]


def test_a_snapshot_can_be_asked_for_and_is_there(tmp_path):
    """
    write_snapshot_temp returns when the file can be read.
    """
    made = collector(tmp_path)
    made.process_envelope(edge(START_US))
    made.write_snapshot_temp()

    assert [0.25] == (
        document(tmp_path / "metrics_snapshot_temp.json")["series"][EDGE]["eda.trace"]["values"]
    )
    made.stop()


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


def test_a_second_collector_on_the_same_files_is_refused_by_the_first_ones_pid(tmp_path):
    """
    Two writers would destroy each other's session.
    """
    first = collector(tmp_path)

    with pytest.raises(FolderInUse, match=rf"metrics\.jsonl is in use by process {os.getpid()}"):
        collector(tmp_path)
    first.stop()
    collector(tmp_path).stop()


def test_collectors_with_different_stems_share_a_folder(tmp_path):
    """
    One process may record several cameras.
    """
    cameras = [
        collector(
            tmp_path,
            output_jsonl_path=tmp_path / f"{name}.jsonl",
            output_json_path=tmp_path / f"{name}.json",
        )
        for name in ("left", "right")
    ]
    for camera in cameras:
        camera.process_envelope(edge(START_US))
    for camera in cameras:
        camera.stop()

    assert [edge(START_US)] == lines(tmp_path / "left.jsonl")
    assert [edge(START_US)] == lines(tmp_path / "right.jsonl")


def test_no_two_collectors_write_one_session_file_even_with_different_stems(tmp_path):
    """
    metrics.jsonl with session a_b and metrics_a.jsonl with session b are the same file.
    """
    first = collector(tmp_path)
    first.set_session_id("a_b")
    first.set_recording_state(True)
    first.process_envelope(edge(START_US))
    second = collector(
        tmp_path,
        output_jsonl_path=tmp_path / "metrics_a.jsonl",
        output_json_path=tmp_path / "metrics_a.json",
        append_mode=True,
    )
    second.set_session_id("b")
    second.set_recording_state(True)
    second.process_envelope(edge(START_US + 1))

    assert "in use" in second.stats.paused
    assert 1 == second.stats.unwritten_envelopes
    first.stop()
    second.stop()
    assert [edge(START_US)] == lines(tmp_path / "metrics_a_b.jsonl")
    assert json.loads((tmp_path / "metrics_a_b_manifest.json").read_text())


def test_a_second_start_does_nothing(tmp_path):
    """
    Scripts may call it twice.
    """
    made = collector(tmp_path)
    made.process_envelope(edge(START_US))
    made.start()
    made.process_envelope(edge(START_US + 1))
    made.stop()

    assert 2 == len(lines(tmp_path / "metrics.jsonl"))


def test_a_collector_can_be_started_again(tmp_path):
    """
    The files of the first run are set aside, as if it were another process.
    """
    made = collector(tmp_path)
    made.process_envelope(edge(START_US))
    made.stop()
    made.start()
    made.process_envelope(edge(START_US + 1))
    made.stop()

    assert [edge(START_US + 1)] == lines(tmp_path / "metrics.jsonl")
    assert [edge(START_US)] == lines(tmp_path / "metrics_old1.jsonl")


def test_a_recording_begun_before_start_has_files_from_start_on(tmp_path):
    """
    The order of the first two calls costs no later envelope.
    """
    made = MetricsCollector(config(tmp_path))
    made.set_session_id("x")
    made.set_recording_state(True)
    made.start()
    made.process_envelope(edge(START_US))
    made.stop()

    assert [edge(START_US)] == lines(tmp_path / "metrics_x.jsonl")
