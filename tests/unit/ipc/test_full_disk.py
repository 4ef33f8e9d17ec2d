"""A disk that fails, at every call that a recording makes, for a while or for good."""

import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from smartspectra.ipc import StorageOptions
from smartspectra.ipc.storage.disk import Disk
from tests.unit.ipc.making import (
    EDGE,
    START_US,
    ManualClock,
    collector,
    document,
    edge,
    lines,
    recording,
)


class FailingDisk(Disk):
    """Fails from the *first* call on, for *calls* calls; a failing write takes half."""

    def __init__(self, first: int, calls: int) -> None:
        self.made = 0
        self._failing = range(first, first + calls)

    def _call(self) -> None:
        self.made += 1
        if self.made in self._failing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self, descriptor: int) -> None:
        self._call()  # without waiting: there is no power cut in these tests

    def sync_folder(self, folder: Path) -> None:
        self._call()

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if self.made + 1 in self._failing and len(data) > 1:
            self._failing = range(self._failing.start + 1, self._failing.stop + 1)
            self.made += 1
            return super().write(descriptor, memoryview(data)[: len(data) // 2])
        self._call()
        return super().write(descriptor, data)


def _failing(name: str) -> Any:
    def call(self: FailingDisk, *args: Any) -> Any:
        self._call()
        return getattr(Disk, name)(self, *args)

    return call


for _name in ("open_to_append", "open_anew", "copy", "truncate", "rename", "make_folder"):
    setattr(FailingDisk, _name, _failing(_name))


GIVEN = [edge(START_US + number) for number in range(12)]


def record(folder: Path, disk: Disk) -> tuple[Any, list[str]]:
    """One session of thirteen envelopes and a message that is none; a second passes each time."""
    clock = ManualClock()
    storage = StorageOptions(disk=disk, clock=clock, snapshot_interval_s=35.0, fsync="always")
    made = collector(folder, storage)
    made.set_session_id("x")
    made.process_envelope(recording(True))
    pauses = []
    for each in (GIVEN[0], GIVEN[1:4], *GIVEN[4:8], [b"{"], GIVEN[8:]):
        made.process_envelopes([each] if isinstance(each, bytes) else each)
        made._sessions.wait_for_snapshot()
        if made.stats.paused:
            pauses.append(made.stats.paused)
        clock.advance(10.0)
        made.tick()
    made.stop()
    return made.stats, pauses


def calls_of_a_recording(folder: Path) -> int:
    disk = FailingDisk(first=0, calls=0)
    stats, pauses = record(folder, disk)
    assert (13, 0, []) == (stats.envelopes, stats.unwritten_envelopes, pauses)
    return disk.made


def check_what_is_left(folder: Path, kept: int) -> None:
    """Whole lines in order, and after the next start everything finished from them."""
    path = folder / "metrics_x.jsonl"
    found = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    assert found == [line for line in [recording(True), *GIVEN] if line in found]
    assert kept == len(found)
    collector(folder, StorageOptions(disk=FailingDisk(0, 0))).stop()
    if found:
        assert found == lines(path)
        assert "finished" == document(folder / "metrics_x_manifest.json")["state"]
        stamps = document(folder / "metrics_x.json")["series"].get(EDGE, {}).get("eda.trace", {})
        assert [json.loads(line)["timestamp"] for line in found if b"eda" in line] == (
            stamps.get("timestamps", [])
        )
    assert not list(folder.glob(".*.part"))
    assert not list(folder.glob(".*_work"))


@pytest.mark.parametrize("calls", [1, 3, 10_000], ids=["once", "a while", "for good"])
def test_wherever_the_disk_fails_what_was_given_is_kept_or_counted(tmp_path, calls):
    """
    No exception, no half line, no lost count, at any of the calls of a whole recording.

    What was kept can always be finished by a later start.
    """
    total = calls_of_a_recording(tmp_path / "good")
    for first in range(1, total + 1):
        folder = tmp_path / str(first)
        stats, _ = record(folder, FailingDisk(first, calls))

        assert {"not_json": 1} == stats.rejected
        assert 13 == stats.envelopes + stats.unwritten_envelopes
        check_what_is_left(folder, stats.envelopes)


@pytest.mark.parametrize("calls", [1, 3, 40], ids=["once", "a while", "longer"])
def test_wherever_the_disk_fails_a_caller_who_can_wait_loses_nothing(tmp_path, calls):
    """
    What the disk does not take is given back, and in the end everything is there, once.
    """
    total = calls_of_a_recording(tmp_path / "good")
    for first in range(1, total + 1):
        folder, clock = tmp_path / str(first), ManualClock()
        disk = FailingDisk(first, calls)
        made = collector(folder, StorageOptions(disk=disk, clock=clock, fsync="always"))
        made.set_session_id("x")
        given = [recording(True), *GIVEN[:6], b"{", *GIVEN[6:], recording(False)]
        while given:
            taken = made.process_envelopes(given[:5], give_back=True)
            given = given[taken:]
            clock.advance(6.0)
            made.tick()
        for _ in range(2 * calls):
            clock.advance(31.0)
            made.tick()
        made.stop()

        manifest = document(folder / "metrics_x_manifest.json")
        assert [recording(True), *GIVEN, recording(False)] == lines(folder / "metrics_x.jsonl")
        assert (0, {"not_json": 1}, None) == (
            made.stats.unwritten_envelopes,
            made.stats.rejected,
            made.stats.unfinished,
        )
        assert ("not complete: messages rejected (not_json): 1", 14) == (
            manifest["verdict"],
            manifest["envelopes"]["total"],
        )
        stamps = document(folder / "metrics_x.json")["series"][EDGE]["eda.trace"]["timestamps"]
        assert [START_US + number for number in range(12)] == stamps


def test_what_was_lost_before_a_file_could_be_opened_is_counted_too(tmp_path):
    """
    A session that is continued on a full disk keeps its old losses and its new ones.
    """
    first = collector(tmp_path, append_mode=True)
    first.set_session_id("x")
    first.process_envelopes([recording(True), b"{"])
    first.stop()
    clock, disk = ManualClock(), FailingDisk(0, 0)
    made = collector(tmp_path, StorageOptions(clock=clock, disk=disk), append_mode=True)
    disk._failing = range(disk.made + 1, 10_000)
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US)])
    disk._failing = range(0)
    clock.advance(10.0)
    made.process_envelope(edge(START_US + 1))
    made.stop()

    manifest = document(tmp_path / "metrics_x_manifest.json")
    assert (2, {"not_json": 1}) == (manifest["unwritten_envelopes"], manifest["rejected"])


def test_a_session_that_cannot_be_finished_is_told_and_finished_later(tmp_path, caplog):
    """
    The next session goes on meanwhile, and attempts are apart.
    """

    class NoSummaries(Disk):
        broken, attempts = True, 0

        def rename(self, source: Path, target: Path) -> None:
            if self.broken and target.name == "metrics_x.json":
                NoSummaries.attempts += 1
                raise OSError(errno.ENOSPC, "No space left on device")
            super().rename(source, target)

    clock, disk = ManualClock(), NoSummaries()
    made = collector(tmp_path, StorageOptions(clock=clock, disk=disk))
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US), recording(False)])
    made.set_session_id("y")
    made.process_envelopes([recording(True), edge(START_US)])
    for _ in range(600):
        clock.advance(0.1)
        made.tick()
    told = (made.stats.paused, made.stats.unfinished)
    NoSummaries.broken = False
    clock.advance(31.0)
    made.tick()

    assert (None, "[Errno 28] No space left on device") == told
    assert 5 <= NoSummaries.attempts <= 15
    assert made.stats.unfinished is None
    assert document(tmp_path / "metrics_x_manifest.json")["complete"]
    assert "finished after all" in caplog.text
    made.stop()


def test_what_a_crash_left_is_finished_when_the_disk_has_room_again(tmp_path):
    """
    A start on a full disk does not leave it until the next start.
    """
    (tmp_path / "metrics_x.jsonl").write_bytes(edge(START_US) + b"\n")
    clock, disk = ManualClock(), FailingDisk(2, 20)
    made = collector(tmp_path, StorageOptions(clock=clock, disk=disk))
    before = (made.stats.unfinished, (tmp_path / "metrics_x.json").exists())
    for _ in range(20):
        clock.advance(31.0)
        made.tick()

    assert ("[Errno 28] No space left on device", False) == before
    assert (None, "finished") == (
        made.stats.unfinished,
        document(tmp_path / "metrics_x_manifest.json")["state"],
    )
    made.stop()


def test_a_failing_write_pauses_loudly_and_recording_resumes_by_itself(tmp_path, caplog):
    """
    The status says why, the log says when, and how many envelopes were lost.
    """
    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock, disk=FailingDisk(0, 0)))
    made.process_envelope(edge(START_US))
    disk = made._storage.disk
    disk._failing = range(disk.made + 1, disk.made + 100)
    for number in range(1, 5):
        made.process_envelope(edge(START_US + number))
    assert "[Errno 28] No space left on device" == made.stats.paused
    assert 4 == made.stats.unwritten_envelopes
    disk._failing = range(0)

    made.process_envelope(edge(START_US + 5))
    assert 5 == made.stats.unwritten_envelopes
    clock.advance(60.0)
    made.process_envelope(edge(START_US + 6))
    made.stop()

    assert made.stats.paused is None
    assert [edge(START_US), edge(START_US + 6)] == lines(tmp_path / "metrics.jsonl")
    assert "recording paused: [Errno 28] No space left on device" in caplog.text
    assert "recording resumed; 5 envelopes could not be kept" in caplog.text
    manifest = document(tmp_path / "metrics_manifest.json")
    assert 5 == manifest["unwritten_envelopes"]
    assert "not complete: envelopes not written for want of room: 5" == manifest["verdict"]


def test_a_paused_collector_finds_out_by_ticking_that_there_is_room(tmp_path):
    """
    A service that holds envelopes back while paused is told when to go on.
    """
    clock = ManualClock()
    disk = FailingDisk(0, 0)
    made = collector(tmp_path, StorageOptions(clock=clock, disk=disk))
    made.process_envelope(edge(START_US))
    disk._failing = range(disk.made + 1, disk.made + 6)
    made.process_envelope(edge(START_US + 1))
    paused = []
    for _ in range(20):
        clock.advance(6.0)
        made.tick()
        paused.append(made.stats.paused)
    made.stop()

    assert paused[0] is not None
    assert paused[-1] is None
    assert not list(tmp_path.glob(".*probe"))


def test_while_paused_the_disk_is_not_asked_at_every_envelope(tmp_path):
    """
    Attempts to write are apart, and further apart the longer it lasts; syncs are a second apart.
    """
    clock = ManualClock()
    disk = FailingDisk(0, 0)
    made = collector(tmp_path, StorageOptions(clock=clock, disk=disk))
    made.process_envelope(edge(START_US))
    made._sessions.writer.settle()  # or its sync would fail too, and be tried again
    disk._failing = range(disk.made + 1, 10_000)
    before = disk.made
    for number in range(1_000):
        made.process_envelope(edge(START_US + number))
        clock.advance(0.03)
    attempts = disk.made - before
    disk._failing = range(0)
    made.stop()

    assert 5 <= attempts <= 20 + 30
    assert 1_000 == made.stats.unwritten_envelopes


def test_a_failing_sync_is_told_and_loses_nothing(tmp_path, caplog):
    """
    What can be written is written on; it is only not durable, and the position says so.
    """

    class Unsyncable(Disk):
        broken = False

        def sync(self, descriptor: int) -> None:
            if self.broken:
                raise OSError(errno.EIO, "Input/output error")

    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(disk=Unsyncable(), clock=clock))
    made.process_envelope(edge(START_US))
    made._sessions.writer.settle()
    durable = made.durable_position
    Unsyncable.broken = True
    reasons = set()
    for number in range(1, 6):
        clock.advance(2.0)
        made.process_envelope(edge(START_US + number))
        made._sessions.writer.settle()
        made.tick()
        reasons.add(made.stats.paused)

    assert durable == made.durable_position
    assert "[Errno 5] Input/output error" in reasons
    Unsyncable.broken = False
    made.stop()
    assert [edge(START_US + number) for number in range(6)] == lines(tmp_path / "metrics.jsonl")
    assert 0 == made.stats.unwritten_envelopes


@pytest.mark.parametrize(("number", "passes"), [(errno.EROFS, True), (errno.EACCES, False)])
def test_a_folder_that_cannot_be_made_stops_the_start_unless_that_may_pass(
    tmp_path, number, passes
):
    """
    A wrong path is told at once; a disk that is read-only for now is waited for.
    """

    class NoFolders(Disk):
        def make_folder(self, folder: Path) -> None:
            raise OSError(number, os.strerror(number))

    storage = StorageOptions(disk=NoFolders())
    if not passes:
        with pytest.raises(PermissionError):
            collector(tmp_path / "new", storage)
        return
    made = collector(tmp_path / "new", storage)
    made.process_envelope(edge(START_US))

    assert "[Errno 30] Read-only file system" == made.stats.paused
    assert 1 == made.stats.unwritten_envelopes
    made.stop()


def test_the_series_hold_only_what_the_file_holds(tmp_path):
    """
    An envelope that was not written does not appear in the summary.
    """
    disk = FailingDisk(0, 0)
    made = collector(tmp_path, StorageOptions(disk=disk))
    made.process_envelope(edge(START_US))
    disk._failing = range(disk.made + 1, disk.made + 2)
    made.process_envelopes([edge(START_US + number) for number in range(1, 9)])
    made.stop()

    kept = [json.loads(line)["timestamp"] for line in lines(tmp_path / "metrics.jsonl")]
    assert len(kept) > 1
    assert kept == document(tmp_path / "metrics.json")["series"][EDGE]["eda.trace"]["timestamps"]
    assert 9 - len(kept) == made.stats.unwritten_envelopes


def test_a_snapshot_does_not_take_the_recordings_last_room(tmp_path, caplog):
    """
    On a disk that is nearly full the snapshot is left out and the recording goes on.
    """

    class NearlyFullDisk(Disk):
        def free_bytes(self, folder: Path) -> int:
            return 1_000_000

    made = collector(tmp_path, StorageOptions(disk=NearlyFullDisk()))
    made.process_envelope(edge(START_US))
    made.write_snapshot_temp()
    made.process_envelope(edge(START_US + 1))

    assert not list(tmp_path.glob("*snapshot*"))
    assert "no room for a snapshot beside the recording" in caplog.text
    assert made.stats.paused is None
    made.stop()
    assert [edge(START_US), edge(START_US + 1)] == lines(tmp_path / "metrics.jsonl")


CHILD = textwrap.dedent(
    """
    import json, sys
    from pathlib import Path
    from tests.unit.ipc.making import START_US, ManualClock, collector, edge
    from smartspectra.ipc import StorageOptions
    from tests.support.full_disk import room_for

    clock = ManualClock()
    made = collector(Path(sys.argv[1]), StorageOptions(clock=clock, spill=False))
    with room_for(5_000):
        for number in range(100):
            made.process_envelope(edge(START_US + number))
    made.process_envelope(edge(START_US + 1_000))
    made.stop()
    stats = made.stats
    print(json.dumps([stats.paused, stats.envelopes, stats.unwritten_envelopes]))
    """
)


def test_a_real_limit_on_the_size_of_files_is_survived(tmp_path):
    """
    The system itself refuses to write on; the recording goes on in further files, all whole.
    """
    result = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    parts = ["metrics.jsonl", *(f"metrics_part{number}.jsonl" for number in range(2, 5))]

    assert [None, 101, 0] == json.loads(result.stdout)
    assert [edge(START_US + number) for number in (*range(100), 1_000)] == [
        line for name in parts for line in lines(tmp_path / name)
    ]
    assert all((tmp_path / name).stat().st_size <= 5_000 for name in parts[:-1])
