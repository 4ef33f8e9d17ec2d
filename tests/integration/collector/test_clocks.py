"""The collector while clocks are set."""

import time

import pytest

from tests.support.collecting import (
    all_in_the_file,
    finished,
    lines,
    manifest,
    ready,
    summary,
)
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.running import running
from vitalrig.clock import SystemClock


class SetClock(SystemClock):
    """The machine's clock, whose wall clock someone sets."""

    moved_s = 0.0

    def wall_us(self) -> int:
        return super().wall_us() + round(self.moved_s * 1_000_000)


class SetServer(Publishing):
    """A server whose samples follow a wall clock that someone sets."""

    moved_s = 0.0

    def _now_us(self) -> int:
        return super()._now_us() + round(self.moved_s * 1_000_000)


@pytest.mark.parametrize("hours", [1, -1], ids=["forward", "back"])
def test_a_wall_clock_that_is_set_in_mid_recording_loses_nothing(make, client, sessions, hours):
    """
    Snapshots go on, the session keeps its length, and a reset of the samples' clock is counted.
    """
    clock, publishing = SetClock(), SetServer(client)
    with running(make(clock, snapshot_interval_s=0.1)):
        ready(client)
        began_s = time.monotonic()
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        clock.moved_s = publishing.moved_s = hours * 3_600
        publishing.edge(20)
        snapshot = sessions / "metrics_first_snapshot_temp.json"
        written = eventually(snapshot.exists) and snapshot.stat().st_mtime_ns
        eventually(lambda: snapshot.stat().st_mtime_ns > written)
        publishing.stop()
        finished(sessions)
        done = summary(sessions)
        took_s = time.monotonic() - began_s

    series = done["series"]["physiology:edge_metrics"]["breathing.upper_trace"]
    told = manifest(sessions)
    assert publishing.published == lines(sessions)
    assert 0 <= done["meta"]["duration_seconds"] <= took_s
    assert 0 <= told["stopped_at_ms"] - told["started_at_ms"] <= took_s * 1000
    assert (True, 40, int(hours < 0), hours) == (
        told["complete"],
        len(series["values"]),
        told["resets"],
        round(told["wall_clock_moved_ms"] / 3_600_000),
    )
    assert series["timestamps"] == sorted(set(series["timestamps"]))
