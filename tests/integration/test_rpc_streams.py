"""Streams over a real connection: who keeps up gets everything, who does not is told."""

import contextlib
import itertools
import logging
import threading

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from services.physiology_server.envelopes import Outgoing
from services.physiology_server.rpc.stream_service import MISSED, SOURCE
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.rpc import own_stub, serving, subscribed
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.statuses import StatusCode

BIG = "x" * 300_000
"""Some of these fill what the connection holds, so that the server has to wait."""


@pytest.fixture
def rig(tmp_path):
    with serving(tmp_path) as rig:
        yield rig


@pytest.fixture
def stub(rig):
    with own_stub(rig) as stub:
        yield stub


def take(stream, count):
    return [next(stream) for _ in range(count)]


def core_payload(number, text="synthetic-run1"):
    return {
        "pulse": {"trace": [{"value": 0.5, "stable": True, "timestamp": str(number)}]},
        "metadata": {"id": text, "frame_count": 6, "frame_timestamp": str(number)},
    }


def test_core_metrics_arrive_with_their_number_and_time(rig, stub):
    """
    What was measured, when, and what the frames are.
    """
    stream = subscribed(stub.StreamCoreMetrics(Empty()))
    rig.publish("core_metrics", 1_700_000_000_000_000, core_payload(7))
    message = next(stream)

    assert (
        pb.CoreMetrics(
            timestamp_us=1_700_000_000_000_000,
            seq=1,
            source="synthetic",
            metrics={
                "pulse": {"trace": [{"value": 0.5, "stable": True, "timestamp": 7}]},
                "metadata": {"id": "synthetic-run1", "frame_count": 6, "frame_timestamp": 7},
            },
        )
        == message
    )


def test_edge_metrics_say_that_they_are_synthetic(rig, stub):
    """
    The vendor's message has no place for it, ours has.
    """
    stream = subscribed(stub.StreamEdgeMetrics(Empty()))
    payload = {"breathing": {"upper_trace": [{"value": 0.5}]}, "source": "synthetic"}
    rig.publish("edge_metrics", 1_700_000_000_000_000, payload)
    message = next(stream)

    assert ("synthetic", 0.5) == (message.source, message.metrics.breathing.upper_trace[0].value)


def test_what_frames_are_is_said_before_the_first_message(stub):
    """
    For readers whose messages have no place for it.
    """
    stream = stub.StreamCoreMetrics(Empty())

    assert "synthetic" == dict(stream.initial_metadata())[SOURCE]


def test_eight_readers_get_every_message(rig):
    """
    In order, without a hole, each over a connection of its own.
    """
    messages, got = 200, [[] for _ in range(8)]
    ready = threading.Barrier(9)

    def read(mine):
        with own_stub(rig) as stub:
            stream = subscribed(stub.StreamCoreMetrics(Empty()))
            ready.wait(PATIENCE_S)
            mine.extend((m.seq, m.missed) for m in take(stream, messages))

    threads = [threading.Thread(target=read, args=(mine,)) for mine in got]
    for thread in threads:
        thread.start()
    ready.wait(PATIENCE_S)
    for number in range(1, messages + 1):
        rig.publish("core_metrics", 1_700_000_000_000_000 + number, core_payload(number))
    for thread in threads:
        thread.join(PATIENCE_S)

    assert [[(seq, 0) for seq in range(1, messages + 1)]] * 8 == got


def test_a_slow_reader_is_told_what_it_missed_and_slows_nobody(tmp_path):
    """
    What it got and what it missed are all there was; the quick one got everything meanwhile.
    """
    messages = 120
    with (
        serving(tmp_path, queue=8) as rig,
        own_stub(rig) as slow_stub,
        own_stub(rig) as quick_stub,
    ):
        slow = subscribed(slow_stub.StreamCoreMetrics(Empty()))
        quick = subscribed(quick_stub.StreamCoreMetrics(Empty()))
        quick_got = []
        for number in range(1, messages + 1):
            rig.publish("core_metrics", 1_700_000_000_000_000, core_payload(number, BIG))
            quick_got.append(next(quick).seq)
        slow_got = []
        while not slow_got or slow_got[-1].seq < messages:
            slow_got.append(next(slow))
    missed = sum(message.missed for message in slow_got)
    holes = [
        (after.seq - before.seq - 1, after.missed) for before, after in itertools.pairwise(slow_got)
    ]

    assert (list(range(1, messages + 1)), True, messages, []) == (
        quick_got,
        missed > 0,
        len(slow_got) + missed,
        [hole for hole in holes if hole[0] != hole[1]],
    )


def test_a_slow_reader_is_named_in_the_log(tmp_path, caplog):
    """
    When it begins to lose, not when it is gone.
    """
    with (
        caplog.at_level(logging.WARNING),
        serving(tmp_path, queue=2) as rig,
        own_stub(rig) as stub,
    ):
        slow = subscribed(stub.StreamCoreMetrics(Empty()))
        for number in range(100):
            rig.publish("core_metrics", 1_700_000_000_000_000, core_payload(number, BIG))
        eventually(lambda: "reader is too slow" in caplog.messages)
        readers = [record.reader for record in caplog.records if hasattr(record, "reader")]
        slow.cancel()

    assert (1, True) == (len(readers), readers[0].endswith(" of core_metrics"))


def test_a_stop_of_the_server_ends_streams_after_what_waits(tmp_path):
    """
    The last message of a recording is not cut off.
    """
    with contextlib.ExitStack() as clients:
        with serving(tmp_path) as rig:
            stream = subscribed(clients.enter_context(own_stub(rig)).StreamCoreMetrics(Empty()))
            for number in range(1, 21):
                rig.publish("core_metrics", 1_700_000_000_000_000, core_payload(number))
        seqs = [message.seq for message in stream]
        missed = dict(stream.trailing_metadata())[MISSED]

    assert (list(range(1, 21)), "0", grpc.StatusCode.OK) == (seqs, missed, stream.code())


def test_a_client_that_goes_away_leaves_no_queue_behind(rig, stub):
    """
    However often it comes and goes.
    """
    for _ in range(3):
        subscribed(stub.StreamCoreMetrics(Empty())).cancel()

    assert eventually(lambda: rig.subscribers.count("core_metrics") == 0)


def test_the_status_is_told_at_once_and_then_when_it_changes(rig, stub):
    """
    A late reader need not wait for a change to know where things stand.
    """
    rig.started()
    stream = subscribed(stub.StreamStatus(Empty()))
    first = next(stream)
    for status, stamp_us in (
        (StatusCode.OK, 1_700_000_000_000_001),
        (StatusCode.OK, 1_700_000_000_000_002),
        (StatusCode.NO_FACES_FOUND, 1_700_000_000_000_003),
    ):
        rig.do(rig.control.see, status, stamp_us)
        rig.do(rig.state.announce)
    rest = take(stream, 2)

    assert (8, [(0, 1_700_000_000_000_001), (1, 1_700_000_000_000_003)]) == (
        first.status.value,
        [(m.status.value, m.status.timestamp) for m in rest],
    )


def test_the_log_can_be_followed(rig, stub):
    """
    From any thread, with level and data.
    """
    stream = subscribed(stub.StreamLogs(Empty()))
    logging.getLogger("a.part").warning("camera is away", extra={"tries": 3})
    entry = next(stream)

    assert ("camera is away tries=3", "warning", "a.part", True) == (
        entry.message,
        entry.level,
        entry.logger,
        entry.timestamp > 1_700_000_000_000_000,
    )


def test_an_envelope_that_is_none_costs_itself_and_is_told(rig, stub):
    """
    A replayed file may hold anything.
    """
    stream = subscribed(stub.StreamCoreMetrics(Empty()))
    rig.do(rig.outbox.put, Outgoing("core_metrics", b"{"))
    rig.publish("core_metrics", 1_700_000_000_000_000, core_payload(1))
    message = next(stream)

    assert (2, 1) == (message.seq, message.missed)
