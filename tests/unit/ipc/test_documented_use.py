"""What the vendor's guide shows, run as it stands against a peer that follows a script."""

import json
import logging
import socket
import threading
from datetime import datetime

import pytest

from smartspectra.ipc import (
    MetricsCollector,
    MetricsCollectorConfig,
    RespReader,
    StorageOptions,
    encode_command,
    normalize,
)
from tests.unit.ipc.making import (
    CORE,
    EDGE,
    START_US,
    ManualClock,
    collector,
    core,
    document,
    edge,
    envelope,
    lines,
    names,
    recording,
)

META_KEYS = [
    "started_at_ms",
    "started_at_iso",
    "updated_at_ms",
    "updated_at_iso",
    "stopped_at_ms",
    "stopped_at_iso",
    "duration_seconds",
    "session_id",
    "redis_host",
    "redis_port",
    "redis_prefix",
    "jsonl_envelopes_written",
    "series_count",
    "total_samples",
]


class ScriptedRedis(threading.Thread):
    """Answers PING and SUBSCRIBE, publishes, and hangs up."""

    def __init__(self, sock: socket.socket, published: list[tuple[str, bytes]]) -> None:
        super().__init__()
        self._sock = sock
        self._published = published
        self.asked: list[list[str]] = []

    def run(self) -> None:
        reader = RespReader(self._sock)
        with self._sock:
            self.asked.append(normalize(reader.read()))
            self._sock.sendall(b"+PONG\r\n")
            self.asked.append(normalize(reader.read()))
            for number, channel in enumerate(self.asked[-1][1:], 1):
                names = encode_command("subscribe", channel).removeprefix(b"*2")
                self._sock.sendall(b"*3" + names + b":%d\r\n" % number)
            for channel, payload in self._published:
                message = encode_command("message", channel, payload)
                half = len(message) // 2
                self._sock.sendall(message[:half])
                self._sock.sendall(message[half:])


@pytest.fixture
def connection(monkeypatch):
    """Two connected sockets; ``create_connection`` gives one of them."""
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(socket, "create_connection", lambda address: ours)
    yield theirs
    ours.close()
    theirs.close()


def test_the_documented_client_loop_records_a_session(tmp_path, connection):
    """
    Construct, start, connect, PING, SUBSCRIBE to three channels, loop, stop.
    """
    state = "physiology:recording_state"
    sent = [
        (state, recording(True)),
        (CORE, core(START_US, START_US + 33_333)),
        (EDGE, edge(START_US)),
        (EDGE, edge(START_US + 33_333)),
        (state, recording(False)),
    ]
    redis = ScriptedRedis(connection, sent)
    redis.start()

    config = MetricsCollectorConfig(
        redis_host="localhost",
        redis_port=6379,
        redis_key_prefix="physiology",
        output_jsonl_path=tmp_path / "metrics.jsonl",
        output_json_path=tmp_path / "metrics.json",
    )
    collector = MetricsCollector(config)
    collector.start()
    collector.set_session_id("experiment_001")
    sock = socket.create_connection((config.redis_host, config.redis_port))
    sock.settimeout(0.5)
    reader = RespReader(sock)
    sock.sendall(encode_command("PING"))
    assert "PONG" == normalize(reader.read())
    core_channel = collector.core_channel
    edge_channel = collector.edge_channel
    recording_channel = collector.recording_channel
    sock.sendall(encode_command("SUBSCRIBE", core_channel, edge_channel, recording_channel))
    try:
        while True:
            reply = reader.read()
            if reply is None:
                continue
            reply = normalize(reply)
            if isinstance(reply, list) and len(reply) >= 3 and reply[0] == "message":
                payload = reply[2]
                if isinstance(payload, bytes):
                    payload = payload.decode("utf-8")
                collector.process_envelope(payload)
    except ConnectionError:
        pass
    finally:
        collector.stop()
    redis.join()

    assert [["PING"], ["SUBSCRIBE", CORE, EDGE, state]] == redis.asked
    assert [payload for _, payload in sent] == lines(tmp_path / "metrics_experiment_001.jsonl")
    summary = document(tmp_path / "metrics_experiment_001.json")
    assert "experiment_001" == summary["meta"]["session_id"]
    assert [float(START_US), START_US + 33_333.0] == (
        summary["series"][EDGE]["eda.trace"]["timestamps"]
    )


def test_the_summary_has_the_documented_shape(tmp_path):
    """
    Every documented key of meta, and three columns of floats for each series.
    """
    made = collector(tmp_path)
    made.set_session_id("experiment_001")
    made.set_recording_state(True)
    made.process_envelope(core(START_US, START_US + 5))
    made.process_envelope(edge(START_US))
    made.set_recording_state(False)

    summary = document(tmp_path / "metrics_experiment_001.json")

    assert [*META_KEYS, "source"] == list(summary["meta"])
    assert ["meta", "series"] == list(summary)
    meta = summary["meta"]
    assert (2, 3, 4) == (
        meta["jsonl_envelopes_written"],
        meta["series_count"],
        meta["total_samples"],
    )
    assert {
        CORE: {
            "pulse.trace": {
                "timestamps": [float(START_US), START_US + 5.0],
                "values": [0.25, 0.25],
                "relative_us": [float(START_US), START_US + 5.0],
            },
            "pulse.strict": {
                "timestamps": [START_US + 5.0],
                "values": [72.5],
                "relative_us": [START_US + 5.0],
            },
        },
        EDGE: {
            "eda.trace": {
                "timestamps": [float(START_US)],
                "values": [0.25],
                "relative_us": [float(START_US)],
            }
        },
    } == summary["series"]


def test_times_in_meta_agree_with_each_other(tmp_path):
    """
    Milliseconds and ISO text, in UTC without a zone, name the same moments.
    """
    wall = ManualClock(1_672_531_200.0)
    made = collector(tmp_path, StorageOptions(clock=wall, wall_clock=wall))
    made.set_session_id("x")
    made.set_recording_state(True)
    wall.advance(3_600.25)
    made.set_recording_state(False)

    meta = document(tmp_path / "metrics_x.json")["meta"]

    assert (1_672_531_200_000, "2023-01-01T00:00:00") == (
        meta["started_at_ms"],
        meta["started_at_iso"],
    )
    assert (1_672_534_800_250, "2023-01-01T01:00:00.250000") == (
        meta["stopped_at_ms"],
        meta["stopped_at_iso"],
    )
    assert 3_600.25 == meta["duration_seconds"]


@pytest.mark.parametrize("spill", [True, False])
def test_readable_json_says_the_same(tmp_path, spill):
    """
    With whitespace the document is the same, on many lines.
    """
    for folder, whitespace in (("compact", False), ("readable", True)):
        made = collector(
            tmp_path / folder,
            StorageOptions(clock=lambda: 5.0, wall_clock=lambda: 5.0, spill=spill),
            whitespace=whitespace,
        )
        for number in range(1_500):
            made.process_envelope(edge(START_US + number))
        made.stop()

    compact = (tmp_path / "compact" / "metrics.json").read_text()
    readable = (tmp_path / "readable" / "metrics.json").read_text()
    assert json.loads(compact) == json.loads(readable)
    assert 1 == len(compact.splitlines())
    assert '  "meta": {\n    "started_at_ms": 5000,' in readable


def test_the_three_ways_to_a_session_id(tmp_path):
    """
    Given as text, given from the date, or generated at the start of the recording.
    """
    made = collector(tmp_path)
    made.set_session_id("experiment_001")
    made.set_recording_state(True)
    made.set_recording_state(False)
    by_date = datetime.now().strftime("run_%Y%m%d_%H%M%S")  # noqa: DTZ005
    made.set_session_id(by_date)
    made.set_recording_state(True)
    made.set_recording_state(False)
    other = collector(tmp_path / "other")
    generated = other.set_recording_state(True)
    other.stop()

    assert datetime.strptime(generated, "%Y%m%d_%H%M%S")  # noqa: DTZ007
    assert (tmp_path / "metrics_experiment_001.json").exists()
    assert (tmp_path / f"metrics_{by_date}.jsonl").exists()
    assert (tmp_path / "other" / f"metrics_{generated}.json").exists()


def test_without_recording_state_the_base_paths_are_used(tmp_path):
    """
    A script that only feeds envelopes gets the files that it named.
    """
    made = collector(tmp_path)
    made.process_envelope(edge(START_US).decode())
    made.stop()

    assert [
        "metrics.json",
        "metrics.jsonl",
        "metrics_manifest.json",
        "metrics_snapshot_temp.json",
    ] == names(tmp_path)
    assert "session_id" not in document(tmp_path / "metrics.json")["meta"]


def test_a_run_without_a_message_leaves_an_empty_summary(tmp_path):
    """
    Whoever reads the summary after stop() finds one, with no series in it.
    """
    made = collector(tmp_path)
    made.stop()

    assert ["metrics.json"] == names(tmp_path)
    assert {} == document(tmp_path / "metrics.json")["series"]


def test_start_and_a_named_session_leave_no_base_files(tmp_path):
    """
    A base file appears when something is recorded outside of a session.
    """
    made = collector(tmp_path)
    made.set_session_id("x")
    made.set_recording_state(True)
    made.process_envelope(edge(START_US))
    made.set_recording_state(False)
    made.stop()

    assert [
        "metrics_x.json",
        "metrics_x.jsonl",
        "metrics_x_manifest.json",
        "metrics_x_snapshot_temp.json",
    ] == names(tmp_path)


def test_a_session_name_given_before_the_recording_is_used_at_once(tmp_path):
    """
    A script without recording_state that names its session finds its files under the name.
    """
    made = collector(tmp_path)
    made.set_session_id("x")
    made.process_envelope(edge(START_US))
    made.stop()

    assert [edge(START_US)] == lines(tmp_path / "metrics_x.jsonl")
    assert not (tmp_path / "metrics.jsonl").exists()


def test_the_log_says_which_of_the_three_rotations_it_was(tmp_path, caplog):
    """
    The texts are quoted in the guide.
    """
    caplog.set_level(logging.INFO, "smartspectra.ipc.metrics_collector")
    made = collector(tmp_path)
    made.set_session_id("one")
    made.set_recording_state(True)
    assert "Rotating files for new session: one" in caplog.messages

    caplog.clear()
    made.set_recording_state(False)
    made.set_recording_state(True)
    assert ["Continuing with same session_id: one"] == caplog.messages

    caplog.clear()
    made.set_session_id("two")
    assert ["Rotating files for new session: two"] == caplog.messages
    made.stop()


def test_the_same_session_id_appends_and_the_summary_covers_both_recordings(tmp_path):
    """
    An interrupted session goes on in its own files.
    """
    made = collector(tmp_path)
    made.set_session_id("one")
    for number in range(2):
        made.set_recording_state(True)
        made.process_envelope(edge(START_US + number))
        made.set_recording_state(False)
    made.stop()

    assert [edge(START_US), edge(START_US + 1)] == lines(tmp_path / "metrics_one.jsonl")
    assert [float(START_US), START_US + 1.0] == (
        document(tmp_path / "metrics_one.json")["series"][EDGE]["eda.trace"]["timestamps"]
    )
    assert document(tmp_path / "metrics_one_manifest.json")["complete"]


def test_the_sample_limit_keeps_the_newest_in_the_summary(tmp_path):
    """
    max_samples_per_series = N keeps the last N.
    """
    made = collector(tmp_path, max_samples_per_series=3)
    for number in range(10):
        made.process_envelope(edge(START_US + number, value=number))
    made.stop()

    summary = document(tmp_path / "metrics.json")
    assert [7.0, 8.0, 9.0] == summary["series"][EDGE]["eda.trace"]["values"]
    assert 3 == summary["meta"]["total_samples"]
    assert 10 == summary["meta"]["jsonl_envelopes_written"]


def test_a_line_is_the_envelope_exactly_as_it_came(tmp_path):
    """
    Blanks, order of keys and unknown keys stay; only a line break within becomes a blank.
    """
    odd = b' { "payload" : {"eda":1e-3}, "extra":[1],"timestamp":1.50,"type":"edge_metrics"} '
    broken = b'{"type":"edge_metrics",\n"timestamp":1,\r\n"payload":{}}\n'
    made = collector(tmp_path)
    made.process_envelopes([odd, envelope("status", "ä"), "plain", edge(START_US)])
    made.process_envelope(broken)
    made.stop()

    assert [
        odd,
        envelope("status", "ä"),
        edge(START_US),
        b'{"type":"edge_metrics", "timestamp":1,  "payload":{}}',
    ] == (tmp_path / "metrics.jsonl").read_bytes().split(b"\n")[:-1]


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"status",\r"timestamp":1,\r"payload":"OK"}',
        '{\r\n"type":"status",\r\n"timestamp":1,"payload":"OK"\r\n}\r\n',
        '{"type":"status","timestamp":1,"payload":"one\u2028two\u2029three\x85four"}',
    ],
)
def test_a_message_is_one_line_to_every_reader(tmp_path, message):
    """
    Also to those that end a line at a carriage return, or at one of Unicode's separators.
    """
    made = collector(tmp_path)
    made.process_envelopes([edge(START_US), message, edge(START_US + 1)])
    made.stop()
    text = (tmp_path / "metrics.jsonl").read_bytes().decode()

    assert 3 == len(text.splitlines()) == text.count("\n")
    assert json.loads(message) == json.loads(text.splitlines()[1])
    assert document(tmp_path / "metrics_manifest.json")["complete"]


def test_stop_can_be_called_again(tmp_path):
    """
    Once in the loop's end and once in a finally clause, for example.
    """
    made = collector(tmp_path)
    made.process_envelope(edge(START_US))
    made.stop()
    before = {path: path.read_bytes() for path in tmp_path.glob("*.json*")}
    made.stop()

    assert before == {path: path.read_bytes() for path in tmp_path.glob("*.json*")}
    assert made.stopped_at_ms >= made.started_at_ms


@pytest.mark.parametrize("spill", [True, False])
def test_the_last_session_can_still_be_looked_at_after_the_end(tmp_path, spill):
    """
    Scripts print the snapshot's meta when all is done.
    """
    made = collector(tmp_path, StorageOptions(spill=spill))
    made.set_session_id("x")
    made.set_recording_state(True)
    made.process_envelope(edge(START_US))
    open_state = made.get_current_snapshot()
    made.set_recording_state(False)
    made.process_envelope(edge(START_US + 5))
    made.stop()

    snapshot = made.get_current_snapshot()

    assert open_state["series"] == snapshot["series"]
    assert document(tmp_path / "metrics_x.json") == snapshot


def test_without_paths_everything_but_files_works():
    """
    A dashboard needs no disk.
    """
    made = collector(None)
    made.process_envelope(recording(True))
    made.process_envelope(edge(START_US))

    assert made.recording
    assert [0.25] == made.get_current_snapshot()["series"][EDGE]["eda.trace"]["values"]
    made.stop()
