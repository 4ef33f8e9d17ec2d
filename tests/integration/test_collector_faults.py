"""The collector when something fails: full disks, kill -9, set clocks, second writers."""

import os
import random
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import pytest

from services.collector.app import build
from services.collector.positions import FILE_NAME
from services.collector.settings import Settings
from tests.support.collecting import (
    finished,
    heard_by,
    lines,
    manifest,
    paused,
    ready,
    small_disk,
    summary,
    view,
)
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.running import a_pulse, load, running
from vitalrig import keys
from vitalrig.clock import SystemClock
from vitalrig.errors import CannotStart
from vitalrig.service import EXIT_CANNOT_START

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("SMARTSPECTRA_COLLECTOR_KILLS", "10"))
STREAM = keys.envelopes_stream("physiology")


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def sessions(tmp_path):
    return tmp_path / "sessions"


@pytest.fixture
def pulse(tmp_path):
    return a_pulse(tmp_path)


@pytest.fixture
def make(redis_server, sessions, pulse):
    def make(clock=None, **more):
        settings = load(Settings, redis_server, sessions_folder=sessions, **more)
        return build(settings, pulse, clock)

    return make


@pytest.fixture
def publishing(client):
    return Publishing(client)


@pytest.fixture
def start_process(redis_server, sessions, tmp_path):
    """Start collectors as processes of their own; whatever is left is ended."""
    started = []

    def start(**more):
        keys_given = {"fsync_interval_s": 0.05, "health_file": tmp_path / "health"} | more
        command = [
            sys.executable, "-m", "services.collector", "--config=/dev/null",
            f"--redis_port={redis_server.port}", f"--sessions_folder={sessions}",
            *(f"--{key}={value}" for key, value in keys_given.items()),
        ]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": "libs:."}
        log = (tmp_path / f"log{len(started)}").open("wb")
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log))
        log.close()
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def kill(process) -> None:
    process.kill()
    process.wait()


def all_in_the_file(sessions, publishing):
    return eventually(lambda: lines(sessions) == publishing.published, within_s=20)


class LivePublisher(threading.Thread):
    """Publishes until it is told to stop; now and then some of it is lost, or rubbish."""

    def __init__(self, publishing: Publishing, *, unreliable: bool) -> None:
        super().__init__()
        self._publishing = publishing
        self._unreliable = unreliable
        self.enough = threading.Event()
        self.lost = 0
        self.rubbish = 0

    def run(self) -> None:
        for turn in count():
            self._publishing.edge(3)
            if self._unreliable and turn % 10 == 4:
                self._publishing.lose(2)
                self.lost += 2
            if self._unreliable and turn % 10 == 8:
                self._publishing.send_raw("edge_metrics", b"{")
                self.rubbish += 1
            if self.enough.wait(0.01):
                self._publishing.edge()
                return


def kill_again_and_again(start_process, sessions, publisher, rounds) -> None:
    """Kill the collector at random moments while *publisher* goes on."""
    dice = random.Random()
    process = start_process()
    publisher.start()
    try:
        for _ in range(rounds):
            before = len(lines(sessions))
            eventually(lambda had=before: len(lines(sessions)) > had, within_s=20)
            # Positions are saved once a second.
            publisher.enough.wait(dice.choice((0.0, 0.02, 0.1, 0.3, 1.1)))
            kill(process)
            process = start_process()
    finally:
        publisher.enough.set()
        publisher.join()


@pytest.mark.timeout(60 + 5 * KILLS)
def test_killed_at_any_moment_it_keeps_each_envelope_exactly_once(
    start_process, client, sessions, publishing
):
    """
    kill -9 in mid-recording, while envelopes keep coming: published = kept, nothing is missing.

    SMARTSPECTRA_COLLECTOR_KILLS sets the number of rounds.
    """
    publishing.start()
    publisher = LivePublisher(publishing, unreliable=False)
    kill_again_and_again(start_process, sessions, publisher, KILLS)
    publishing.stop()
    finished(sessions)

    assert publishing.published == lines(sessions)
    assert (True, 0) == (
        manifest(sessions)["complete"],
        manifest(sessions)["gaps"]["missing_envelopes"],
    )


def test_through_any_kill_losses_are_counted_exactly_once(
    start_process, client, sessions, publishing
):
    """
    published = kept + counted as missing + counted as rejected, whatever was killed when.
    """
    publishing.start()
    publisher = LivePublisher(publishing, unreliable=True)
    kill_again_and_again(start_process, sessions, publisher, 5)
    publishing.stop()
    finished(sessions)

    told = manifest(sessions)
    assert publishing.published == lines(sessions)
    assert (publisher.lost, publisher.rubbish, publishing.seq) == (
        told["gaps"]["missing_envelopes"],
        sum(told["rejected"].values()),
        len(publishing.published) + publisher.lost + publisher.rubbish,
    )


def test_a_full_disk_costs_no_envelope_that_the_stream_keeps(
    make, pulse, client, sessions, publishing, caplog
):
    """
    Recording pauses, says so everywhere, and goes on by itself where it stopped.
    """
    with small_disk(sessions) as disk, running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        disk.fill()
        publishing.edge(100)
        why = eventually(lambda: paused(client))
        told = eventually(lambda: pulse.health.failing.get("recording", ""))
        publishing.edge(50)
        before = lines(sessions)
        disk.make_room()
        all_in_the_file(sessions, publishing)
        publishing.stop()
        finished(sessions)
        eventually(lambda: not pulse.health.failing)

        assert "No space left on device" in why
        assert "physiology: [Errno 28] No space left on device" in told
        assert "recording paused: [Errno 28] No space left on device" in caplog.text
        assert "recording resumed; 0 envelopes could not be kept" in caplog.text
        assert publishing.published[: len(before)] == before
        assert (True, 0, 172) == (
            manifest(sessions)["complete"],
            manifest(sessions)["unwritten_envelopes"],
            manifest(sessions)["envelopes"]["total"],
        )
        assert [] == [path for path in sessions.rglob("*") if path.name.endswith(".part")]


def test_while_the_disk_is_full_the_numbers_stay_live(make, client, sessions, publishing):
    """
    Who watches a patient goes on seeing; and what is read twice is counted once.
    """

    def newest():
        return view(client)["series"]["edge_metrics/breathing.upper_trace"]

    with small_disk(sessions) as disk, running(make()):
        ready(client)
        publishing.start()
        disk.fill()
        publishing.edge(150)
        eventually(lambda: paused(client))
        publishing.edge(5)
        live = eventually(lambda: newest()["samples"] == 155 and newest()["timestamp_us"])
        disk.make_room()
        all_in_the_file(sessions, publishing)
        publishing.edge(5)
        eventually(lambda: newest()["timestamp_us"] > live)

        assert (160, {"edge_metrics": 160, "recording_state": 1}) == (
            newest()["samples"],
            view(client)["envelopes"],
        )


def test_what_the_stream_lets_go_while_the_disk_is_full_is_counted(
    make, client, sessions, publishing
):
    """
    published = kept + counted as missing, and the manifest says why.
    """
    with small_disk(sessions) as disk, running(make()):
        ready(client)
        publishing.start()
        disk.fill()
        publishing.edge(200)
        eventually(lambda: paused(client))
        publishing.edge(200)
        kept = len(lines(sessions))
        client.xtrim(STREAM, maxlen=50, approximate=False)
        disk.make_room()
        eventually(lambda: lines(sessions)[-1:] == publishing.published[-1:])
        publishing.stop()
        finished(sessions)

        missing = len(publishing.published) - len(lines(sessions))
        expected = [*publishing.published[:kept], *publishing.published[kept + missing :]]
        assert expected == lines(sessions)
        eventually(lambda: view(client)["counters"]["missing"] == missing)
        assert (missing, 0) == (
            manifest(sessions)["gaps"]["missing_envelopes"],
            manifest(sessions)["unwritten_envelopes"],
        )
        assert "numbers skipped in the stream" in manifest(sessions)["verdict"]


def test_without_a_stream_what_a_full_disk_does_not_take_is_counted(make, client, sessions):
    """
    Nobody can give it again: published = kept + counted as not written.
    """
    publishing = Publishing(client, stream=False)
    with small_disk(sessions) as disk, running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.start()
        disk.fill()
        publishing.edge(200)
        eventually(lambda: paused(client))
        disk.make_room()
        eventually(lambda: not paused(client))
        publishing.edge(5)
        publishing.stop()
        finished(sessions)

        unwritten = manifest(sessions)["unwritten_envelopes"]
        assert unwritten > 0
        assert len(publishing.published) == len(lines(sessions)) + unwritten


def test_a_recording_that_begins_on_a_full_disk_is_recorded_from_its_start(
    make, client, sessions, publishing
):
    """
    Not even the start is lost, and a stop while it is full ends the session later.
    """
    with small_disk(sessions) as disk, running(make()):
        ready(client)
        disk.fill()
        publishing.start()
        publishing.edge(20)
        publishing.stop()
        eventually(lambda: paused(client))
        disk.make_room()
        finished(sessions)

        assert (publishing.published, "complete") == (
            lines(sessions),
            manifest(sessions)["verdict"],
        )


def test_a_disk_that_is_read_only_for_a_while_costs_nothing(
    start_process, client, sessions, publishing, tmp_path
):
    """
    A collector that comes back to a read-only disk waits there, rather than crash in a loop.
    """
    with small_disk(sessions) as disk:
        process = start_process()
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        kill(process)  # with files open the system refuses to make the disk read-only
        disk.allow_writing(False)
        client.delete(keys.CAMERAS)
        process = start_process()
        publishing.edge(20)
        why = eventually(lambda: paused(client))
        health = (tmp_path / "health").read_text()
        before = (process.poll(), lines(sessions))
        disk.allow_writing(True)
        publishing.edge(20)
        publishing.stop()
        finished(sessions)
        kill(process)

        assert "Read-only file system" in why
        assert "Read-only file system" in health
        assert (None, publishing.published[:21]) == before
        assert (publishing.published, "complete") == (
            lines(sessions),
            manifest(sessions)["verdict"],
        )


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
        written = snapshot.stat().st_mtime_ns
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


@pytest.mark.parametrize("prefix", ["physiology", "ward:2"], ids=["same camera", "another"])
def test_a_second_collector_on_the_folder_does_not_start(
    make, start_process, client, sessions, publishing, tmp_path, prefix
):
    """
    It ends with status 3 and says who is there; the first goes on.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(5)
        second = start_process(prefixes=prefix)
        status = second.wait(20)
        publishing.edge(5)
        publishing.stop()
        finished(sessions)

    log = (tmp_path / "log0").read_text()
    assert EXIT_CANNOT_START == status
    assert f"{sessions} cannot be used" in log
    assert f"in use by process {os.getpid()}" in log
    assert (publishing.published, True) == (lines(sessions), manifest(sessions)["complete"])


def test_a_start_that_fails_leaves_the_folder_to_others(make, sessions):
    """
    The lock goes with whoever took it.
    """
    (sessions / "ward:2").mkdir(parents=True)
    (sessions / "ward:2" / ".metrics.jsonl.lock").mkdir()
    with pytest.raises(CannotStart):
        make(prefixes="ward:2")

    with running(make()):
        assert (sessions / ".collector.lock").exists()


def test_without_its_positions_it_still_keeps_each_envelope_once(
    make, client, sessions, publishing
):
    """
    Someone deletes the file; the stream is read again, and what the file holds is recognised.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
    (sessions / FILE_NAME).unlink()
    publishing.edge(20)
    with running(make()):
        publishing.edge(20)
        publishing.stop()
        all_in_the_file(sessions, publishing)


def test_a_recording_whose_start_the_stream_has_let_go_is_joined(
    make, client, sessions, publishing
):
    """
    Redis keeps the last recording state for those who come late; the manifest says so.
    """
    publishing.start()
    client.set(keys.last_recording_state("physiology"), publishing.published[0])
    publishing.edge(20)
    client.xtrim(STREAM, maxlen=10, approximate=False)
    with running(make()):
        publishing.edge(10)
        eventually(lambda: len(lines(sessions)) == 20)
        publishing.stop()
        finished(sessions)

    assert publishing.published[-21:] == lines(sessions)
    assert "its beginning was not heard" in manifest(sessions)["verdict"]


def test_who_comes_late_to_a_server_that_only_publishes_joins_its_recording(make, client, sessions):
    """
    The same without any stream.
    """
    publishing = Publishing(client, stream=False)
    publishing.start()
    client.set(keys.last_recording_state("physiology"), publishing.published[0])
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.edge(10)
        publishing.stop()
        finished(sessions)

    assert publishing.published[1:] == lines(sessions)
    assert "its beginning was not heard" in manifest(sessions)["verdict"]


def test_a_stop_that_was_not_heard_ends_the_recording_all_the_same(
    make, redis_server, client, sessions
):
    """
    Otherwise a session would go on until the next one begins.
    """
    publishing = Publishing(client, stream=False)
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.start()
        publishing.edge(10)
        all_in_the_file(sessions, publishing)
    stop = publishing.published[0].replace(b"true", b"false").replace(b"started", b"stopped")
    later = str(time.time_ns() // 1000).encode()
    stop = stop.replace(b'"timestamp":1760000000000000', b'"timestamp":' + later)
    client.set(keys.last_recording_state("physiology"), stop)
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        eventually(lambda: not view(client)["recording"]["active"])
        publishing.edge(5)

    assert publishing.published[:11] == lines(sessions)
    assert "its end was not heard" in manifest(sessions)["verdict"]


def test_a_recording_that_is_finished_is_not_joined_again(make, client, sessions):
    """
    A state that a server left behind long ago adds nothing to the session that it names.
    """
    publishing = Publishing(client, stream=False)
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.start()
        publishing.edge(10)
        publishing.stop()
        finished(sessions)
    client.set(keys.last_recording_state("physiology"), publishing.published[0])
    before = lines(sessions)
    with running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.edge(5)
        eventually(lambda: view(client)["envelopes"].get("edge_metrics") == 5)

    assert (before, True) == (lines(sessions), manifest(sessions)["complete"])
