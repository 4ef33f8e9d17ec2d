"""RPCs that stream, of the whole server, whatever its backend."""

import itertools
import time

import numpy as np
import pytest
from google.protobuf.empty_pb2 import Empty

from tests.support.conformance import FPS
from tests.support.conformance_rpc import (
    recording,
    subscribed,
    take,
)
from tests.support.patience import PATIENCE_S


def test_stream_status_tells_the_present_and_then_each_change(stub):
    """
    8, OK, and 8 again.
    """
    stream = subscribed(stub.StreamStatus(Empty(), timeout=PATIENCE_S))
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    present, ok = next(stream), next(stream)
    stub.StopEdgeGraph(Empty())

    assert [8, 0, 8] == [message.status.value for message in (present, ok, *take(stream, 1))]


def test_stream_core_metrics_gives_a_message_a_buffer(started):
    """
    While recording.
    """
    stream = subscribed(started.StreamCoreMetrics(Empty(), timeout=PATIENCE_S))
    started.SetRecording(recording())
    messages = take(stream, 3)

    assert [6, 6] == [message.metrics.metadata.frame_count for message in messages[1:]]
    assert {("synthetic", 0)} == {(message.source, message.missed) for message in messages}


def test_stream_edge_metrics_gives_a_message_a_frame(started):
    """
    Whether or not there is a recording.
    """
    messages = take(subscribed(started.StreamEdgeMetrics(Empty(), timeout=PATIENCE_S)), 5)
    steps_s = np.diff([message.timestamp_us for message in messages]) / 1e6

    assert 1 / FPS == pytest.approx(steps_s, abs=2e-6)
    assert {1} == {len(message.metrics.breathing.upper_trace) for message in messages}


def test_several_clients_may_read_a_stream(started):
    """
    Who came first has all that the last one has.
    """
    *first, last = (
        subscribed(started.StreamEdgeMetrics(Empty(), timeout=PATIENCE_S)) for _ in range(3)
    )
    expected = [message.seq for message in take(last, 10)]
    found = []
    for stream in first:
        seqs = list(itertools.takewhile(lambda seq: seq <= expected[-1], (m.seq for m in stream)))
        found.append([seq for seq in seqs if seq >= expected[0]])
        stream.cancel()

    assert [expected, expected] == found


def test_stream_logs_tells_what_is_logged(stub, caplog):
    """
    With a time in microseconds since the epoch.
    """
    with caplog.at_level("INFO"):
        stream = subscribed(stub.StreamLogs(Empty(), timeout=PATIENCE_S))
        stub.StartCore(Empty())
        stub.StartEdgeGraph(Empty())
        entry = next(entry for entry in stream if entry.message.startswith("graph started"))
        stream.cancel()

    assert "info" == entry.level
    assert 0 == pytest.approx(entry.timestamp / 1e6 - time.time(), abs=60)
