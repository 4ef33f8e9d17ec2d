"""Large messages, slow clients and quiet ones: none of them costs the others anything."""

import contextlib
import itertools
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.physiology_server.rpc.message_limits import LARGEST_REQUEST_BYTES
from tests.support.patience import PATIENCE_S
from tests.support.rpc import Desk, own_stub, serving
from tests.support.server_process import ServerProcess
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
LARGE_BYTES = 15 * MIB
CLIENTS = 24
SET_RECORDING = "/vitalrig.rpc.Physiology/SetRecording"
UPLOAD_FRAMES = "/vitalrig.rpc.Physiology/UploadFrames"
HEALTH = "/grpc.health.v1.Health/Check"
ANY_SIZE = [("grpc.max_send_message_length", -1)]


class Process(ServerProcess):
    """A server of its own, whose memory can be looked at."""

    def __init__(self, folder):
        upload = {"source": "upload", "streaming_backend": "grpc", "max_message_mib": 16}
        super().__init__(folder, None, 1, **upload, frame_fps=None)

    @property
    def most_memory_bytes(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


@pytest.fixture
def process(tmp_path):
    process = Process(tmp_path).ready()
    with grpc.insecure_channel(f"127.0.0.1:{process.port}") as channel:
        pb_grpc.PhysiologyStub(channel).GetStatus(Empty(), timeout=PATIENCE_S)
    yield process
    process.stop()


def sent(port, path, message):
    """What the server says to *message*, on a connection of its own."""
    with grpc.insecure_channel(f"127.0.0.1:{port}", ANY_SIZE) as channel:
        call = channel.stream_unary(path)
        try:
            call(iter([message]), timeout=PATIENCE_S)
        except grpc.RpcError as exc:
            return exc.code()
        return grpc.StatusCode.OK


@pytest.mark.parametrize("path", [SET_RECORDING, HEALTH, UPLOAD_FRAMES])
def test_large_messages_that_come_at_once_take_the_memory_of_few(process, path):
    """
    Each takes three times its size while it is read: in gRPC's pieces, and as bytes twice.
    """
    before = process.most_memory_bytes
    message = pb.SetRecordingRequest(session_id="x" * LARGE_BYTES).SerializeToString()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda _: sent(process.port, path, message), range(CLIENTS)))

    assert process.most_memory_bytes - before < 8 * LARGE_BYTES


@pytest.fixture
def rig(tmp_path):
    with serving(tmp_path, source="upload", uploads=Desk()) as rig:
        yield rig.started()


@pytest.mark.parametrize("path", [SET_RECORDING, HEALTH])
def test_only_frames_may_be_large(rig, path):
    """
    A name or a number is not as long as this, and the client is told so.
    """
    message = pb.SetRecordingRequest(session_id="x" * LARGEST_REQUEST_BYTES).SerializeToString()

    assert grpc.StatusCode.RESOURCE_EXHAUSTED is sent(rig.port, path, message)


def test_where_no_frames_are_uploaded_no_message_may_be_large(tmp_path):
    """
    It is refused before it is read.
    """
    message = pb.SetRecordingRequest(session_id="x" * LARGEST_REQUEST_BYTES).SerializeToString()
    with serving(tmp_path) as rig:
        assert grpc.StatusCode.RESOURCE_EXHAUSTED is sent(rig.port, SET_RECORDING, message)


def test_usual_calls_at_once_are_all_served(rig):
    """
    They wait for each other for less than anyone notices.
    """
    with own_stub(rig) as stub, ThreadPoolExecutor(32) as clients:
        calls = list(clients.map(lambda _: stub.GetStatus(Empty()), range(400)))

    assert [8] * 400 == [reply.status for reply in calls]


def test_clients_that_send_nothing_keep_nobody_out(rig):
    """
    Each of them gives way as soon as another call waits.
    """
    silent = threading.Event()

    def nothing():
        silent.wait()
        yield from ()

    with (
        grpc.insecure_channel(f"127.0.0.1:{rig.port}") as slow,
        own_stub(rig) as stub,
        contextlib.ExitStack() as ended,
    ):
        ended.callback(silent.set)
        calls = [slow.stream_unary(SET_RECORDING).future(nothing()) for _ in range(40)]
        replies = [stub.GetStatus(Empty(), timeout=PATIENCE_S) for _ in range(5)]
        refused = {call.exception(PATIENCE_S).code() for call in calls[:-1]}

    assert [8] * 5 == [reply.status for reply in replies]
    assert {grpc.StatusCode.RESOURCE_EXHAUSTED} == refused


def test_a_message_that_makes_no_sense_is_an_invalid_argument(rig):
    """
    Of health as of our own service.
    """
    assert grpc.StatusCode.INVALID_ARGUMENT is sent(rig.port, HEALTH, b"\xff")


def test_a_call_without_a_message_is_an_invalid_argument(rig):
    """
    It is not taken for the message that says nothing.
    """
    with grpc.insecure_channel(f"127.0.0.1:{rig.port}") as channel:
        for path in (SET_RECORDING, HEALTH):
            with pytest.raises(grpc.RpcError) as refused:
                channel.stream_unary(path)(iter([]), timeout=PATIENCE_S)
            assert grpc.StatusCode.INVALID_ARGUMENT is refused.value.code()


def test_health_is_still_watched(rig):
    """
    Its stream of replies goes on.
    """
    with grpc.insecure_channel(f"127.0.0.1:{rig.port}") as channel:
        replies = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())

        assert health_pb2.HealthCheckResponse.SERVING == next(replies).status


def test_a_client_may_ask_whether_the_server_is_there_as_often_as_it_wants(rig):
    """
    Nothing is said meanwhile. gRPC by itself ends such a connection at the third ping.
    """
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    ping = b"\0\0\x08\x06\0\0\0\0\0" + b"are you?"
    heard = b""
    with socket.create_connection(("127.0.0.1", rig.port), PATIENCE_S) as connection:
        connection.sendall(preface)
        for asked in itertools.count(1):
            connection.sendall(ping)
            while heard.count(b"are you?") < asked and (more := connection.recv(4096)):
                heard += more
            if asked == 6 or b"too_many_pings" in heard:
                break
            time.sleep(1.01)  # it is about time

    assert b"too_many_pings" not in heard
