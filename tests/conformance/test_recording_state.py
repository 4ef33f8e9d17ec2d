"""The recording's state: `{prefix}:recording_state`, and `recording_state.jsonl`, which is ours."""

import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.conformance_runs import SESSION

STATE = "recording_state"


@pytest.fixture(params=["file", "redis"])
def recorded(request, runs):
    return runs("recorded", request.param)


def payloads(run):
    return [message.payload for message in run.messages(STATE)]


def test_each_transition_is_told(recorded):
    """
    None at first, a start, a stop.
    """
    assert [False, True, False] == [payload["recording"] for payload in payloads(recorded)]


def test_a_transition_describes_itself(recorded):
    """
    The documented client passes on the text alone, without the channel.
    """
    assert [
        ("stopped", None, {"recording", "state", "timestamp"}),
        ("started", SESSION, {"recording", "state", "timestamp", "session_id"}),
        ("stopped", SESSION, {"recording", "state", "timestamp", "session_id"}),
    ] == [
        (payload["state"], payload.get("session_id"), set(payload))
        for payload in payloads(recorded)
    ]


def test_a_transition_has_the_wall_clock_s_time(recorded):
    """
    In microseconds since the epoch, in the envelope and as text in the payload.
    """
    messages = recorded.messages(STATE)
    stamps = [message.timestamp_us for message in messages]

    assert [str(stamp) for stamp in stamps] == [m.payload["timestamp"] for m in messages]
    assert stamps[0] <= recorded.began_us <= stamps[1] <= stamps[2] <= recorded.ended_us


def test_the_documented_collector_detects_start_and_stop(recorded, tmp_path):
    """
    "Automatically detects recording start and stop": its session is the one that was recorded.
    """
    collector = MetricsCollector(
        MetricsCollectorConfig(
            output_jsonl_path=tmp_path / "metrics.jsonl", output_json_path=tmp_path / "metrics.json"
        )
    )
    collector.start()
    seen = []
    for line in recorded.lines[STATE]:
        collector.process_envelope(line.decode())
        seen.append(collector.recording)
    collector.stop()

    assert [False, True, False] == seen
    assert (tmp_path / f"metrics_{SESSION}.json").exists()
