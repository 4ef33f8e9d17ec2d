"""A recorded session is played as it was, and never taken for live."""

import asyncio
import itertools
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.physiology_server.captures.capture import NoFrame, RecordedEnvelope
from services.physiology_server.captures.session_capture import SessionCapture
from services.physiology_server.clocks.recorded import LONGEST_US, RecordedClock
from services.physiology_server.control import Control
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.signals.core import Core
from services.physiology_server.signals.edge import Edge
from tests.support.sessions import GOLDEN
from vitalrig.clock import ManualClock, SystemClock
from vitalrig.statuses import StatusCode

SESSION = GOLDEN / "metrics_golden.jsonl"
START_US = 1_700_000_000_000_000
NOW_US = 1_760_000_000_000_000
FASTEST = float("inf")


def items(capture, count=None):
    async def take():
        found = []
        async for item in capture.items():
            if isinstance(item, RecordedEnvelope):
                found.append(item)
            if count is not None and len(found) >= count:
                break
        return found

    return asyncio.run(take())


def a_session(folder, *lines, name="metrics_x.jsonl"):
    path = folder / name
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def an_edge(stamp, **payload):
    sample = {"time": 1.0, "value": 0.25, "stable": True, "timestamp": str(stamp)}
    payload = {"breathing": {"upper_trace": [sample]}} | payload
    return json.dumps({"type": "edge_metrics", "timestamp": stamp, "payload": payload}).encode()


def edges(count, start=START_US, step=33_333):
    return [an_edge(start + n * step) for n in range(count)]


def fast(path, **settings):
    return SessionCapture(path, ManualClock(wall_us=NOW_US), FASTEST, **settings)


def test_metrics_are_played_byte_for_byte_and_in_order():
    """
    What was recorded comes out, but for the recording's own beginning and end.
    """
    recorded = SESSION.read_bytes().splitlines()
    capture = fast(SESSION)

    played = items(capture)

    assert recorded[1:-1] == [item.outgoing.envelope for item in played]
    assert {"core_metrics": 25, "edge_metrics": 150} == {
        kind: len(list(group))
        for kind, group in itertools.groupby(sorted(item.outgoing.channel for item in played))
    }
    assert ({"recording_state": 2}, {}) == (dict(capture.left_out), dict(capture.skipped))


def test_it_is_a_replay_at_the_recorded_rate():
    """
    Its kind is what heartbeats and `vitalrig_source_info` tell.
    """
    capture = fast(SESSION)

    assert ("replay", pytest.approx(30, abs=0.01)) == (capture.kind, capture.fps)


def test_time_runs_as_it_was_recorded():
    """
    Each envelope has its seconds since the first.
    """
    times = [item.time_s for item in items(fast(SESSION)) if item.outgoing.channel[0] == "e"]

    assert [n / 30 for n in range(150)] == pytest.approx(times, abs=1e-4)


def test_at_another_speed_it_takes_as_long_as_it_should(tmp_path):
    """
    Twenty seconds at a hundred times their pace.
    """
    path = a_session(tmp_path, *edges(20, step=1_000_000))
    clock = SystemClock()
    began_s = clock.monotonic_s()

    played = items(SessionCapture(path, clock, 100.0))

    assert (20, pytest.approx(0.2, abs=0.1)) == (len(played), clock.monotonic_s() - began_s)


def test_while_it_waits_the_loop_turns(tmp_path):
    """
    A watchdog must not take a pause in a recording for a hang.
    """
    path = a_session(tmp_path, *edges(2, step=600_000))

    async def take():
        return [item async for item in SessionCapture(path, SystemClock()).items()]

    assert [RecordedEnvelope, NoFrame, RecordedEnvelope] == [
        type(item) for item in asyncio.run(take())
    ]


@pytest.mark.parametrize("jump_us", [-3_600_000_000, 3_600_000_000, -2_000_000, -(2**32)])
def test_a_clock_that_was_set_is_not_waited_for(jump_us, tmp_path):
    """
    Not for hours, not at all; after it the pace is that of the new clock.
    """
    lines = [*edges(30), *edges(30, START_US + 30 * 33_333 + jump_us)]
    played = items(fast(a_session(tmp_path, *lines)))

    assert lines == [item.outgoing.envelope for item in played]
    assert pytest.approx(58 * 0.033333, abs=0.01) == played[-1].time_s


def test_one_stray_stamp_changes_nothing(tmp_path):
    """
    The line goes on where it was.
    """
    lines = [*edges(10), an_edge(START_US + 10**10), *edges(10, START_US + 10 * 33_333)]

    assert pytest.approx(19 * 0.033333) == items(fast(a_session(tmp_path, *lines)))[-1].time_s


def test_a_late_envelope_is_played_where_it_stands(tmp_path):
    """
    In the order of arrival; time does not go back, and nothing is waited for twice.
    """
    lines = edges(20)
    lines.insert(15, lines.pop(5))
    played = items(fast(a_session(tmp_path, *lines)))
    times = [item.time_s for item in played]

    assert lines == [item.outgoing.envelope for item in played]
    assert (sorted(times), pytest.approx(19 * 0.033333)) == (times, times[-1])


@pytest.mark.parametrize("unit_us", [1_000_000, 1_000, 1])
def test_stamps_of_any_unit_are_understood(unit_us, tmp_path):
    """
    Seconds, milliseconds and microseconds are told apart by their size.
    """
    lines = [an_edge((START_US + n * 40_000) / unit_us) for n in range(20)]

    assert pytest.approx(0.76, abs=0.002) == items(fast(a_session(tmp_path, *lines)))[-1].time_s


def test_a_counter_of_32_bits_is_not_taken_for_seconds(tmp_path):
    """
    Its steps tell; and where it wraps nothing is waited for.
    """
    lines = [an_edge((2**32 - 10 * 33_333 + n * 33_333) % 2**32) for n in range(30)]
    capture = fast(a_session(tmp_path, *lines))

    assert pytest.approx(28 * 0.033333, abs=0.001) == items(capture)[-1].time_s
    assert pytest.approx(30, abs=0.01) == capture.fps


def test_bad_and_torn_lines_are_skipped_and_counted(tmp_path):
    """
    They cost themselves.
    """
    path = a_session(
        tmp_path, edges(1)[0], b"{", b"", b"\xff\xfe", b"[1]", *edges(2, START_US + 33_333)
    )
    with path.open("ab") as file:
        file.write(b'{"type":"edge_metrics","timest')
    capture = fast(path)

    assert 3 == len(items(capture))
    assert {"not_json": 2, "not_utf8": 1, "not_an_object": 1, "torn": 1} == dict(capture.skipped)


def test_what_is_no_measurement_is_left_out_and_counted(tmp_path):
    """
    A recording of then is not one of now, and pictures are not replayed.
    """
    others = [
        b'{"type":"recording_state","timestamp":1,"payload":{"recording":true}}',
        b'{"type":"frame","timestamp":1,"payload":{"data":""}}',
        b'{"type":"new","timestamp":1,"payload":{}}',
    ]
    capture = fast(a_session(tmp_path, *others, *edges(3)))

    assert 3 == len(items(capture))
    assert {"recording_state": 1, "other": 2} == dict(capture.left_out)


def test_with_the_stamps_of_now_every_payload_says_replay(tmp_path):
    """
    What would look live is marked; distances stay, in envelopes and in samples.
    """
    played = items(fast(a_session(tmp_path, *edges(3)), stamps="now"))
    documents = [json.loads(item.outgoing.envelope) for item in played]

    assert [NOW_US + n * 33_333 for n in range(3)] == [d["timestamp"] for d in documents]
    assert [str(NOW_US + n * 33_333) for n in range(3)] == [
        d["payload"]["breathing"]["upper_trace"][0]["timestamp"] for d in documents
    ]
    assert {"replay"} == {d["payload"]["source"] for d in documents}


def test_a_mark_that_says_synthetic_is_not_overwritten(tmp_path):
    """
    A replay of made-up numbers is still made up.
    """
    path = a_session(tmp_path, an_edge(START_US, source="synthetic"), an_edge(START_US + 1))
    sources = [
        json.loads(item.outgoing.envelope)["payload"]["source"]
        for item in items(fast(path, mark=True))
    ]

    assert ["synthetic", "replay"] == sources


def test_with_the_stamps_of_now_a_reset_is_mended(tmp_path):
    """
    Now has one clock: after the jump stamps rise on.
    """
    lines = [*edges(10), *edges(10, START_US - 10**10)]
    stamps = [
        json.loads(item.outgoing.envelope)["timestamp"]
        for item in items(fast(a_session(tmp_path, *lines), stamps="now"))
    ]

    assert sorted(stamps) == stamps
    assert pytest.approx(NOW_US + 18 * 33_333, abs=2) == stamps[-1]


def test_a_loop_begins_again_a_frame_later(tmp_path):
    """
    Time runs on, the bytes are the same again.
    """
    lines = edges(10)
    played = items(fast(a_session(tmp_path, *lines), loop=True), 25)

    assert lines + lines + lines[:5] == [item.outgoing.envelope for item in played]
    assert [n * 0.033333 for n in range(25)] == pytest.approx([item.time_s for item in played])


def test_what_json_does_not_have_is_played_all_the_same(tmp_path):
    """
    NaN and numbers beyond 64 bits are kept as they are, and stamps beside them are moved.
    """
    odd = b'{"type":"edge_metrics","timestamp":1700000000000000,"payload":{"a":NaN,"b":1%s}}' % (
        b"0" * 30
    )
    path = a_session(tmp_path, odd, odd)

    assert odd == items(fast(path))[0].outgoing.envelope
    moved = items(fast(path, stamps="now"))[0].outgoing.envelope
    assert (b"1" + b"0" * 30 in moved, NOW_US) == (True, json.loads(moved)["timestamp"])


@pytest.mark.parametrize("content", [b"", b"{\n", b'{"type":"recording_state","recording":true}\n'])
def test_a_file_without_anything_to_play_is_refused(content, tmp_path):
    """
    At the start, by its name.
    """
    path = tmp_path / "metrics_none.jsonl"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=r"metrics_none\.jsonl: holds no"):
        fast(path)


def test_a_missing_file_or_speed_is_refused(tmp_path):
    """
    Before anything runs.
    """
    with pytest.raises(ValueError, match="cannot be read"):
        fast(tmp_path / "none.jsonl")
    with pytest.raises(ValueError, match="speed is 0"):
        SessionCapture(SESSION, ManualClock(), 0)


@settings(max_examples=200)
@given(st.lists(st.none() | st.integers(-(10**16), 10**16), max_size=40))
@example([0, LONGEST_US + 1, 2 * LONGEST_US + 2, 0, 1])
def test_time_only_rises_and_never_by_much(stamps):
    """
    Whatever the stamps are.
    """
    timeline = RecordedClock()
    times = [timeline.place(stamp).time_us for stamp in stamps]

    assert sorted(times) == times
    assert all(b - a <= LONGEST_US for a, b in itertools.pairwise(times))


def a_pipeline(control, publish_core="always"):
    core = Core(
        buffer_duration_s=0.2, source_kind="replay", run_id="r", version="1", clock=ManualClock()
    )
    return Pipeline(control, Edge(source_kind="replay"), core, publish_core)


def test_a_session_without_a_status_says_that_it_is_played(tmp_path):
    """
    With PROCESSING_NOT_STARTED readers would take every number for lost.
    """
    control = Control(ManualClock())
    pipeline = a_pipeline(control)
    [first, *_] = items(fast(a_session(tmp_path, *edges(2))))

    sent = list(pipeline.pass_on(first.outgoing))

    assert StatusCode.OK == control.status
    assert first.outgoing == sent[-1]
    assert "OK" == json.loads(sent[-2].envelope)["payload"]["value"]


@pytest.mark.parametrize(
    "value", ['"NO_FACES_FOUND"', "1", '{"value":"NO_FACES_FOUND"}', '{"value":1}']
)
def test_a_recorded_status_is_the_status_and_is_told_once(value, tmp_path):
    """
    In its own bytes, whatever form they have; GetStatus says the same.
    """
    line = b'{"type":"status","timestamp":%d,"payload":%s}' % (START_US, value.encode())
    control = Control(ManualClock())
    control.take_changes()
    [played] = items(fast(a_session(tmp_path, line)))

    sent = list(a_pipeline(control).pass_on(played.outgoing))

    assert [line] == [outgoing.envelope for outgoing in sent]
    assert (StatusCode.NO_FACES_FOUND, START_US) == (control.status, control.status_timestamp_us)


def test_a_status_that_nobody_knows_changes_nothing(tmp_path):
    """
    It is passed on, and that is all.
    """
    line = b'{"type":"status","timestamp":1,"payload":{"value":"FINE"}}'
    control = Control(ManualClock())
    [played] = items(fast(a_session(tmp_path, line)))
    list(a_pipeline(control).pass_on(played.outgoing))

    assert StatusCode.PROCESSING_NOT_STARTED == control.status


def test_recorded_core_metrics_wait_for_a_recording_unless_asked():
    """
    The server's own rule holds for them too.
    """
    core = next(i for i in items(fast(SESSION)) if i.outgoing.channel == "core_metrics")
    control = Control(ManualClock())
    silent = list(a_pipeline(control, "recording").pass_on(core.outgoing))
    control.start_core()
    control.start_edge_graph()
    control.set_recording(True, "x")
    told = list(a_pipeline(control, "recording").pass_on(core.outgoing))

    assert (False, True) == (core.outgoing in silent, core.outgoing in told)
