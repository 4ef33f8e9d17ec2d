"""An event log for a test, and what is in its files."""

import json
from datetime import UTC, datetime

from smartspectra.ipc.storage.disk import Disk
from vitalrig.telemetry import EventRequest, TelemetryService

NOON = datetime(2026, 3, 17, 12, 0, tzinfo=UTC)
DAY_FILE = "site_20260317.ndjson"


class Now:
    """A clock that shows what it is told."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now


def an_event(kind="weather", data=None, **more):
    return EventRequest(type=kind, data={"sky": "clear"} if data is None else data, **more)


class QuickDisk(Disk):
    """A disk on which nothing has to be synced: no test here cuts the power."""

    def sync(self, descriptor):
        pass

    def sync_folder(self, folder):
        pass


def a_service(folder, **more):
    """A service of *folder*/site, to be used in a `with`, that looks for nothing by itself."""
    more = {"now_provider": Now(), "look_every_s": 3600.0, "disk": QuickDisk()} | more
    return TelemetryService(folder / "site", **more)


def crashed(service):
    """Leave all as a process leaves it that was killed; the folder is free."""
    service._keeper.close()
    service._thread.close()
    service._log.files.close_all_but((), unsynced=True)
    service._log.runs.close()
    service._log.floor.close()
    service._closing.detach()[2][-1].release()


def lines_of(path):
    """The events in a file; all of it is whole lines of JSON."""
    data = path.read_bytes()
    assert data.endswith(b"\n") or not data
    return [json.loads(line) for line in data.splitlines()]


def stored(folder):
    """All events in plain files of a folder and its runs, by their numbers."""
    files = [*folder.glob("site_*.ndjson"), *folder.rglob("telemetry.ndjson")]
    return sorted((line for path in files for line in lines_of(path)), key=lambda line: line["seq"])


class BrokenDisk(QuickDisk):
    """A disk of which some calls can be made to fail, or to wait."""

    def __init__(self):
        self.before = {}

    def _meet(self, call):
        if (action := self.before.get(call)) is not None:
            action()

    def open_to_append(self, path):
        self._meet("open")
        return super().open_to_append(path)

    def write(self, descriptor, data):
        self._meet("write")
        return super().write(descriptor, data)

    def write_at(self, descriptor, data, offset):
        self._meet("write_at")
        return super().write_at(descriptor, data, offset)

    def truncate(self, descriptor, size_bytes):
        self._meet("truncate")
        super().truncate(descriptor, size_bytes)

    def sync(self, descriptor):
        self._meet("sync")
        super().sync(descriptor)
