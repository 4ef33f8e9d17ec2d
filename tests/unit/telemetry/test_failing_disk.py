"""A disk that is full, fails or hangs costs the events that it refuses, and nothing else."""

import asyncio
import contextlib
import errno
import os
import threading
from itertools import count

import pytest

from tests.support.eventually import eventually
from tests.support.full_disk import room_for
from tests.support.patience import PATIENCE_S
from tests.support.telemetry_log import (
    DAY_FILE,
    BrokenDisk,
    QuickDisk,
    a_service,
    an_event,
    lines_of,
    stored,
)
from vitalrig.errors import CannotStart
from vitalrig.telemetry import log_thread
from vitalrig.telemetry.telemetry_errors import TelemetryStorageError


class FailingDisk(QuickDisk):
    """A disk of which some calls in a row fail, from one on; a write takes half before it fails."""

    def __init__(self, first, how_many):
        self._calls = count()
        self._failing = range(first, first + how_many)
        self.has_failed = False

    def _fails(self):
        fails = next(self._calls) in self._failing
        self.has_failed |= fails
        return fails

    def _meet(self):
        if self._fails():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def open_to_append(self, path):
        self._meet()
        return super().open_to_append(path)

    def write(self, descriptor, data):
        if self._fails():
            super().write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(descriptor, data)

    def write_at(self, descriptor, data, offset):
        self._meet()
        return super().write_at(descriptor, data, offset)

    def truncate(self, descriptor, size_bytes):
        self._meet()
        super().truncate(descriptor, size_bytes)

    def sync(self, descriptor):
        self._meet()

    def make_folder(self, folder):
        self._meet()
        super().make_folder(folder)

    def rename(self, source, target):
        self._meet()
        super().rename(source, target)


def insist(ask):
    """What is refused is asked for again; each time fewer calls of the disk fail."""
    for _ in range(10):
        with contextlib.suppress(TelemetryStorageError, OSError):
            return ask()
    return ask()


def use(service):
    """A little of all that is written; gives what was answered of stored events."""
    ask = service.append_event
    answers = [
        insist(lambda: ask(an_event(data=0))),
        *insist(lambda: service.append_events([an_event(data=n) for n in (1, 2, 3)])),
        insist(lambda: ask(an_event(data=4, key="k"))),
    ]
    insist(lambda: ask(an_event("gone", store_permanently=False)))
    insist(service.start_run)
    answers.append(insist(lambda: ask(an_event(data=5))))
    answers += insist(lambda: service.append_events([an_event(data=n) for n in (6, 7)], key="b"))
    insist(service.stop_run)
    answers.append(insist(lambda: ask(an_event(data=8))))
    return answers


@pytest.mark.parametrize("fsync", ["always", "interval"])
@pytest.mark.parametrize("how_many", [1, 2, 5])
def test_a_disk_that_fails_at_any_call_refuses_whole_events(tmp_path, fsync, how_many):
    """
    No half line is left, no number is lost or given twice, and what was answered is in the files.
    """
    for first in count():
        folder = tmp_path / str(first)
        disk = FailingDisk(first, how_many)
        service = insist(lambda: a_service(folder, disk=disk, fsync=fsync))  # noqa: B023
        answers = use(service)
        service.close()

        kept = [(each["seq"], each["data"]) for each in stored(folder / "site")]
        assert kept == [(each["seq"], each["data"]) for each in answers], first
        assert [1, 2, 3, 4, 5, 7, 8, 9, 10] == [seq for seq, _ in kept]
        with a_service(folder) as service:
            assert 10 == service.last_seq
        if not disk.has_failed:
            break
    assert first > 10


def test_a_full_disk_takes_what_fits(tmp_path):
    """
    However much that is; afterwards it goes on by itself.
    """
    with a_service(tmp_path) as service:
        service.append_event(an_event(data=0))
        path = tmp_path / "site" / DAY_FILE
        longest = path.stat().st_size + len("00")
        for more in range(0, 3 * longest, 7):
            room = path.stat().st_size + more
            before = service.last_seq
            with room_for(room):
                asked = [service.submit(an_event(data=n % 10)) for n in range(4)]
                taken = [each for each in asked if each.exception() is None]
            assert before + len(taken) == service.last_seq == len(lines_of(path))
            assert room - longest < path.stat().st_size <= room
            assert not service.ready()["ready"]
            service.append_event(an_event(data=0))
            assert service.ready()["ready"]
    seqs = [line["seq"] for line in lines_of(path)]
    assert list(range(1, len(seqs) + 1)) == seqs


def test_a_disk_with_room_again_is_noticed_without_an_event(tmp_path):
    """
    Who asks whether the log is ready sends nothing until it is.
    """
    disk = BrokenDisk()
    with a_service(tmp_path, disk=disk) as service:
        disk.before["write"] = fail
        with pytest.raises(TelemetryStorageError, match="No space left"):
            service.append_event(an_event())
        assert "No space left" in service.ready()["trouble"]
        disk.before.clear()

        service._keeper.look()

        assert eventually(lambda: service.ready()["ready"])


def fail():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def hanging(tmp_path):
    """A service whose disk hangs in a write until the event is set."""
    disk, hangs, goes_on = BrokenDisk(), threading.Event(), threading.Event()
    with a_service(tmp_path, disk=disk) as service:
        service.append_event(an_event(data="before"))

        def hang():
            hangs.set()
            assert goes_on.wait(PATIENCE_S)

        disk.before["write"] = hang
        waiting = service.submit(an_event(data="in the middle"))
        assert hangs.wait(PATIENCE_S)
        yield service, waiting, goes_on
        goes_on.set()


def test_a_disk_that_hangs_holds_up_new_events_alone(hanging):
    """
    All that is in memory is answered, and what waits is kept when the disk goes on.
    """
    service, waiting, goes_on = hanging
    next_one = service.submit(an_event(data="next"))

    assert "before" == service.current_event("weather")["data"]
    assert not service.run_active
    assert 1 == service.last_seq
    service.ready()
    goes_on.set()
    assert [2, 3] == [each.result(PATIENCE_S)["seq"] for each in (waiting, next_one)]


def test_behind_a_disk_that_hangs_for_long_events_are_refused(hanging, monkeypatch, tmp_path):
    """
    Those that wait as well as new ones; none of them is in the files afterwards.
    """
    service, waiting, goes_on = hanging
    behind = service.submit(an_event(data="behind"))
    monkeypatch.setattr(log_thread, "PATIENCE_S", 0.0)
    service._keeper.look()

    with pytest.raises(TelemetryStorageError, match="has not answered"):
        behind.result(PATIENCE_S)
    with pytest.raises(TelemetryStorageError, match="has not answered"):
        service.submit(an_event())
    with pytest.raises(TelemetryStorageError, match="has not answered"):
        service.start_run()
    goes_on.set()
    assert 2 == waiting.result(PATIENCE_S)["seq"]
    monkeypatch.undo()
    assert 3 == service.append_event(an_event(data="after"))["seq"]
    assert ["before", "in the middle", "after"] == [
        line["data"] for line in lines_of(tmp_path / "site" / DAY_FILE)
    ]


def test_too_many_that_wait_for_the_disk_are_refused(hanging, monkeypatch):
    """
    Memory does not grow while the disk hangs.
    """
    service, _, _ = hanging
    monkeypatch.setattr(log_thread, "MAX_WAITING_EVENTS", 2)
    service.submit(an_event())
    service.submit(an_event())

    with pytest.raises(TelemetryStorageError, match="2 events wait for the disk"):
        service.submit(an_event())


def test_an_end_does_not_wait_for_a_disk_that_hangs(hanging, monkeypatch):
    """
    Not for ever: nobody else may write the folder until the process has ended.
    """
    service, waiting, goes_on = hanging
    monkeypatch.setattr(log_thread, "CLOSE_PATIENCE_S", 0.01)

    service.close()

    assert not waiting.done()
    with pytest.raises(CannotStart):
        a_service(service.site_dir.parent)
    goes_on.set()
    assert 2 == waiting.result(PATIENCE_S)["seq"]


def test_an_event_that_nobody_waits_for_any_more_is_not_kept(hanging, tmp_path):
    """
    As long as it is not being written.
    """
    service, waiting, goes_on = hanging
    behind = service.submit(an_event(data="behind"))

    assert behind.cancel()
    assert not waiting.cancel()
    goes_on.set()
    assert 3 == service.append_event(an_event(data="after"))["seq"]
    assert "behind" not in (tmp_path / "site" / DAY_FILE).read_text()


def test_an_event_loop_goes_on_while_the_disk_hangs(hanging):
    """
    And is told of all that was kept together.
    """
    service, _, goes_on = hanging

    async def post():
        tasks = [asyncio.create_task(service.append(an_event(data=n))) for n in range(3)]
        batch = asyncio.create_task(service.append_batch([an_event(), an_event()]))
        await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        goes_on.set()
        return [each["seq"] for each in await asyncio.gather(*tasks)] + [
            each["seq"] for each in await batch
        ]

    assert [3, 4, 5, 6, 7] == asyncio.run(post())


def test_one_sync_serves_all_that_wait_for_it(tmp_path):
    """
    With `always`, nobody is answered before it.
    """
    disk, hangs, goes_on = BrokenDisk(), threading.Event(), threading.Event()
    syncs = []
    with a_service(tmp_path, disk=disk, fsync="always") as service:
        service.append_event(an_event())

        def hang():
            syncs.append(1)
            hangs.set()
            assert goes_on.wait(PATIENCE_S)

        disk.before["sync"] = hang
        first = service.submit(an_event())
        assert hangs.wait(PATIENCE_S)
        others = [service.submit(an_event()) for _ in range(10)]
        assert (1, False) == (service.last_seq, first.done())
        goes_on.set()
        assert list(range(2, 13)) == [each.result(PATIENCE_S)["seq"] for each in (first, *others)]
        assert 2 == len(syncs)


def test_an_interval_syncs_what_was_added_and_says_when(tmp_path):
    """
    A sync that fails is told, and done again.
    """
    disk = BrokenDisk()
    with a_service(tmp_path, disk=disk) as service:
        service.append_event(an_event())
        assert ("interval", None) == (service.ready()["fsync"], service.ready()["last_sync_at"])
        disk.before["sync"] = fail

        def look():
            service._keeper.look()
            return service.ready()

        eventually(lambda: "No space left" in look().get("trouble", ""))
        disk.before.clear()
        eventually(lambda: look()["last_sync_at"])
        assert look()["ready"]
