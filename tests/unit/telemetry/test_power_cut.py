"""With `always`, what was answered is there after a power cut."""

import contextlib
import errno
import os
from pathlib import Path

import pytest

from smartspectra.ipc.storage.disk import Disk
from tests.support.telemetry_log import a_service, an_event, crashed, stored
from vitalrig.telemetry import sequence_reserve
from vitalrig.telemetry.telemetry_errors import TelemetryStorageError


class ForgetfulDisk(Disk):
    """
    A disk that keeps what was synced, and dies at one of its syncs.

    Args:
        dies_at: The sync at which it dies, without doing it.
    """

    def __init__(self, dies_at):
        self._left = dies_at
        self.is_dead = False
        self._synced = {}
        self._names = set()

    def _meet(self):
        if self.is_dead:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def _sync_once(self):
        self.is_dead |= self._left == 0
        self._left -= 1
        self._meet()

    def sync(self, descriptor):
        self._sync_once()
        content = Path(f"/proc/self/fd/{descriptor}").read_bytes()
        self._synced[os.fstat(descriptor).st_ino] = content

    def sync_folder(self, folder):
        self._sync_once()
        self._names |= {(path, path.stat().st_ino) for path in folder.iterdir()}

    def write(self, descriptor, data):
        self._meet()
        return super().write(descriptor, data)

    def write_at(self, descriptor, data, offset):
        self._meet()
        return super().write_at(descriptor, data, offset)

    def truncate(self, descriptor, size_bytes):
        self._meet()
        super().truncate(descriptor, size_bytes)

    def rename(self, source, target):
        self._meet()
        super().rename(source, target)

    def cut(self, folder, share):
        """Leave what was synced, and a share of what was added since; what has no name is gone."""
        for path in (path for path in folder.rglob("*") if path.is_file()):
            found = path.stat()
            if (path, found.st_ino) not in self._names:
                path.unlink()
            else:
                synced = self._synced.get(found.st_ino, b"")
                added = path.read_bytes()[len(synced) :]
                path.write_bytes(synced + added[: int(len(added) * share)])


def use(service):
    """A little of all; yields what was answered."""
    yield service.append_event(an_event(data=0))
    yield from service.append_events([an_event(data=n) for n in (1, 2, 3)])
    yield service.append_event(an_event("gone", store_permanently=False))
    service.start_run()
    yield service.append_event(an_event(data=4))
    yield from service.append_events([an_event(data=5), an_event("gone", store_permanently=False)])
    service.start_recording_run("s", "cam")
    metas = [{}, {"camera": "cam"}] * 2
    yield from service.append_events([an_event(data=n, meta=m) for n, m in enumerate(metas)])
    service.stop_run()
    yield service.append_event(an_event("gone", store_permanently=False))


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_after_a_power_cut_all_that_was_answered_is_there(tmp_path, share):
    """
    At every sync, and however much of what was not synced reached the disk.
    """
    for dies_at in range(100):
        folder = tmp_path / str(dies_at)
        disk = ForgetfulDisk(dies_at)
        answers = []
        try:
            service = a_service(folder, disk=disk, fsync="always")
        except OSError:
            continue
        with contextlib.suppress(TelemetryStorageError):
            answers.extend(use(service))
        crashed(service)
        disk.cut(folder / "site", share)

        with a_service(folder) as service:
            seq = service.append_event(an_event("after"))["seq"]
        lines = {line["seq"]: line for line in stored(folder / "site")}
        assert sum(1 for _ in stored(folder / "site")) == len(lines)
        assert seq > max((answer["seq"] for answer in answers), default=0)
        for answer in answers:
            if answer["type"] != "gone":
                assert answer == {name: lines[answer["seq"]][name] for name in answer}
        if not disk.is_dead:
            break
    assert 13 == len(answers)
    assert dies_at > 15


@pytest.mark.parametrize("fsync", ["interval", "never"])
def test_a_power_cut_may_cost_events_but_gives_no_number_twice(tmp_path, monkeypatch, fsync):
    """
    Without `always`, what was not synced is gone; who resumes behind its numbers misses nothing.
    """
    disk = ForgetfulDisk(dies_at=1_000)
    service = a_service(tmp_path, disk=disk, fsync=fsync)
    answers = [service.append_event(an_event()) for _ in range(3)]
    crashed(service)
    disk.cut(tmp_path / "site", 0.0)
    monkeypatch.setattr(sequence_reserve, "this_boot", lambda: "another boot")

    with a_service(tmp_path) as service:
        assert [] == stored(tmp_path / "site")
        next_seq = service.append_event(an_event())["seq"]
        assert next_seq > answers[-1]["seq"]
    with a_service(tmp_path) as service:
        assert next_seq + 1 == service.append_event(an_event())["seq"]
    monkeypatch.setattr(sequence_reserve, "this_boot", lambda: "a third boot")
    with a_service(tmp_path) as service:
        assert next_seq + 2 == service.append_event(an_event())["seq"]
