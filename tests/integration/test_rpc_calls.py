"""Every simple RPC of our own service, happy and refused, over a real connection."""

import logging

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import DoubleValue
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.support.patience import PATIENCE_S
from tests.support.rpc import own_stub, serving
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.version import VERSION

PRECONDITION, ARGUMENT = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
def rig(tmp_path):
    with serving(tmp_path) as rig:
        yield rig


@pytest.fixture
def stub(rig):
    with own_stub(rig) as stub:
        yield stub


def recording(on=True, session_id=""):
    return pb.SetRecordingRequest(recording=on, session_id=session_id)


def refusal(call, *args):
    with pytest.raises(grpc.RpcError) as refused:
        call(*args)
    return refused.value.code(), refused.value.details()


def test_core_starts_and_stops(stub):
    """
    Each reply is the state after the call.
    """
    assert (True, False) == (
        stub.StartCore(Empty()).core_running,
        stub.StopCore(Empty()).core_running,
    )


@pytest.mark.parametrize("what", ["EdgeGraph", "Preprocessing"])
def test_the_edge_graph_starts_and_stops_under_both_names(stub, what):
    """
    The deprecated pair does the same.
    """
    stub.StartCore(Empty())
    started = getattr(stub, f"Start{what}")(Empty()).edge_running
    stopped = getattr(stub, f"Stop{what}")(Empty()).edge_running

    assert (True, False) == (started, stopped)


@pytest.mark.parametrize("what", ["EdgeGraph", "Preprocessing"])
def test_stopping_what_does_not_run_is_no_error(stub, what):
    """
    As the vendor's container does.
    """
    assert not getattr(stub, f"Stop{what}")(Empty()).edge_running


@pytest.mark.parametrize(
    ("rpc", "request_"),
    [
        ("StartEdgeGraph", Empty()), ("StartPreprocessing", Empty()),
        ("ResetProcessing", Empty()), ("SetRecording", recording()),
        ("SetRecording", recording(False)),
    ],
    ids=["edge graph", "preprocessing", "reset", "record", "stop recording"],
)  # fmt: skip
def test_before_core_everything_is_a_failed_precondition(stub, rpc, request_):
    """
    In the vendor's words, with what to do.
    """
    assert (PRECONDITION, "Container not initialized. Call StartCore first.") == refusal(
        getattr(stub, rpc), request_
    )


@pytest.mark.parametrize("on", [True, False])
def test_before_the_graph_recording_is_a_failed_precondition(stub, on):
    """
    In the vendor's words, with what to do.
    """
    stub.StartCore(Empty())

    assert (PRECONDITION, "Graph not started. Call StartEdgeGraph first.") == refusal(
        stub.SetRecording, recording(on)
    )


def test_core_cannot_be_stopped_under_the_graph(stub):
    """
    The order of stopping is the reverse of starting.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())

    assert PRECONDITION is refusal(stub.StopCore, Empty())[0]


def test_a_recording_starts_and_stops(stub):
    """
    With its name as long as it runs.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    on = stub.SetRecording(recording(session_id="first"))
    off = stub.SetRecording(recording(False))

    assert (True, "first", False, "") == (
        on.recording, on.session_id, off.recording, off.session_id,
    )  # fmt: skip


def test_a_second_client_cannot_cut_off_a_recording(rig, stub):
    """
    It learns what is being recorded.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    stub.SetRecording(recording(session_id="first"))
    with own_stub(rig) as second:
        code, words = refusal(second.SetRecording, recording(session_id="second"))

    assert (PRECONDITION, True) == (code, "session first is being recorded" in words)


def test_a_session_name_with_a_path_is_an_invalid_argument(stub):
    """
    What a client sends becomes no path.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())

    assert ARGUMENT is refusal(stub.SetRecording, recording(session_id="../up"))[0]


def test_a_reset_reaches_core(rig, stub):
    """
    Its buffer is cleared before the next frame.
    """
    stub.StartCore(Empty())
    stub.ResetProcessing(Empty())

    assert 1 == rig.control.resets


@pytest.mark.parametrize("seconds", [0.1, 0.2, 0.5, 10.0])
def test_a_buffer_duration_is_set_before_or_after_the_start(rig, stub, seconds):
    """
    It holds from the next start of the graph on.
    """
    reply = stub.SetBufferDuration(DoubleValue(value=seconds))

    assert (seconds, seconds) == (reply.buffer_duration_s, rig.state.buffer_duration_s)


@pytest.mark.parametrize("seconds", [0.0, 0.099, -1.0, 10.1, float("nan"), float("inf")])
def test_a_buffer_duration_that_cannot_work_is_an_invalid_argument(rig, stub, seconds):
    """
    And nothing is changed.
    """
    code, words = refusal(stub.SetBufferDuration, DoubleValue(value=seconds))

    assert (ARGUMENT, True, 0.2) == (code, "0.1 to 10 s" in words, rig.state.buffer_duration_s)


def test_a_short_buffer_is_taken_with_a_warning(stub, caplog):
    """
    The vendor's program refuses it, its guide recommends it.
    """
    with caplog.at_level(logging.WARNING):
        stub.SetBufferDuration(DoubleValue(value=0.15))

    assert ["a short buffer may keep Core from producing metrics"] == caplog.messages


def test_the_status_tells_what_settles_and_where_frames_come_from(stub):
    """
    Nothing is shown as live that is not.
    """
    status = stub.GetStatus(Empty())

    assert (8, "synthetic", {"pulse": 9.0}, VERSION) == (
        status.status,
        status.source,
        {part.signal: part.remaining_s for part in status.settling},
        status.version,
    )


def test_the_server_says_what_it_is(stub):
    """
    Version, source, run and abilities.
    """
    assert pb.ServerInfo(
        version=VERSION,
        source="synthetic",
        synthetic=True,
        live=False,
        backend="grpc",
        camera="bedside",
        capabilities=["eda"],
        run_id="run1",
        started_at_us=1_000_000,
    ) == stub.GetServerInfo(Empty())


@pytest.mark.parametrize(
    ("source", "synthetic", "live"),
    [("replay", False, False), ("camera", False, True), ("upload", False, True)],
)
def test_only_a_camera_is_live(tmp_path, source, synthetic, live):
    """
    A replay is real, but long ago.
    """
    with serving(tmp_path, source=source) as rig, own_stub(rig) as stub:
        info = stub.GetServerInfo(Empty())

    assert (synthetic, live) == (info.synthetic, info.live)


def test_bytes_that_are_no_message_are_an_invalid_argument(rig):
    """
    Not a fault of the server.
    """
    with rig.channel() as channel:
        call = channel.unary_unary("/vitalrig.rpc.Physiology/SetRecording")

        assert ARGUMENT is refusal(call, b"\xff\xff")[0]


def test_health_is_told_of_the_server_and_of_its_service(rig):
    """
    Whatever probes gRPC services can probe this one.
    """
    with rig.channel() as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answers = [
            health.Check(health_pb2.HealthCheckRequest(service=name)).status
            for name in ("", "vitalrig.rpc.Physiology")
        ]

    assert [health_pb2.HealthCheckResponse.SERVING] * 2 == answers


def test_reflection_lists_the_service_and_its_file(rig):
    """
    Tools find the calls by themselves.
    """
    asked = reflection_pb2.ServerReflectionRequest
    with rig.channel() as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        listed, file = stub.ServerReflectionInfo(
            iter(
                [
                    asked(list_services=""),
                    asked(file_containing_symbol="vitalrig.rpc.Physiology"),
                ]
            )
        )

    assert (True, True) == (
        "vitalrig.rpc.Physiology" in [s.name for s in listed.list_services_response.service],
        len(file.file_descriptor_response.file_descriptor_proto) >= 3,
    )


def test_several_clients_are_served_at_once(rig):
    """
    None waits for another.
    """
    channels = [rig.channel() for _ in range(8)]
    calls = [
        channel.unary_unary(
            "/vitalrig.rpc.Physiology/GetStatus",
            request_serializer=Empty.SerializeToString,
            response_deserializer=pb.StatusReply.FromString,
        ).future(Empty(), timeout=PATIENCE_S)
        for channel in channels
    ]
    versions = {call.result().version for call in calls}
    for channel in channels:
        channel.close()

    assert {VERSION} == versions
