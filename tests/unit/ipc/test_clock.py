"""Clocks that someone sets while a session is recorded."""

import pytest

from smartspectra.ipc import StorageOptions
from tests.unit.ipc.making import EDGE, START_US, ManualClock, collector, document, edge, recording

HOUR_S = 3_600.0


class Clocks:
    """The machine's two clocks, of which one can be set."""

    def __init__(self) -> None:
        self.steady = ManualClock(1_000.0)
        self.wall = ManualClock(1_700_000_000.0)

    def advance(self, seconds: float) -> None:
        self.steady.advance(seconds)
        self.wall.advance(seconds)

    def options(self) -> StorageOptions:
        return StorageOptions(clock=self.steady, wall_clock=self.wall)


def record(folder, clocks: Clocks, set_by_s: float) -> list[float]:
    """Record for 200 s, with the wall clock set after 95 s; gives when snapshots were made."""
    made = collector(folder, clocks.options())
    made.set_session_id("x")
    made.process_envelope(recording(True))
    began_s, snapshots = clocks.steady.now_s, []
    for second in range(200):
        if second == 95:
            clocks.wall.advance(set_by_s)
        clocks.advance(1.0)
        made.process_envelope(edge(START_US + second * 1_000_000))
        made._sessions.wait_for_snapshot()
        if made._last_snapshot_time == clocks.steady.now_s:
            snapshots.append(clocks.steady.now_s - began_s)
    made.process_envelope(recording(False))
    made.stop()
    return snapshots


@pytest.mark.parametrize("set_by_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
def test_a_wall_clock_that_is_set_changes_neither_duration_nor_cadence(tmp_path, set_by_s):
    """
    A session is as long as it took, ends after it began, and says that the clock was set.
    """
    snapshots = record(tmp_path, Clocks(), set_by_s)

    meta = document(tmp_path / "metrics_x.json")["meta"]
    manifest = document(tmp_path / "metrics_x_manifest.json")
    assert [30.0, 60.0, 90.0, 120.0, 150.0, 180.0] == snapshots
    assert (1_700_000_000_000, 1_700_000_200_000, 200.0) == (
        meta["started_at_ms"],
        meta["stopped_at_ms"],
        meta["duration_seconds"],
    )
    assert (meta["stopped_at_ms"], set_by_s * 1000, True) == (
        manifest["stopped_at_ms"],
        manifest["wall_clock_moved_ms"],
        manifest["complete"],
    )


def test_a_clock_that_was_not_set_is_not_said_to_have_been(tmp_path):
    """
    Slewing and drift are not settings.
    """
    record(tmp_path, Clocks(), 0.4)

    assert 0 == document(tmp_path / "metrics_x_manifest.json")["wall_clock_moved_ms"]


def test_what_was_said_of_the_clock_survives_a_continuation(tmp_path):
    """
    Each run adds what it saw.
    """
    clocks = Clocks()
    record(tmp_path, clocks, HOUR_S)
    made = collector(tmp_path, clocks.options(), append_mode=True)
    made.resume_session("x")
    clocks.wall.advance(-10.0)
    made.stop()

    moved_ms = document(tmp_path / "metrics_x_manifest.json")["wall_clock_moved_ms"]
    assert HOUR_S * 1000 - 10_000 == moved_ms


def test_samples_whose_clock_goes_back_are_kept_and_the_reset_is_counted(tmp_path):
    """
    An hour back is a reset, half a second is a late sample; time in the series only rises.
    """
    made = collector(tmp_path)
    made.set_session_id("x")
    hour_us = 3_600_000_000
    stamps = [START_US, START_US + 600_000, START_US + 100_000, START_US - hour_us]
    made.process_envelopes([recording(True), *map(edge, stamps)])
    made.stop()

    series = document(tmp_path / "metrics_x.json")["series"][EDGE]["eda.trace"]
    manifest = document(tmp_path / "metrics_x_manifest.json")
    assert (1, 1, 5, True) == (
        manifest["resets"],
        manifest["duplicates"],
        manifest["envelopes"]["total"],
        manifest["complete"],
    )
    assert [START_US, START_US + 600_000, START_US - hour_us] == series["relative_us"]
    assert series["timestamps"] == sorted(set(series["timestamps"]))
