"""What is done beside the recording: few threads and few syncs, however many collectors."""

import errno
import os
import threading
from pathlib import Path

import pytest

from smartspectra.ipc import StorageOptions
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import finish_now, together
from smartspectra.ipc.storage.worker import Background, SerialQueue, Worker
from tests.support.patience import PATIENCE_S
from tests.unit.ipc.making import collector, edge


class CountingDisk(Disk):
    """Counts what it is asked to sync."""

    def __init__(self, *, at_once: bool) -> None:
        self._at_once = at_once
        self.files = 0
        self.folders = 0
        self.file_systems = 0

    def sync(self, descriptor: int) -> None:
        self.files += 1
        super().sync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        self.folders += 1
        super().sync_folder(folder)

    def sync_file_system(self, _descriptor: int) -> bool:
        self.file_systems += 1
        return self._at_once


def test_threads_do_not_grow_with_collectors(tmp_path):
    """
    A hundred cameras sync and write snapshots with two threads.
    """
    before = threading.active_count()
    most = before
    options = StorageOptions(fsync_interval_s=0.001, snapshot_interval_s=0.001)
    collectors = []
    for number in range(30):
        each = collector(tmp_path / str(number), options)
        each.set_recording_state(True)
        collectors.append(each)
    for turn in range(5):
        for each in collectors:
            each.process_envelope(edge(1_000_000 + turn))
            each.tick()
            most = max(most, threading.active_count())
    for each in collectors:
        each.stop()

    assert most <= before + 2


def placing(disk, folder, count):
    return [disk.replacing(folder / f"{number}.json", [b"{}"]) for number in range(count)]


def test_many_files_are_waited_for_with_one_sync(tmp_path):
    """
    Once for what is in them, once for their names.
    """
    disk = CountingDisk(at_once=True)

    finish_now(together(*placing(disk, tmp_path, 50)), disk)

    assert (1, 0, 1) == (disk.file_systems, disk.files, disk.folders)
    assert 50 == len(list(tmp_path.glob("*.json")))


def test_where_a_file_system_cannot_be_synced_each_file_is(tmp_path):
    """
    Not every system has that call, and an error of it says nothing of our files.
    """
    disk = CountingDisk(at_once=False)

    finish_now(together(*placing(disk, tmp_path, 50)), disk)

    assert (50, 1) == (disk.files, disk.folders)


def test_works_that_wait_at_the_same_time_are_synced_together(tmp_path):
    """
    However many collectors they are of.
    """
    disk, worker = CountingDisk(at_once=True), Worker("test")
    go, ready = threading.Event(), threading.Event()

    def holding():
        ready.set()
        go.wait(PATIENCE_S)
        yield ()

    held = worker.submit(holding(), disk)
    ready.wait(PATIENCE_S)
    works = [worker.submit(work, disk) for work in placing(disk, tmp_path, 50)]
    go.set()
    for work in [held, *works]:
        work.result(PATIENCE_S)

    assert (1, 0, 1) == (disk.file_systems, disk.files, disk.folders)


def test_a_file_that_cannot_be_synced_is_told_among_many_that_can(tmp_path):
    """
    With what this system has for it.
    """
    paths = [tmp_path / str(number) for number in range(20)]
    files = [path.open("wb") for path in paths]
    descriptors = [file.fileno() for file in files]
    files[7].close()

    errors = Disk().sync_all(descriptors)

    assert [7] == [place for place, error in enumerate(errors) if error is not None]
    for file in files:
        file.close()


def test_an_error_of_one_file_is_that_files_alone(tmp_path):
    """
    A bad file's collector pauses; its neighbours record.
    """

    class OneBadFile(Disk):
        def sync(self, descriptor: int) -> None:
            if b"bad" in os.pread(descriptor, 3, 0):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            super().sync(descriptor)

        def open_anew(self, path: Path) -> int:
            return os.open(path, os.O_RDWR | os.O_TRUNC | os.O_CREAT, 0o644)

        def sync_file_system(self, _descriptor: int) -> bool:
            return False

    disk, worker = OneBadFile(), Worker("test")
    texts = [b"good"] * 9 + [b"bad"]
    works = [
        worker.submit(disk.replacing(tmp_path / str(number), [text]), disk)
        for number, text in enumerate(texts)
    ]

    errors = [work.exception(PATIENCE_S) for work in works]
    assert ([None] * 9, errno.EIO) == (errors[:9], errors[9].errno)
    assert [str(number) for number in range(9)] == sorted(path.name for path in tmp_path.iterdir())


def test_the_works_of_one_collector_keep_their_order():
    """
    A snapshot must not overtake the one before.
    """
    seen = []

    def slow():
        for number in range(5):
            seen.append(number)
            yield ()

    def quick():
        seen.append("last")
        yield ()

    queue = SerialQueue(Background().documents, Disk(), "test")
    queue.submit(slow())
    queue.submit(quick())
    queue.wait(PATIENCE_S)

    assert [0, 1, 2, 3, 4, "last"] == seen
    assert not queue.busy


def test_a_mistake_in_a_work_reaches_who_waits_for_it():
    """
    Only errors of the disk are expected.
    """

    def wrong():
        yield ()
        raise ZeroDivisionError

    queue = SerialQueue(Worker("test"), Disk(), "test")
    queue.submit(wrong())

    with pytest.raises(ZeroDivisionError):
        queue.wait(PATIENCE_S)


def test_a_forked_process_has_workers_of_its_own():
    """
    A thread is not taken along by a fork.
    """
    background = Background()
    ready, go = threading.Event(), threading.Event()

    def holding():
        ready.set()
        go.wait(PATIENCE_S)
        yield ()

    held = background.syncs.submit(holding(), Disk())
    ready.wait(PATIENCE_S)
    background.forget()

    background.syncs.submit((each for each in [()]), Disk()).result(PATIENCE_S)
    go.set()
    held.result(PATIENCE_S)
