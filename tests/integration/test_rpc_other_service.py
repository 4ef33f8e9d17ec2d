"""A second proto, with other names and shapes, injected as a file and as a module."""

import logging
import subprocess
import sys

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import BoolValue, FloatValue
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from services.physiology_server.rpc.stream_service import MISSED, SOURCE
from tests.support.patience import PATIENCE_S
from tests.support.rpc import OTHER, Desk, Messages, compile_proto, own_stub, serving, subscribed
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.statuses import StatusCode

SERVICE = "acme.vitals.MonitorControl"


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    return compile_proto(OTHER, tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def acme(described):
    return Messages(described, "acme.vitals")


class Client:
    """Calls an RPC by name, with classes that know nothing of ours."""

    def __init__(self, channel, service=SERVICE):
        self._channel = channel
        self._service = service

    def call(self, name, request, reply, kind="unary_unary"):
        make = getattr(self._channel, kind)
        return make(
            f"/{self._service}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=reply.FromString,
        )(request, timeout=PATIENCE_S)

    def stream(self, name, reply):
        return subscribed(self.call(name, Empty(), reply, "unary_stream"))


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def rig(tmp_path, described, desk):
    with serving(tmp_path, source="upload", uploads=desk, rpc_descriptors=described) as rig:
        yield rig


@pytest.fixture
def client(rig):
    with rig.channel() as channel:
        yield Client(channel)


def refusal(call, *args):
    with pytest.raises(grpc.RpcError) as refused:
        call(*args)
    return refused.value.code(), refused.value.details()


def test_control_goes_through_another_maker_s_messages(rig, client):
    """
    `Empty`, `BoolValue` and `FloatValue` in, `Empty` out.
    """
    client.call("SetBufferDuration", FloatValue(value=0.5), Empty)
    client.call("StartCore", Empty(), Empty)
    client.call("StartEdgeGraph", Empty(), Empty)
    client.call("SetRecording", BoolValue(value=True), Empty)
    client.call("Reset", Empty(), Empty)
    control = rig.control

    assert (0.5, True, True, True, 1) == (
        rig.state.buffer_duration_s,
        control.core_running,
        control.edge_running,
        control.recording,
        control.resets,
    )


def test_a_boolean_reply_says_that_it_was_done(rig, client):
    """
    Also where the state after it is off.
    """
    rig.started()

    assert client.call("StopEdgeGraph", Empty(), BoolValue).value


def test_refusals_are_the_same(client):
    """
    The state machine is one.
    """
    assert (
        grpc.StatusCode.FAILED_PRECONDITION,
        "Container not initialized. Call StartCore first.",
    ) == refusal(client.call, "SetRecording", BoolValue(value=True), Empty)


def test_the_status_is_told_in_their_enum(rig, client, acme):
    """
    Once, and as a stream.
    """
    once = client.call("GetStatusCode", Empty(), acme.State).value
    stream = client.stream("WatchStatus", acme.State)
    first = next(stream).value
    rig.do(rig.control.see, StatusCode.NO_FACES_FOUND, 1_700_000_000_000_000)
    rig.do(rig.state.announce)

    assert (8, 8, acme.State(value=1, timestamp=1_700_000_000_000_000)) == (
        once,
        first,
        next(stream),
    )


def test_core_metrics_come_as_the_plain_message(rig, client, acme):
    """
    Fields that theirs does not have are left out.
    """
    stream = client.stream("GetCoreMetricsStream", acme.CoreBuffer)
    payload = {
        "pulse": {"trace": [{"time": 1.5, "value": 0.5, "timestamp": "7"}], "strict": {"value": 7}},
        "metadata": {"id": "upload-run1", "frame_count": 6, "sent_at_s": 3.5},
    }
    rig.publish("core_metrics", 1_700_000_000_000_000, payload)

    assert acme.CoreBuffer(
        pulse={"trace": [{"time": 1.5, "value": 0.5, "timestamp": 7}]},
        metadata={"id": "upload-run1", "frame_count": 6},
    ) == next(stream)


def test_edge_metrics_come_in_their_wrapper(rig, client, acme):
    """
    With the number, where there is a field for it.
    """
    stream = client.stream("Measurements", acme.EdgeSample)
    rig.publish("edge_metrics", 1_700_000_000_000_000, {"eda": {"trace": [{"value": 0.5}]}})

    assert acme.EdgeSample(values={"eda": {"trace": [{"value": 0.5}]}}, sequence_number=1) == next(
        stream
    )


def test_a_reader_without_a_field_for_it_is_told_in_metadata(rig, client, acme):
    """
    What frames are at first, what was missed at the end.
    """
    stream = client.stream("GetCoreMetricsStream", acme.CoreBuffer)
    rig.do(rig.subscribers.miss, "core_metrics", 3)
    rig.publish("core_metrics", 1_700_000_000_000_000, {"pulse": {}})
    next(stream)
    rig.do(rig.subscribers.close)

    assert ([], "upload", "3") == (
        list(stream),
        dict(stream.initial_metadata())[SOURCE],
        dict(stream.trailing_metadata())[MISSED],
    )


def test_the_log_comes_in_their_line(rig, client, acme):
    """
    Message and time.
    """
    stream = client.stream("GetLogs", acme.Line)
    logging.getLogger("a.part").warning("camera is away")
    line = next(stream)

    assert ("camera is away", True) == (line.message, line.timestamp > 1_700_000_000_000_000)


def test_pictures_come_one_by_one_or_as_a_stream(rig, client, acme, desk):
    """
    In a `Mat` whose pixels have another name. Only a stream keeps others out.
    """
    rig.started()
    mat = acme.Mat(rows=1, cols=2, element_type=16, element_size=3, mat_data=bytes(range(6)))
    frames = [acme.TimedPicture(timestamp=stamp, frame=mat) for stamp in range(4)]
    client.call("AddFrame", frames[0], Empty)
    tally = client.call("Push", iter(frames[1:]), acme.Tally, "stream_unary")

    assert (acme.Tally(received_frames=3, used=3), 4, [[[0, 1, 2], [3, 4, 5]]], 1) == (
        tally,
        len(desk.pictures),
        desk.pictures[0].tolist(),
        desk.claims,
    )


def test_what_is_not_known_says_how_to_make_it_known(client):
    """
    It does not do something else instead.
    """
    code, words = refusal(client.call, "SetLamp", BoolValue(value=True), Empty)

    assert (grpc.StatusCode.UNIMPLEMENTED, True) == (code, "rpc_method_names" in words)


def test_our_own_service_is_served_beside_it(rig, client):
    """
    `vitalrig record` goes on working.
    """
    client.call("StartCore", Empty(), Empty)
    with own_stub(rig) as stub:
        assert stub.GetStatus(Empty()).core_running


def test_reflection_lists_both_and_describes_theirs(rig):
    """
    From pools that stay apart.
    """
    asked = reflection_pb2.ServerReflectionRequest
    with rig.channel() as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        questions = [asked(list_services=""), asked(file_containing_symbol=SERVICE)]
        listed, file = stub.ServerReflectionInfo(iter(questions))
    services = {service.name for service in listed.list_services_response.service}

    assert (True, True) == (
        {SERVICE, "vitalrig.rpc.Physiology"} <= services,
        bool(file.file_descriptor_response.file_descriptor_proto),
    )


def test_a_generated_module_does_as_well(tmp_path, monkeypatch):
    """
    As it lies in a licensee's wheel.
    """
    package = tmp_path / "acme_wheel"
    package.mkdir()
    (package / "monitor.proto").write_text(OTHER.read_text().replace("acme.vitals", "acme.wheel"))
    subprocess.run(
        [
            sys.executable, "-m", "grpc_tools.protoc", f"-I{tmp_path}", f"--python_out={tmp_path}",
            str(package / "monitor.proto"),
        ],
        check=True,
    )  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path))
    with serving(tmp_path, rpc_module="acme_wheel.monitor_pb2") as rig, rig.channel() as channel:
        Client(channel, "acme.wheel.MonitorControl").call("StartCore", Empty(), Empty)

        assert rig.control.core_running


def test_our_messages_are_served_under_names_of_one_s_own(tmp_path):
    """
    Where a client has been built with other names.
    """
    names = {"set_recording": "Record", "StreamCoreMetrics": "Watch"}
    with (
        serving(tmp_path, rpc_service_name="lab.Bed", rpc_method_names=names) as rig,
        rig.channel() as channel,
    ):
        rig.started()
        client = Client(channel, "lab.Bed")
        request = pb.SetRecordingRequest(recording=True, session_id="first")
        reply = client.call("Record", request, pb.StatusReply)
        stream = client.stream("Watch", pb.CoreMetrics)
        rig.publish("core_metrics", 1_700_000_000_000_000, {"pulse": {"strict": {"value": 70}}})

        assert ("first", 70.0) == (reply.session_id, next(stream).metrics.pulse.strict.value)
