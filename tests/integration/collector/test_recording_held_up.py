"""Live numbers while the recording is held up: by a disk, or by much that it has to take first."""

import threading
import time

import pytest

from services.collector.instrumented_disk import InstrumentedDisk
from services.collector.recorder import Recorder
from tests.support.collecting import all_in_the_file, finished, lines, ready, view
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.running import running
from vitalrig.service.health import Health
from vitalrig.service.watchdog import Watchdog

SERIES = "edge_metrics/breathing.upper_trace"


@pytest.fixture
def may_write(monkeypatch):
    """While this is not set, a write to a session's file does not come back."""
    allowed = threading.Event()
    allowed.set()
    write = InstrumentedDisk.write

    def slow_write(disk, descriptor, data):
        allowed.wait(PATIENCE_S)
        return write(disk, descriptor, data)

    monkeypatch.setattr(InstrumentedDisk, "write", slow_write)
    yield allowed
    allowed.set()


def newest(client):
    return view(client).get("series", {}).get(SERIES, {})


def newest_us(client):
    return newest(client).get("timestamp_us", 0)


def test_numbers_stay_live_while_a_write_hangs(make, client, sessions, publishing, may_write):
    """
    A disk holds up the recording, which goes on where it was; each envelope is counted once.
    """
    with running(make(transport="stream")):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        may_write.clear()
        publishing.edge(20)
        for _ in range(3):
            before = newest_us(client)
            publishing.edge(5)
            eventually(lambda: newest_us(client) > before)  # noqa: B023  called at once
        behind = len(lines(sessions))
        may_write.set()
        all_in_the_file(sessions, publishing)
        publishing.edge(5)
        publishing.stop()
        state = finished(sessions)
        eventually(lambda: view(client)["envelopes"].get("recording_state") == 2)

    assert 21 == behind
    assert ("complete", 62) == (state["verdict"], state["envelopes"]["total"])
    assert (60, {"edge_metrics": 60, "recording_state": 2}) == (
        newest(client)["samples"],
        view(client)["envelopes"],
    )


@pytest.fixture
def watchdog(tmp_path):
    """A watchdog that ends nothing, but notes that it would have."""
    watchdog = Watchdog(
        Health(tmp_path / "health"), wedged_after_s=2.0, end=lambda: ended.append(True)
    )
    ended = watchdog.ended = []
    return watchdog


def test_a_recording_that_a_disk_holds_up_is_told_and_not_ended(
    make, watchdog, client, publishing, may_write
):
    """
    It is not healthy; but ending the process would end the live numbers too.
    """
    with running(make(transport="stream")):
        ready(client)
        publishing.start()
        may_write.clear()
        publishing.edge(1)
        told = eventually(lambda: watchdog.health.failing.get("recording"))
        until_s = time.monotonic() + 3.0
        eventually(lambda: watchdog.check() or time.monotonic() > until_s)
        may_write.set()
        eventually(lambda: not watchdog.health.failing)

    assert "stands still for" in told
    assert not watchdog.ended


def test_a_recording_that_hangs_though_the_disk_answers_is_ended(
    make, watchdog, client, publishing, monkeypatch
):
    """
    Its supervisor starts it anew, and it goes on in the same session.
    """
    may_go_on = threading.Event()
    take = Recorder.take

    def slow_take(recorder, arrivals):
        may_go_on.wait(PATIENCE_S)
        return take(recorder, arrivals)

    with running(make(transport="stream")):
        ready(client)
        monkeypatch.setattr(Recorder, "take", slow_take)
        publishing.edge(1)
        eventually(lambda: watchdog.check() or watchdog.ended)
        may_go_on.set()


def test_numbers_are_live_before_long_sessions_are_gone_on_with(
    make, client, sessions, publishing, monkeypatch
):
    """
    A collector that comes back to hours of recordings shows numbers at once.
    """
    with running(make(transport="stream")):
        ready(client)
        publishing.start()
        publishing.edge(5)
        all_in_the_file(sessions, publishing)
    may_begin = threading.Event()
    begin = Recorder.__init__

    def slow_begin(recorder, *args):
        may_begin.wait(PATIENCE_S)
        begin(recorder, *args)

    monkeypatch.setattr(Recorder, "__init__", slow_begin)
    collector = make(transport="stream")
    before = newest_us(client)
    stop = threading.Event()
    thread = threading.Thread(target=collector.run, args=(stop,))
    thread.start()
    publishing.edge(5)
    eventually(lambda: newest_us(client) > before)
    may_begin.set()
    all_in_the_file(sessions, publishing)
    stop.set()
    thread.join(PATIENCE_S)

    assert not thread.is_alive()
