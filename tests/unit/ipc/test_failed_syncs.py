"""A sync that fails, and the next one that succeeds without what the failed one lost."""

import errno
import os
from collections import defaultdict
from pathlib import Path

import pytest

from smartspectra.ipc import StorageOptions
from smartspectra.ipc.storage.disk import Disk
from tests.unit.ipc.making import START_US, ManualClock, collector, document, edge, lines, recording


class ForgetfulDisk(Disk):
    """
    Keeps beside each file what is really on the platter, as Linux does it.

    A sync that fails takes what it could not write for written: only what is written again comes
    to the platter with the next one.
    """

    def __init__(self) -> None:
        self.fails = False
        self.failed = 0
        self.platter: dict[int, bytearray] = defaultdict(bytearray)
        self._dirty: dict[int, list[tuple[int, bytes]]] = defaultdict(list)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        taken = super().write(descriptor, data)
        found = os.fstat(descriptor)
        self._dirty[found.st_ino].append((found.st_size - taken, bytes(data[:taken])))
        return taken

    def write_at(self, descriptor: int, data: bytes, offset: int) -> int:
        taken = super().write_at(descriptor, data, offset)
        self._dirty[os.fstat(descriptor).st_ino].append((offset, data[:taken]))
        return taken

    def sync(self, descriptor: int) -> None:
        number = os.fstat(descriptor).st_ino
        dirty = self._dirty.pop(number, [])
        if self.fails:
            self.failed += 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        platter = self.platter[number]
        for offset, data in dirty:
            platter.extend(bytes(max(0, offset + len(data) - len(platter))))
            platter[offset : offset + len(data)] = data

    def sync_folder(self, folder: Path) -> None:
        pass


def record(folder, disk, *, fsync="interval", damage=None):
    """Twenty batches, a second apart; the disk fails for the middle third."""
    clock = ManualClock()
    made = collector(folder, StorageOptions(disk=disk, clock=clock, fsync=fsync))
    made.set_session_id("x")
    sent, waiting = [recording(True)], []
    made.process_envelopes(sent)
    for batch in range(20):
        disk.fails = 6 <= batch < 12
        some = [edge(START_US + batch * 10 + number) for number in range(10)]
        sent += some
        waiting += some
        del waiting[: made.process_envelopes(waiting, give_back=True)]
        made._sessions.writer.settle()
        clock.advance(1.0)
        made.tick()
        made._sessions.writer.settle()
        if damage is not None and batch == 10:
            damage(folder / "metrics_x.jsonl")
    made.process_envelopes(waiting)
    made.stop()
    return sent


@pytest.mark.parametrize("fsync", ["interval", "always"])
def test_what_a_failed_sync_left_behind_is_written_again(tmp_path, fsync):
    """
    The next sync would otherwise succeed without it, and a power cut would show the hole.
    """
    disk = ForgetfulDisk()
    sent = record(tmp_path, disk, fsync=fsync)
    path = tmp_path / "metrics_x.jsonl"
    manifest = document(tmp_path / "metrics_x_manifest.json")

    assert disk.failed > 0
    assert sent == lines(path)
    assert path.read_bytes() == bytes(disk.platter[path.stat().st_ino])
    assert (True, True) == (manifest["complete"], manifest["failed_syncs"] > 0)


def damaged(path):
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 300)
        file.write(bytes(100))


def shortened(path):
    os.truncate(path, path.stat().st_size - 300)


@pytest.mark.parametrize("damage", [damaged, shortened])
def test_a_file_that_does_not_read_back_as_it_was_written_is_not_called_complete(tmp_path, damage):
    """
    What a failed sync has cost is found at the end, when all is read back.
    """
    record(tmp_path, ForgetfulDisk(), damage=damage)
    verdict = document(tmp_path / "metrics_x_manifest.json")["verdict"]

    assert "a sync had failed, and the file is not what was written" in verdict


def test_a_session_that_was_interrupted_after_a_failed_sync_is_written_again(tmp_path):
    """
    The process that knew what it had written is gone, and the system may have dropped it.
    """
    disk, clock = ForgetfulDisk(), ManualClock()
    made = collector(tmp_path, StorageOptions(disk=disk, clock=clock))
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US)])
    made._sessions.writer.settle()
    disk.fails = True
    made.process_envelope(edge(START_US + 1))
    clock.advance(1.0)
    made.tick()
    made._sessions.writer.settle()
    disk.fails = False
    made.write_snapshot_temp()
    made._sessions.named.abandon()
    made._folder_lock.release()
    collector(tmp_path, StorageOptions(disk=disk)).stop()
    path = tmp_path / "metrics_x.jsonl"

    assert path.read_bytes() == bytes(disk.platter[path.stat().st_ino])
    assert 1 == document(tmp_path / "metrics_x_manifest.json")["failed_syncs"]
