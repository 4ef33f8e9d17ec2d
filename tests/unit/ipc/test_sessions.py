"""The files of sessions from one run to the next, and who may write them."""

import json
import os

import pytest

from smartspectra.ipc import FolderInUse, MetricsCollector, StorageOptions
from tests.unit.ipc.making import (
    EDGE,
    START_US,
    ManualClock,
    collector,
    config,
    document,
    edge,
    lines,
    names,
    recording,
)


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


def test_envelopes_that_come_before_start_are_counted(tmp_path, caplog):
    """
    There is no file yet to keep them in: a warning and the session's manifest say how many.
    """
    made = MetricsCollector(config(tmp_path))
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US)])
    seen = made.get_current_snapshot()["meta"]["total_samples"]
    made.start()
    made.process_envelope(edge(START_US + 1))
    made.stop()

    assert 1 == seen
    assert (1, 2) == (made.stats.envelopes, made.stats.unwritten_envelopes)
    assert "before start() nothing is written" in caplog.text
    assert (
        "not complete: envelopes missing in 1 gaps (they came before start()): 2"
        == (document(tmp_path / "metrics_x_manifest.json")["verdict"])
    )
    assert [edge(START_US + 1)] == lines(tmp_path / "metrics_x.jsonl")


def test_without_files_to_write_what_came_before_start_stays(tmp_path):
    """
    A dashboard needs no disk, and no order of calls.
    """
    made = MetricsCollector(config(None))
    made.process_envelope(edge(START_US))
    made.start()

    assert 1 == made.get_current_snapshot()["meta"]["total_samples"]
    assert 0 == made.stats.unwritten_envelopes
