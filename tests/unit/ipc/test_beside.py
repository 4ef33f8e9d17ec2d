"""Sessions whose beginning and end do not wait for the disk, for callers that record many."""

import threading
from pathlib import Path

import pytest

from smartspectra.ipc import StorageOptions
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.worker import Background
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.unit.ipc.making import START_US, collector, document, edge, lines, recording


class HungDisk(Disk):
    """Syncs nothing until it may."""

    def __init__(self) -> None:
        self.may_sync = threading.Event()
        self.syncs = 0

    def sync(self, descriptor: int) -> None:
        self.syncs += 1
        self.may_sync.wait(PATIENCE_S)
        super().sync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        self.syncs += 1
        self.may_sync.wait(PATIENCE_S)
        super().sync_folder(folder)

    def sync_file_system(self, descriptor: int) -> bool:
        self.syncs += 1
        self.may_sync.wait(PATIENCE_S)
        return super().sync_file_system(descriptor)


@pytest.fixture
def disk():
    disk = HungDisk()
    yield disk
    disk.may_sync.set()


def recorder(folder, disk, **more):
    more = {"fsync_interval_s": 0.001} | more
    return collector(folder, StorageOptions(wait=False, disk=disk, background=Background(), **more))


def record(made, session_id="one"):
    made.set_session_id(session_id)
    made.process_envelope(recording(True))
    made.process_envelope(edge(START_US))


@pytest.mark.parametrize("fsync", ["always", "interval", "never"])
def test_a_recording_begins_goes_on_and_ends_while_the_disk_hangs(tmp_path, disk, fsync):
    """
    Whoever shows live numbers in the same loop is not held up.
    """
    made = recorder(tmp_path, disk, fsync=fsync)

    record(made)
    made.tick()
    made.process_envelope(recording(False))
    made.tick()

    assert 3 == len(lines(tmp_path / "metrics_one.jsonl"))
    assert made.finishing
    disk.may_sync.set()
    made.stop()


@pytest.mark.parametrize("fsync", ["always", "interval"])
def test_nothing_counts_as_durable_before_it_is(tmp_path, disk, fsync):
    """
    A power cut now would cost it; whoever asks must know.
    """
    made = recorder(tmp_path, disk, fsync=fsync)
    record(made)
    made.tick()
    eventually(lambda: disk.syncs)
    before = made.durable_position[1]
    disk.may_sync.set()

    def durable():
        made.tick()
        return made.durable_position[1] == (tmp_path / "metrics_one.jsonl").stat().st_size

    eventually(durable)
    assert 0 == before
    made.stop()


def test_a_session_that_ended_is_finished_when_the_disk_has_it(tmp_path, disk):
    """
    Summary and manifest appear, and `finishing` says so.
    """
    made = recorder(tmp_path, disk)
    record(made)
    made.process_envelope(recording(False))
    before = (made.finishing, document(tmp_path / "metrics_one_manifest.json")["state"])
    disk.may_sync.set()

    def is_finished():
        made.tick()
        return not made.finishing

    eventually(is_finished)
    assert (True, "open") == before
    state = document(tmp_path / "metrics_one_manifest.json")
    assert ("finished", "complete", 3) == (
        state["state"],
        state["verdict"],
        state["envelopes"]["total"],
    )
    made.stop()


def test_the_same_session_again_waits_for_its_end(tmp_path, disk):
    """
    A file has one writer.
    """
    made = recorder(tmp_path, disk)
    record(made)
    made.process_envelope(recording(False))
    threading.Timer(0.05, disk.may_sync.set).start()
    record(made)
    made.process_envelope(recording(False))
    made.stop()

    assert 6 == len(lines(tmp_path / "metrics_one.jsonl"))
    assert "finished" == document(tmp_path / "metrics_one_manifest.json")["state"]


def test_many_that_stop_wait_for_the_disk_together(tmp_path):
    """
    A hundred cameras are stopped within the grace of a supervisor: in a few syncs, not hundreds.
    """
    disk = HungDisk()
    disk.may_sync.set()
    options = StorageOptions(wait=False, disk=disk, background=Background(), fsync="never")
    collectors = [collector(tmp_path / str(number), options) for number in range(50)]
    for made in collectors:
        record(made)
    for made in collectors:
        made.write_snapshot_temp()
    disk.syncs = 0
    disk.may_sync.clear()

    for made in collectors:
        made.begin_stop()
    disk.may_sync.set()
    for made in collectors:
        made.stop()

    assert disk.syncs <= 40
    for number in range(50):
        state = document(tmp_path / str(number) / "metrics_one_manifest.json")
        assert ("finished", "complete") == (state["state"], state["verdict"])
