"""Crashes, at every byte and at random moments, and what the next start makes of them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from smartspectra.ipc import FolderInUse, StorageOptions
from smartspectra.ipc.session.recovery import finish_one, is_unfinished
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.session_paths import SessionPaths
from tests.support.dice import a_dice
from tests.unit.ipc.making import (
    EDGE,
    START_US,
    ManualClock,
    collector,
    config,
    document,
    edge,
    lines,
    recording,
    stream,
)

KILLS = int(os.environ.get("SMARTSPECTRA_IPC_KILLS", "10"))


class QuickDisk(Disk):
    """Does not wait for the disk; there is no power cut in these tests."""

    def sync(self, descriptor: int) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        pass


QUICK = StorageOptions(disk=QuickDisk())


def crashed(folder: Path, sent: list[bytes], **options) -> Path:
    """A folder as a crash leaves it behind: everything written, nothing finished."""
    made = collector(folder / "alive", StorageOptions(disk=QuickDisk(), **options))
    made.set_session_id("x")
    made.process_envelopes(sent)
    made._sessions.wait_for_snapshot()
    shutil.copytree(folder / "alive", folder / "dead")
    made.stop()
    return folder / "dead"


def stamps(folder: Path) -> list[float]:
    series = document(folder / "metrics_x.json")["series"]
    return series.get(EDGE, {}).get("eda.trace", {}).get("timestamps", [])


def test_the_next_start_finishes_what_a_crash_left_open(tmp_path):
    """
    Summary and manifest are rebuilt from the JSONL, and say that there was a crash.
    """
    wall = ManualClock(1_000_000.0)
    dead = crashed(tmp_path, [recording(True), *stream(70)], wall_clock=wall)
    (tmp_path / "alive").rename(tmp_path / "gone")

    collector(dead, QUICK).stop()

    summary, manifest = (document(dead / f"metrics_x{end}.json") for end in ("", "_manifest"))
    whole = document(tmp_path / "gone" / "metrics_x.json")
    assert whole["series"] == summary["series"]
    assert 1_000_000_000 == summary["meta"]["started_at_ms"]
    assert 71 == summary["meta"]["jsonl_envelopes_written"]
    assert ("finished", "not complete: interruptions: 1", False) == (
        manifest["state"],
        manifest["verdict"],
        manifest["complete"],
    )
    assert not list(dead.glob(".*_work"))


def test_interrupted_sessions_can_be_listed_and_finished_one_by_one(tmp_path):
    """
    A service resumes one of them itself.
    """
    dead = crashed(tmp_path, [recording(True), edge(START_US)])
    base = SessionPaths(dead / "metrics.jsonl", dead / "metrics.json")

    ((session_id, paths),) = base.sessions()
    assert ("x", base.for_session("x")) == (session_id, paths)
    assert is_unfinished(paths, base, session_id)
    finish_one(session_id, paths, config(dead), QUICK)

    assert not is_unfinished(paths, base, session_id)
    assert [START_US] == stamps(dead)
    assert [] == list(SessionPaths(None, dead / "metrics.json").sessions())


def test_a_file_without_manifest_and_summary_is_finished_too(tmp_path):
    """
    A recording by another program is not a reason to leave it, nor one to call it complete.
    """
    (tmp_path / "metrics_x.jsonl").write_bytes(b"".join(each + b"\n" for each in stream(14)))

    collector(tmp_path, QUICK).stop()

    manifest = document(tmp_path / "metrics_x_manifest.json")
    assert (False, True) == (manifest["complete"], "manifest was lost" in manifest["verdict"])
    assert 12 == len(stamps(tmp_path))
    assert START_US // 1000 == document(tmp_path / "metrics_x.json")["meta"]["started_at_ms"]


def test_finished_sessions_and_other_files_are_left_alone(tmp_path):
    """
    A start touches nothing that needs nothing.
    """
    made = collector(tmp_path, QUICK)
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US)])
    made.stop()
    (tmp_path / "metrics_notes.txt").write_text("mine")
    (tmp_path / "metrics_a b.jsonl").write_text("not ours\n")
    before = {path: path.stat() for path in tmp_path.glob("metrics*")}

    collector(tmp_path, QUICK, append_mode=True).stop()

    assert before == {path: path.stat() for path in tmp_path.glob("metrics*")}


def test_a_torn_line_is_set_aside_wherever_it_was_cut(tmp_path):
    """
    At every byte of the last two lines: whole lines stay, the rest goes to a file of its own.
    """
    sent = [recording(True), *(edge(START_US + number) for number in range(4))]
    dead = crashed(tmp_path, sent)
    whole = (dead / "metrics_x.jsonl").read_bytes()
    for cut in range(len(whole) - len(sent[-1]) - len(sent[-2]) - 2, len(whole)):
        folder = tmp_path / "cut"
        shutil.copytree(dead, folder)
        os.truncate(folder / "metrics_x.jsonl", cut)

        collector(folder, QUICK).stop()

        end = whole.rfind(b"\n", 0, cut) + 1
        torn = folder / "metrics_x.jsonl.torn"
        assert whole[:end] == (folder / "metrics_x.jsonl").read_bytes()
        assert (whole[end:cut] + b"\n" if end < cut else None) == (
            torn.read_bytes() if torn.exists() else None
        )
        manifest = document(folder / "metrics_x_manifest.json")
        assert cut - end == manifest["torn_bytes"]
        assert (cut > end) == ("bytes of a torn line set aside" in manifest["verdict"])
        assert [START_US + number for number in range(whole[:end].count(b"\n") - 1)] == (
            stamps(folder)
        )
        shutil.rmtree(folder)


def test_who_may_not_write_a_session_touches_nothing_of_it(tmp_path):
    """
    The lock comes first: the columns of a recording that goes on elsewhere stay.
    """
    made = collector(tmp_path, StorageOptions(lock=False))
    made.set_session_id("x")
    made.process_envelopes([recording(True), *stream(700)])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    paths = SessionPaths(tmp_path / "metrics.jsonl", tmp_path / "metrics.json").for_session("x")
    with pytest.raises(FolderInUse):
        finish_one("x", paths, config(tmp_path), QUICK)

    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    made.stop()


def test_what_the_feeder_knew_counts_more_than_the_manifest(tmp_path):
    """
    The manifest of the last snapshot may be older than the place that is fed from, or newer.
    """
    dead = crashed(tmp_path, [recording(True), b"{", edge(START_US)])
    told = {"gaps": {"sequence": {"count": 1, "missing_envelopes": 7}}}

    made = collector(dead, StorageOptions(recover=False, disk=QuickDisk()))
    made.resume_session("x", made_whole=True, losses=told)
    assert told == made.losses
    made.note_gap(2, "sequence")
    made.stop()

    manifest = document(dead / "metrics_x_manifest.json")
    assert ("not complete: envelopes missing in 2 gaps (sequence): 9", {}) == (
        manifest["verdict"],
        manifest["rejected"],
    )


def test_a_line_that_holds_no_envelope_costs_only_itself(tmp_path):
    """
    It stays in the file, and the manifest counts it.
    """
    rows = [edge(START_US), b"\x00\x00\xff", b"", b"[1]", edge(START_US + 1)]
    (tmp_path / "metrics_x.jsonl").write_bytes(b"\n".join(rows) + b"\n")

    collector(tmp_path, QUICK).stop()

    assert rows == (tmp_path / "metrics_x.jsonl").read_bytes().split(b"\n")[:-1]
    assert [START_US, START_US + 1] == stamps(tmp_path)
    assert 3 == document(tmp_path / "metrics_x_manifest.json")["bad_lines"]


@pytest.mark.parametrize("spill", [True, False])
@pytest.mark.parametrize("half", [0, 1, 350, 700, 702])
def test_a_resumed_session_is_the_session_that_was_never_interrupted(tmp_path, half, spill):
    """
    Feeding two halves, with a crash between them, equals feeding the whole.
    """
    sent = [recording(True), *stream(700), recording(False)]
    whole = collector(tmp_path / "whole", QUICK)
    whole.set_session_id("x")
    whole.process_envelopes(sent)
    whole.stop()
    dead = crashed(tmp_path, sent[:half], spill=spill)

    made = collector(dead, StorageOptions(recover=False, disk=QuickDisk(), spill=spill))
    made.resume_session("x", made_whole=True)
    assert made.recording
    made.process_envelopes(sent[half:])
    made.stop()

    expected, got = (document(each / "metrics_x.json") for each in (tmp_path / "whole", dead))
    assert expected["series"] == got["series"]
    assert lines(tmp_path / "whole" / "metrics_x.jsonl") == lines(dead / "metrics_x.jsonl")
    hashes = [
        document(each / "metrics_x_manifest.json")["sha256"] for each in (tmp_path / "whole", dead)
    ]
    assert hashes[0] == hashes[1]
    assert document(dead / "metrics_x_manifest.json")["complete"]


def test_a_session_resumed_without_its_missing_part_is_not_complete(tmp_path):
    """
    Unless the caller promises to fill the hole, the manifest says that there may be one.
    """
    dead = crashed(tmp_path, [recording(True), edge(START_US)])

    made = collector(dead, StorageOptions(recover=False, disk=QuickDisk()))
    made.resume_session("x")
    made.set_recording_state(False)
    made.stop()

    manifest = document(dead / "metrics_x_manifest.json")
    assert (1, 1, False) == (
        manifest["interruptions"],
        manifest["resumptions"],
        manifest["complete"],
    )


def test_what_was_lost_before_a_crash_is_not_forgotten_after_it(tmp_path):
    """
    Gaps and rejected messages are carried over from the manifest of the last snapshot.
    """
    clock = ManualClock()
    made = collector(tmp_path / "alive", StorageOptions(clock=clock, disk=QuickDisk()))
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US), b"{"])
    made.note_gap(5, "sequence")
    clock.advance(31.0)
    made.tick()
    made._sessions.wait_for_snapshot()
    shutil.copytree(tmp_path / "alive", tmp_path / "dead")
    made.stop()

    collector(tmp_path / "dead", QUICK).stop()

    manifest = document(tmp_path / "dead" / "metrics_x_manifest.json")
    assert 5 == manifest["gaps"]["missing_envelopes"]
    assert {"not_json": 1} == manifest["rejected"]


def test_the_durable_position_follows_the_syncs(tmp_path):
    """
    A service stores it, and knows after a crash which lines to look at again.
    """
    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock))
    assert made.durable_position is None
    made.set_session_id("x")
    made.process_envelope(recording(True))
    path = tmp_path / "metrics_x.jsonl"
    clock.advance(2.0)
    made.tick()
    made._sessions.writer.settle()
    size = path.stat().st_size
    made.process_envelope(edge(START_US))

    assert (path, size) == made.durable_position
    clock.advance(1.0)
    made.tick()
    made._sessions.writer.settle()
    assert (path, path.stat().st_size) == made.durable_position
    made.stop()


@pytest.mark.parametrize(("fsync", "behind"), [("always", 0), ("never", 1)])
def test_the_other_policies_sync_at_once_or_not_before_the_end(tmp_path, fsync, behind):
    """
    ``always`` trades speed for certainty, ``never`` the reverse.
    """
    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock, fsync=fsync))
    made.process_envelope(edge(START_US))
    clock.advance(10.0)
    made.tick()
    made._sessions.writer.settle()

    size = (tmp_path / "metrics.jsonl").stat().st_size
    assert (tmp_path / "metrics.jsonl", 0 if behind else size) == made.durable_position
    made.stop()


CHILD = textwrap.dedent(
    """
    import os, sys
    from itertools import count
    from pathlib import Path
    from tests.unit.ipc.making import START_US, collector, edge, recording
    from smartspectra.ipc import StorageOptions

    folder, first = Path(sys.argv[1]), int(sys.argv[2])
    storage = StorageOptions(fsync="always", snapshot_interval_s=0.002)
    made = collector(folder, storage)
    os.write(1, b"ready\\n")
    numbers = count(first)
    for session in count():
        made.set_session_id(f"s{first}_{session}")
        made.process_envelope(recording(True))
        for _ in range(40):
            batch = [next(numbers) for _ in range(5)]
            made.process_envelopes([edge(START_US + number) for number in batch])
            os.write(1, b"%d\\n" % batch[-1])
        made.process_envelope(recording(False))
    """
)


def kill_at_random(folder: Path, first: int, after_lines: int) -> int:
    """Record in another process, kill it, and give the last number that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(first)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as child:
        assert child.stdout is not None
        assert b"ready\n" == child.stdout.readline()
        for _ in range(after_lines):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split(b"\n")
    acknowledged = [int(line) for line in rest[:-1] if line]
    return acknowledged[-1] if acknowledged else first + 5 * after_lines - 1


def recorded_numbers(folder: Path) -> list[int]:
    found = [
        json.loads(line)["timestamp"] - START_US
        for path in folder.glob("*.jsonl")
        for line in lines(path)
        if b"eda" in line
    ]
    return sorted(found)


@pytest.mark.timeout(300 + 30 * KILLS)
def test_nothing_that_was_acknowledged_is_lost_by_kill_minus_nine(tmp_path):
    """
    Killed at random moments, restarted in the same folder: each line once, all finished.

    SMARTSPECTRA_IPC_KILLS sets the number of rounds.
    """
    dice = a_dice()
    first, promised = 0, []
    for _ in range(KILLS):
        last = kill_at_random(tmp_path, first, dice.randrange(60))
        promised += range(first, last + 1)
        first += 1_000_000

    collector(tmp_path, QUICK).stop()

    found = recorded_numbers(tmp_path)
    assert set(promised) <= set(found)
    assert len(set(found)) == len(found)
    for path in tmp_path.glob("*.jsonl"):
        manifest = document(path.with_name(f"{path.stem}_manifest.json"))
        summary = document(path.with_suffix(".json"))
        assert "finished" == manifest["state"]
        assert len(lines(path)) == summary["meta"]["jsonl_envelopes_written"]
    assert not list(tmp_path.glob(".*_work"))
    assert not list(tmp_path.glob(".*.part"))
