"""What the telemetry service says of Redis and of disks, once each."""

import shutil

import pytest

from services.telemetry import disk_watch
from services.telemetry.disk_watch import DiskWatch
from services.telemetry.redis_watch import LOST_AFTER_S, RedisWatch
from tests.support.heard_events import HeardEvents
from vitalrig.clock import ManualClock
from vitalrig.event_types import EVENT_TYPES


@pytest.fixture
def events():
    return HeardEvents()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def watch(events, clock):
    return RedisWatch(events, lambda name, amount: None, clock)


class Disks:
    """Disks with as much room as a test says."""

    def __init__(self, folder, events):
        self.free = 0
        self.watch = DiskWatch({"sessions": folder, "gone": folder / "gone"}, 1_000, events)

    def have(self, free_bytes):
        self.free = free_bytes
        self.watch.look()

    def usage(self, folder):
        return shutil._ntuple_diskusage(10_000, 0, self.free)


@pytest.fixture
def disks(tmp_path, events, monkeypatch):
    made = Disks(tmp_path, events)

    def usage(folder):
        if not folder.exists():
            raise FileNotFoundError(folder)
        return made.usage(folder)

    monkeypatch.setattr(disk_watch.shutil, "disk_usage", usage)
    return made


def test_a_redis_that_is_away_is_said_once_and_its_return_once(watch, events, clock):
    """
    However often it is tried.
    """
    for _ in range(10):
        watch.fails("it is gone")
        clock.advance(1)
    watch.answers()
    watch.answers()

    assert [("redis.lost", {"why": "it is gone"}), ("redis.back", {"away_s": 10.0})] == events.said


def test_a_short_absence_of_redis_is_not_said(watch, events, clock):
    """
    As at the start of a rig, where nothing waits for anything.
    """
    watch.fails("not yet there")
    clock.advance(LOST_AFTER_S / 2)
    watch.fails("not yet there")
    watch.answers()

    assert [] == events.said


def test_a_disk_that_is_low_is_said_once_and_that_it_is_well_once(disks, events):
    """
    With what is kept there and how much room there is.
    """
    for free in (5_000, 999, 500, 1_050, 900, 1_100, 5_000):
        disks.have(free)

    assert events.said == [
        ("disk.low", {"disk": "sessions", "free_bytes": 999, "least_bytes": 1_000}),
        ("disk.ok", {"disk": "sessions", "free_bytes": 1_100, "least_bytes": 1_000}),
    ]


def test_what_the_service_says_is_what_the_reference_promises(watch, disks, events, clock):
    """
    Those types with those keys, and no others.
    """
    for _ in range(3):
        watch.fails("gone")
        clock.advance(1)
    watch.answers()
    disks.have(1)
    disks.have(9_999)

    promised = {each.name: set(each.data) for each in EVENT_TYPES if each.owner == "telemetry"}
    assert promised == {kind: set(data) for kind, data in events.said}
