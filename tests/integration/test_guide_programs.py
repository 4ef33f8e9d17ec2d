"""
The four programs of the vendor's guide, as docs/guides/recipes.md has them, against a live rig.

One recording serves them all: a real Redis, our server with a synthetic source, and the first two
programs beside each other, as any number of them may listen. It lasts for the 22 s that the server
needs for its first strict pulses, which the other two read.
"""

import json
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from services.physiology_server.app import build
from services.physiology_server.settings import Settings
from tests.support.eventually import eventually
from tests.support.interruptible import popen
from tests.support.patience import PATIENCE_S
from tests.support.recipes import program
from tests.support.redis_server import RedisServer
from tests.support.running import a_watchdog, load, running
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc
from vitalrig.sessions.store.catalogue import resolve
from vitalrig.sessions.verification.verify import verify

SESSION = "experiment_001"
CORE = "physiology:core_metrics"
EDGE = "physiology:edge_metrics"
LISTENERS = ("Basic usage", "Real-time snapshots")
HEARD = {"core_metrics", "edge_metrics", "recording_state"}


@dataclass(frozen=True)
class Ended:
    """A program that is over: its exit status, what it printed, what it complained of."""

    status: int
    said: str
    complaints: str


@dataclass(frozen=True)
class Recorded:
    """What the first two programs left, and what the server published for the session."""

    folder: Path
    basic_usage: Ended
    snapshots: Ended
    published: list[bytes]

    @property
    def summary(self):
        return json.loads((self.folder / f"metrics_{SESSION}.json").read_text())

    @property
    def pulse(self):
        return self.summary["series"][CORE]["pulse.strict"]["values"]


def start(title, folder, *arguments):
    """Run a program of the page from a file, as somebody who copied it would."""
    path = folder / f"{title.lower().replace(' ', '_')}.py"
    path.write_text(program(title))
    return popen(
        [sys.executable, path.name, *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process, *, by=None):
    if by is not None:
        process.send_signal(by)
    said, complaints = process.communicate(timeout=PATIENCE_S)
    return Ended(process.returncode, said, complaints)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rig")
    redis = RedisServer(folder)
    redis.start()
    started = []
    try:
        server = build(load(Settings, redis, port=0, autostart=True), a_watchdog(folder))
        with running(server), redis.client() as client:
            eventually(lambda: server.port)
            started += [start(title, folder, redis.port) for title in LISTENERS]
            eventually(lambda: client.pubsub_numsub(EDGE)[0][1] == len(started))
            with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                stub = pb_grpc.PhysiologyStub(channel)
                stub.SetRecording(pb.SetRecordingRequest(recording=True, session_id=SESSION))
                eventually(lambda: strict_pulses(client) > 1, every_s=0.2)
                stub.SetRecording(pb.SetRecordingRequest(recording=False))
            manifest = folder / f"metrics_{SESSION}_manifest.json"
            eventually(lambda: json.loads(manifest.read_text())["state"] == "finished")
            ended = [end(process, by=signal.SIGINT) for process in started]
            yield Recorded(folder, *ended, published_for_session(client))
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
                process.communicate()
        redis.stop()


def strict_pulses(client):
    """How many there are in the newest envelopes; they come once a second."""
    newest = client.xrevrange("physiology:envelopes", count=200)
    payloads = [json.loads(fields[b"envelope"])["payload"] for _, fields in newest]
    return sum("strict" in payload.get("pulse", {}) for payload in payloads)


def published_for_session(client):
    """What the server kept of the three channels, from the start of the recording to its stop."""
    envelopes = [
        fields[b"envelope"]
        for _, fields in client.xrange("physiology:envelopes")
        if fields[b"channel"].decode() in HEARD
    ]
    states = [
        number
        for number, envelope in enumerate(envelopes)
        if SESSION.encode() in envelope and b'"recording_state"' in envelope
    ]
    return envelopes[states[0] : states[-1] + 1]


def test_basic_usage_records_what_the_server_published(recorded):
    """
    Every envelope from the start of the recording to its stop, to the byte; nothing beside.
    """
    lines = (recorded.folder / f"metrics_{SESSION}.jsonl").read_bytes().splitlines()

    assert (Ended(0, "", ""), recorded.published) == (recorded.basic_usage, lines)


def test_what_basic_usage_recorded_is_intact_and_complete(recorded):
    """
    As `vitalrig sessions verify` sees it.
    """
    assert "intact and complete" == verify(resolve(SESSION, recorded.folder)).verdict


def test_the_summary_of_basic_usage_has_the_documented_keys(recorded):
    """
    Those that the guide's later programs read, by the guide's names.
    """
    summary = recorded.summary
    of_meta = {"session_id", "duration_seconds", "total_samples", "series_count"}
    of_series = {tuple(columns) for of in summary["series"].values() for columns in of.values()}

    assert (SESSION, of_meta, {("timestamps", "values", "relative_us")}) == (
        summary["meta"]["session_id"], of_meta & set(summary["meta"]), of_series,
    )  # fmt: skip


def test_real_time_snapshots_end_well(recorded):
    """
    By Ctrl-C, without a complaint.
    """
    assert (0, "") == (recorded.snapshots.status, recorded.snapshots.complaints)


def test_real_time_snapshots_follow_the_session_while_it_is_recorded(recorded):
    """
    Its samples become more from each look to the next.
    """
    looks = re.findall(rf"session: {SESSION}\n.*\n  samples: (\d+) in", recorded.snapshots.said)
    counts = [int(count) for count in looks[:8]]

    assert (8, sorted(set(counts))) == (len(counts), counts)


def test_with_pandas_shows_the_pulse_of_the_session(recorded):
    """
    Every value that the summary holds, at times of the recording.
    """
    ended = end(start("With pandas", recorded.folder))
    count = float(re.search(r"^count +([\d.]+)$", ended.said, re.MULTILINE)[1])
    mean = float(re.search(r"^mean +([\d.]+)$", ended.said, re.MULTILINE)[1])

    assert (0, "", len(recorded.pulse)) == (ended.status, ended.complaints, count)
    assert pytest.approx(sum(recorded.pulse) / len(recorded.pulse), abs=1e-4) == mean


def test_with_pandas_gives_times_of_the_recording(recorded):
    """
    Microseconds since 1970 become times of day.
    """
    ended = end(start("With pandas", recorded.folder))
    began = recorded.summary["meta"]["started_at_iso"]

    assert f"\n{began[:10]} " in ended.said


def test_with_numpy_gives_the_pulse_that_the_server_was_set_to(recorded):
    """
    72 beats per minute, by default.
    """
    ended = end(start("With NumPy", recorded.folder))
    mean = float(re.search(r"pulse: ([\d.]+) per minute", ended.said)[1])

    assert (0, "") == (ended.status, ended.complaints)
    assert pytest.approx(72, abs=2) == mean


def test_with_numpy_reads_every_series(recorded):
    """
    With as many samples as the session has.
    """
    ended = end(start("With NumPy", recorded.folder))
    counts = re.findall(r"^physiology:.*: (\d+) samples", ended.said, re.MULTILINE)
    meta = recorded.summary["meta"]

    assert (meta["series_count"], meta["total_samples"]) == (len(counts), sum(map(int, counts)))


@pytest.mark.parametrize("title", LISTENERS)
def test_without_an_argument_it_is_the_documented_port(tmp_path, title):
    """
    6379. Another port is for those whose Redis is elsewhere.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", 6379))
        except OSError:
            pytest.skip("something uses port 6379")
        listener.listen()
        listener.settimeout(PATIENCE_S)
        process = start(title, tmp_path)
        with listener.accept()[0] as connection:
            heard = connection.recv(100)
            connection.sendall(b"-NOAUTH no\r\n")
        ended = end(process)

    assert (b"*1\r\n$4\r\nPING\r\n", 1, True) == (
        heard, ended.status, "NOAUTH" in ended.complaints,
    )  # fmt: skip
