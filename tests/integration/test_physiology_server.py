"""The server with real gRPC and a real Redis."""

import json
import socket
import threading

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.physiology_server.app import build
from services.physiology_server.settings import Settings
from tests.support.eventually import eventually
from tests.support.running import a_watchdog, load, running
from tests.support.subscriber import Subscriber
from vitalrig.errors import CannotStart
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc

STREAM = "physiology:envelopes"


@pytest.fixture
def make(redis_server, tmp_path):
    def make(**keys):
        return build(load(Settings, redis_server, **{"port": 0} | keys), a_watchdog(tmp_path))

    return make


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def server(make):
    server = make()
    with running(server):
        eventually(lambda: server.port)
        yield server


@pytest.fixture
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel


@pytest.fixture
def stub(channel):
    return pb_grpc.PhysiologyStub(channel)


def envelopes(client, channel=None):
    return [
        json.loads(fields[b"envelope"])
        for _, fields in client.xrange(STREAM)
        if channel in (None, fields[b"channel"].decode())
    ]


def refusal(call, *args):
    with pytest.raises(grpc.RpcError) as refused:
        call(*args)
    return refused.value.code()


def test_at_first_nothing_has_started(stub):
    """
    The vendor's status 8, as documented for the time before the graph runs.
    """
    status = stub.GetStatus(Empty())

    assert (8, False, False) == (status.status, status.core_running, status.recording)


def test_a_scenario_happens_to_uploaded_frames(make, tmp_path):
    """
    The picture is taken, and of somebody else as well.
    """
    scenario = tmp_path / "crowd.yml"
    scenario.write_text(
        "name: crowd\nduration_s: 5\ntimeline:\n- {at_s: 0.5, for_s: 4, do: several_faces}\n"
    )
    picture = pb.Mat(rows=32, cols=32, element_type=16, element_size=3, data=bytes(32 * 32 * 3))
    server = make(source="upload", streaming_backend="grpc", scenario=scenario)
    with running(server):
        eventually(lambda: server.port)
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            stub = pb_grpc.PhysiologyStub(channel)
            stub.StartCore(Empty())
            stub.StartEdgeGraph(Empty())
            report = stub.UploadFrames(
                pb.FrameWithTimestamp(timestamp=stamp_us, frame=picture)
                for stamp_us in (0, 1_000_000)
            )
            status = stub.GetStatus(Empty())

    assert (2, 2, "synthetic") == (report.used, status.status, status.source)


@pytest.mark.parametrize("rpc", ["StartEdgeGraph", "StartPreprocessing"])
def test_the_edge_graph_without_core_is_a_failed_precondition(stub, rpc):
    """
    A client learns which call is missing.
    """
    assert grpc.StatusCode.FAILED_PRECONDITION == refusal(getattr(stub, rpc), Empty())


def test_a_session_name_with_a_path_is_an_invalid_argument(stub):
    """
    What a client sends becomes no path.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    request = pb.SetRecordingRequest(recording=True, session_id="../../etc/passwd")

    assert grpc.StatusCode.INVALID_ARGUMENT == refusal(stub.SetRecording, request)


def test_the_server_says_what_it_was_set_up_to_be(make):
    """
    Where envelopes go, what the camera is called, and what is switched on.
    """
    server = make(redis_key_prefix="bedside", enable_eda=True)
    with running(server):
        eventually(lambda: server.port)
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            info = pb_grpc.PhysiologyStub(channel).GetServerInfo(Empty())

    assert ("redis", "bedside", ["eda", "pictures"], "synthetic", 16) == (
        info.backend,
        info.camera,
        list(info.capabilities),
        info.source,
        len(info.run_id),
    )


@pytest.mark.parametrize(
    ("source", "signals"), [("synthetic", ["pulse", "breathing", "face", "eda"]),
                            ("upload", ["pulse", "breathing"])],
)  # fmt: skip
def test_the_status_names_the_signals_that_come(make, source, signals):
    """
    So a client need not wait for those that never will.
    """
    server = make(source=source, enable_eda=True)
    with running(server):
        eventually(lambda: server.port)
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            status = pb_grpc.PhysiologyStub(channel).GetStatus(Empty())

    assert signals == list(status.signals)


def test_the_standard_health_service_answers(channel):
    """
    Whatever probes gRPC services can probe this one.
    """
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())

    assert health_pb2.HealthCheckResponse.SERVING == answer.status


def test_a_started_graph_publishes_edge_metrics_of_every_frame(stub, client):
    """
    Edge metrics come at camera rate, numbered without a hole.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    eventually(lambda: len(envelopes(client, "edge_metrics")) >= 15)

    seqs = [int(fields[b"seq"]) for _, fields in client.xrange(STREAM)]

    assert list(range(1, len(seqs) + 1)) == seqs


def test_core_metrics_come_only_while_recording(stub, client):
    """
    As inferred of the vendor's server; publish_core=always is ours.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    eventually(lambda: len(envelopes(client, "edge_metrics")) >= 15)
    before = len(envelopes(client, "core_metrics"))

    stub.SetRecording(pb.SetRecordingRequest(recording=True, session_id="first"))

    assert (0, True) == (before, bool(eventually(lambda: envelopes(client, "core_metrics"))))


def test_an_envelope_has_exactly_the_documented_keys_in_their_order(stub, client):
    """
    type, timestamp, payload.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    eventually(lambda: envelopes(client, "edge_metrics"))

    shapes = {tuple(envelope) for envelope in envelopes(client)}

    assert {("type", "timestamp", "payload")} == shapes


def test_a_late_subscriber_finds_the_recording_state_in_a_key(stub, client):
    """
    Pub/sub cannot repeat what was said before.
    """
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    stub.SetRecording(pb.SetRecordingRequest(recording=True, session_id="first"))

    def last():
        return json.loads(client.get("physiology:recording_state:last"))["payload"]

    assert eventually(lambda: last()["recording"] and last()["session_id"]) == "first"


def test_what_is_kept_in_the_stream_was_also_published(make, client):
    """
    Both ways carry the same envelopes; pictures are published alone.
    """
    subscriber = Subscriber(client, "physiology:*")
    server = make(autostart=True)
    with running(server):
        eventually(lambda: len(envelopes(client)) >= 30)
    heard = [
        json.loads(message["data"])
        for message in subscriber.heard()
        if message["channel"] != b"physiology:frame"
    ]
    subscriber.close()

    assert envelopes(client) == heard


def test_a_stop_ends_the_recording_and_says_so(make, client):
    """
    SIGTERM leaves no recording open.
    """
    server = make(autostart=True)
    with running(server):
        eventually(lambda: server.port)
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            pb_grpc.PhysiologyStub(channel).SetRecording(
                pb.SetRecordingRequest(recording=True, session_id="first")
            )

    last = envelopes(client, "recording_state")[-1]["payload"]

    assert (False, "first") == (last["recording"], last["session_id"])


def test_a_redis_that_goes_away_costs_no_envelope(make, redis_server, client):
    """
    What is made while Redis is away is kept and sent when it is back.
    """
    server = make(autostart=True)
    with running(server):
        eventually(lambda: len(envelopes(client)) >= 15)
        redis_server.stop()
        redis_server.start()
        eventually(lambda: len(envelopes(client)) >= 60)

    seqs = [int(fields[b"seq"]) for _, fields in client.xrange(STREAM)]

    assert list(range(1, max(seqs) + 1)) == sorted(set(seqs))


def test_a_redis_that_hangs_does_not_stop_the_frames(make, redis_server, client):
    """
    The camera goes on while the backend is frozen.
    """
    server = make(autostart=True)
    with running(server):
        eventually(lambda: server.port and len(envelopes(client)) >= 5)
        redis_server.freeze()
        try:
            with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                stub = pb_grpc.PhysiologyStub(channel)
                before = stub.GetStatus(Empty()).frames
                eventually(lambda: stub.GetStatus(Empty()).frames >= before + 30)
                dropped = stub.GetStatus(Empty()).frames_dropped
        finally:
            redis_server.thaw()

    assert 0 == dropped


def test_a_taken_port_is_said_before_anything_starts(make):
    """
    Not a traceback, and not a server that nobody can reach.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CannotStart, match=str(port)):
            make(port=port).run(threading.Event())
