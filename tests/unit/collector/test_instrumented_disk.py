"""Snapshots as heartbeats."""

import pytest

from services.collector.instrumented_disk import InstrumentedDisk
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def beats(clock):
    return ServiceHeartbeats("collector", clock=clock)


def pieces(clock, *, fails=False):
    """What takes a quarter of a second to make."""
    yield b"12345"
    clock.advance(0.25)
    if fails:
        raise OSError("no room")
    yield b"67"


def test_a_snapshot_beats_with_its_time_and_size(tmp_path, beats, clock):
    """
    Making the text is part of the work.
    """
    InstrumentedDisk(beats, clock).replace(tmp_path / "m_x_snapshot_temp.json", pieces(clock))

    step = beats.report()["steps"]["snapshots"]
    assert (1, 0.25, 7) == (step["count"], step["busy_s"], step["size_bytes"])


def test_a_snapshot_that_failed_is_no_unit_of_work(tmp_path, beats, clock):
    """
    The error goes on to whoever wanted the file.
    """
    disk = InstrumentedDisk(beats, clock)
    with pytest.raises(OSError, match="no room"):
        disk.replace(tmp_path / "m_x_snapshot_temp.json", pieces(clock, fails=True))

    assert 0 == beats.report()["steps"]["snapshots"]["count"]


def test_other_files_are_no_snapshots(tmp_path, beats, clock):
    """
    Manifests and summaries are written the same way.
    """
    InstrumentedDisk(beats, clock).replace(tmp_path / "m_x_manifest.json", pieces(clock))

    assert 0 == beats.report()["steps"]["snapshots"]["count"]
