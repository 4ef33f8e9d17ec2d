"""
RPCs that control the whole server, whatever its backend: control goes over gRPC with all of them.

The vendor documents names and what some of them do; shapes are ours (proto/).
"""

import time
from pathlib import Path

import numpy as np
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import DoubleValue

from tests.support.conformance_rpc import (
    ARGUMENT,
    NOT_STARTED,
    PRECONDITION,
    recording,
    refusal,
    subscribed,
    take,
)
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.version import VERSION

DOCUMENTED = [
    "StartCore", "StopCore", "StartEdgeGraph", "StopEdgeGraph", "StartPreprocessing",
    "StopPreprocessing", "SetRecording",
]  # fmt: skip


def test_start_core_starts_core_alone(stub):
    """
    The status is still that nothing is processed.
    """
    reply = stub.StartCore(Empty())

    assert (True, False, NOT_STARTED) == (reply.core_running, reply.edge_running, reply.status)


def test_a_second_start_of_core_is_no_error(stub):
    """
    A second one does nothing, as the vendor's container has it.
    """
    stub.StartCore(Empty())

    assert stub.StartCore(Empty()).core_running


def test_stop_core_stops_core(stub):
    """
    Twice, too.
    """
    stub.StartCore(Empty())
    replies = [stub.StopCore(Empty()) for _ in range(2)]

    assert [False, False] == [reply.core_running for reply in replies]


def test_stop_core_is_refused_under_a_running_edge_graph(started):
    """
    Core and Edge are always connected.
    """
    assert PRECONDITION is refusal(started.StopCore, Empty())[0]


@pytest.mark.parametrize("rpc", ["StartEdgeGraph", "StartPreprocessing"])
def test_the_edge_graph_needs_core(stub, rpc):
    """
    In the words of the vendor's container.
    """
    code, words = refusal(getattr(stub, rpc), Empty())

    assert (PRECONDITION, True) == (code, words.startswith("Container not initialized."))


@pytest.mark.parametrize("rpc", ["StartEdgeGraph", "StartPreprocessing"])
def test_the_edge_graph_starts_the_frames(stub, rpc):
    """
    The deprecated name does the same.
    """
    stub.StartCore(Empty())
    before = getattr(stub, rpc)(Empty())

    assert before.edge_running
    assert eventually(lambda: stub.GetStatus(Empty()).frames > before.frames)
    assert 0 == stub.GetStatus(Empty()).status


@pytest.mark.parametrize("rpc", ["StopEdgeGraph", "StopPreprocessing"])
def test_the_edge_graph_stops_the_frames(server, started, rpc):
    """
    And says that nothing is processed; when nothing runs that is not an error either.
    """
    replies = [getattr(started, rpc)(Empty()) for _ in range(2)]

    assert [(False, NOT_STARTED)] * 2 == [(reply.edge_running, reply.status) for reply in replies]


@pytest.mark.parametrize("rpc", ["StopEdgeGraph", "StopPreprocessing"])
def test_the_end_of_the_edge_graph_ends_a_recording(started, rpc):
    """
    None is left open.
    """
    started.SetRecording(recording(session_id="first"))
    reply = getattr(started, rpc)(Empty())

    assert (False, "") == (reply.recording, reply.session_id)


def test_a_start_right_after_a_stop_is_another_run(started):
    """
    Even if there was no frame in between: time begins anew, and with it every warm-up.
    """
    stream = subscribed(started.StreamEdgeMetrics(Empty(), timeout=PATIENCE_S))
    take(subscribed(started.StreamEdgeMetrics(Empty(), timeout=PATIENCE_S)), 5)
    started.StopEdgeGraph(Empty())
    started.StartEdgeGraph(Empty())
    times_s = [message.metrics.breathing.upper_trace[0].time for message in take(stream, 10)]

    assert 0 in times_s[4:]


def test_set_recording_needs_the_edge_graph(stub):
    """
    In the words of the vendor's container.
    """
    stub.StartCore(Empty())
    code, words = refusal(stub.SetRecording, recording())

    assert (PRECONDITION, True) == (code, words.startswith("Graph not started."))


def test_set_recording_starts_and_stops(started):
    """
    With the session's name as long as it lasts.
    """
    on = started.SetRecording(recording(session_id="first"))
    off = started.SetRecording(recording(on=False))

    assert (True, "first", False, "") == (
        on.recording, on.session_id, off.recording, off.session_id,
    )  # fmt: skip


def test_a_second_session_is_refused_while_one_is_recorded(started):
    """
    Nobody's recording is cut off.
    """
    started.SetRecording(recording(session_id="first"))

    assert PRECONDITION is refusal(started.SetRecording, recording(session_id="second"))[0]


@pytest.mark.parametrize("session_id", ["../up", "a/b", ".", "x" * 300])
def test_a_session_id_that_cannot_be_a_file_name_is_refused(started, session_id):
    """
    What a client sends becomes no path.
    """
    assert ARGUMENT is refusal(started.SetRecording, recording(session_id=session_id))[0]


def test_reset_processing_clears_core_s_buffer(stub):
    """
    The frames before it are in no message; the graph goes on.
    """
    stub.SetBufferDuration(DoubleValue(value=1))
    stub.StartCore(Empty())
    edge, core = (
        subscribed(s(Empty(), timeout=PATIENCE_S))
        for s in (stub.StreamEdgeMetrics, stub.StreamCoreMetrics)
    )
    stub.StartEdgeGraph(Empty())
    stub.SetRecording(recording())
    start_us = take(edge, 6)[0].timestamp_us
    reply = stub.ResetProcessing(Empty())
    (first,) = take(core, 1)

    assert (True, True, 30) == (
        reply.core_running, reply.edge_running, first.metrics.metadata.frame_count,
    )  # fmt: skip
    assert (first.timestamp_us - start_us) / 1e6 > 1.1


def test_reset_processing_needs_core(stub):
    """
    Otherwise there is nothing to reset.
    """
    assert PRECONDITION is refusal(stub.ResetProcessing, Empty())[0]


def test_get_status_tells_the_state(server, started):
    """
    What runs, where frames come from, how many there were, and what settles.
    """
    before = started.GetStatus(Empty()).frames
    eventually(lambda: started.GetStatus(Empty()).frames > before + 3)
    status = started.GetStatus(Empty())

    assert (0, True, True, False, "synthetic", 0, VERSION) == (
        status.status, status.core_running, status.edge_running, status.recording, status.source,
        status.envelopes_lost, status.version,
    )  # fmt: skip
    # None, but on a machine that is busier than real time allows.
    assert status.frames_dropped <= server.state.drops.total
    assert {"pulse", "breathing"} == {part.signal for part in status.settling}
    assert 0 == pytest.approx(status.status_timestamp_us / 1e6 - time.time(), abs=60)


@pytest.mark.parametrize("seconds", [0.1, 0.3])
def test_set_buffer_duration_sets_the_period_of_core(server, stub, seconds):
    """
    From the graph's next start on.
    """
    stub.SetBufferDuration(DoubleValue(value=seconds))
    stub.StartCore(Empty())
    stream = subscribed(stub.StreamCoreMetrics(Empty(), timeout=PATIENCE_S))
    stub.StartEdgeGraph(Empty())
    stub.SetRecording(recording())
    stamps = [message.timestamp_us for message in take(stream, 2)]

    assert seconds == pytest.approx(np.diff(stamps) / 1e6, abs=1e-5)


@pytest.mark.parametrize("seconds", [0.0, 0.05, -1.0, float("nan")])
def test_set_buffer_duration_refuses_what_cannot_work(stub, seconds):
    """
    Below 0.1 s there are too few frames in a buffer.
    """
    assert ARGUMENT is refusal(stub.SetBufferDuration, DoubleValue(value=seconds))[0]


def test_get_server_info_says_what_the_server_is(rpc_backend, stub):
    """
    Where frames come from and envelopes go, and that the signals are made up.
    """
    info = stub.GetServerInfo(Empty())

    assert (rpc_backend, "synthetic", True, False, VERSION) == (
        info.backend, info.source, info.synthetic, info.live, info.version,
    )  # fmt: skip
    assert info.camera.startswith("server-")  # the key prefix that it was given


def test_the_documented_rpcs_are_there():
    """
    Under their names.
    """
    names = {method.name for method in pb.DESCRIPTOR.services_by_name["Physiology"].methods}

    assert set(DOCUMENTED) <= names


def test_every_rpc_is_called_by_a_test():
    """
    In one of the files that are called test_grpc.
    """
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_grpc_*.py"))
    rpcs = {method.name for method in pb.DESCRIPTOR.services_by_name["Physiology"].methods}

    assert set() == {rpc for rpc in rpcs if f".{rpc}(" not in text and f'"{rpc}"]' not in text}


def test_the_order_of_the_life_cycle(stub):
    """
    Core, Edge, recording on, metrics, recording off, reset, Edge off, Core off.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    stream = subscribed(stub.StreamCoreMetrics(Empty(), timeout=PATIENCE_S))
    stub.SetRecording(recording())
    take(stream, 1)
    stub.SetRecording(recording(on=False))
    stub.ResetProcessing(Empty())
    stub.StopEdgeGraph(Empty())
    reply = stub.StopCore(Empty())

    assert (False, False, False, NOT_STARTED) == (
        reply.core_running, reply.edge_running, reply.recording, reply.status,
    )  # fmt: skip
