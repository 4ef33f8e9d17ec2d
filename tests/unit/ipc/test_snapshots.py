"""When snapshots are written."""

import threading

from smartspectra.ipc import StorageOptions
from smartspectra.ipc.storage.disk import Disk
from tests.support.patience import PATIENCE_S
from tests.unit.ipc.making import (
    EDGE,
    START_US,
    ManualClock,
    collector,
    document,
    edge,
    recording,
)


def test_snapshots_come_every_thirty_seconds_while_recording(tmp_path):
    """
    At the start, then each time half a minute has passed, and at the stop.
    """
    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock))
    made.set_session_id("x")
    made.set_recording_state(True)
    path = tmp_path / "metrics_x_snapshot_temp.json"

    def written() -> int:
        made._sessions.wait_for_snapshot()
        return document(path)["meta"]["jsonl_envelopes_written"]

    assert 0 == written()
    made.process_envelope(edge(START_US))
    clock.advance(29.9)
    assert not made.maybe_write_periodic_snapshot()
    assert 0 == written()
    clock.advance(0.2)
    assert made.maybe_write_periodic_snapshot()
    assert 1 == written()
    clock.advance(30.0)
    made.process_envelope(edge(START_US + 1))
    assert 2 == written()
    made.process_envelope(edge(START_US + 2))
    made.set_recording_state(False)
    assert 3 == written()
    assert not made.maybe_write_periodic_snapshot()
    made.stop()


def test_snapshots_are_not_written_outside_of_a_recording(tmp_path):
    """
    Nobody asked for them.
    """
    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock))
    made.process_envelope(edge(START_US))
    clock.advance(1_000)
    made.tick()

    assert not list(tmp_path.glob("*snapshot*"))
    made.stop()


def test_a_slow_snapshot_does_not_come_after_the_last_one(tmp_path):
    """
    The end of a session waits for what is being written beside it.
    """

    class SlowDisk(Disk):
        may_go_on = threading.Event()
        slow = False

        def open_anew(self, path):
            if self.slow:
                SlowDisk.slow = False
                self.may_go_on.wait(PATIENCE_S)
            return super().open_anew(path)

    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock, disk=SlowDisk()))
    made.set_session_id("x")
    made.process_envelope(recording(True))
    SlowDisk.slow = True
    clock.advance(31.0)
    assert made.maybe_write_periodic_snapshot()
    timer = threading.Timer(0.1, SlowDisk.may_go_on.set)
    timer.start()
    made.set_recording_state(False)
    made.stop()
    timer.join()

    assert "stopped_at_ms" in document(tmp_path / "metrics_x_snapshot_temp.json")["meta"]


def test_a_snapshot_can_be_asked_for_and_is_there(tmp_path):
    """
    write_snapshot_temp returns when the file can be read.
    """
    made = collector(tmp_path)
    made.process_envelope(edge(START_US))
    made.write_snapshot_temp()

    assert [0.25] == (
        document(tmp_path / "metrics_snapshot_temp.json")["series"][EDGE]["eda.trace"]["values"]
    )
    made.stop()
