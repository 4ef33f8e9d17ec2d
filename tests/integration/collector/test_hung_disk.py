"""The collector on a disk that takes long to make anything durable."""

import json
import os
import threading

import pytest

from smartspectra.ipc.storage.disk import Disk
from tests.support.collecting import finished, ready, view
from tests.support.eventually import eventually
from tests.support.many_cameras import behind, prefixes_of, recorded
from tests.support.patience import PATIENCE_S
from tests.support.publishing import Publishing
from tests.support.running import running


@pytest.fixture
def may_sync(monkeypatch):
    """While this is not set, every sync hangs."""
    allowed = threading.Event()
    allowed.set()

    def slowed(sync):
        def slow_sync(*args):
            allowed.wait(PATIENCE_S)
            return sync(*args)

        return slow_sync

    monkeypatch.setattr(os, "fsync", slowed(os.fsync))
    monkeypatch.setattr(os, "fdatasync", slowed(os.fdatasync))
    monkeypatch.setattr(Disk, "sync_file_system", slowed(Disk.sync_file_system))
    yield allowed
    allowed.set()


def newest_us(client, prefix):
    series = view(client, prefix)["series"]
    return series["edge_metrics/breathing.upper_trace"]["timestamp_us"] if series else 0


@pytest.mark.parametrize("fsync", ["interval", "always"])
def test_while_the_disk_hangs_many_begin_and_end_and_numbers_stay_live(
    make, client, sessions, may_sync, fsync
):
    """
    No sync is in the loop that serves live numbers, and the camera's place is not lost.
    """
    prefixes = prefixes_of(30)
    with running(make(prefixes=",".join(prefixes), transport="stream", fsync=fsync)):
        ready(client, prefixes[0])
        may_sync.clear()
        published = behind(client, prefixes, 20)
        eventually(lambda: recorded(sessions, prefixes, published))
        before = newest_us(client, prefixes[-1])
        more = Publishing(client, prefixes[-1])
        more.seq = len(published)
        more.edge(5)
        after = eventually(lambda: newest_us(client, prefixes[-1]) > before)
        more.stop()
        may_sync.set()
        state = finished(sessions / prefixes[-1])

    assert after
    assert ("complete", 27) == (state["verdict"], state["envelopes"]["total"])


def test_a_position_is_never_ahead_of_the_disk(make, client, sessions, may_sync):
    """
    What a power cut would cost is what the stream is read again for.
    """
    publishing = Publishing(client)
    with running(make(transport="stream", fsync_interval_s=0.01)):
        ready(client)
        may_sync.clear()
        publishing.start()
        publishing.edge(20)
        eventually((sessions / "metrics_first.jsonl").exists)
        publishing.stop()
        publishing.start("second")
        publishing.edge(20)
        view(client)
        position = json.loads((sessions / ".collector.json").read_text())["physiology"]
        begun = (sessions / "metrics_second.jsonl").exists()
        may_sync.set()
        finished(sessions, "first")
        eventually((sessions / "metrics_second.jsonl").exists)
        publishing.stop()
        finished(sessions, "second")

    assert ("first", 0, False) == (position["session_id"], position["size_bytes"], begun)
