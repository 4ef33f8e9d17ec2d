"""`UploadFrames`, of the whole server, whatever its backend."""

import grpc
import numpy as np
import pytest
from google.protobuf.empty_pb2 import Empty

from tests.support.conformance_rpc import (
    PRECONDITION,
    refusal,
    serving,
    subscribed,
    take,
)
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.running import running
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc


@pytest.fixture
def upload(rpc_backend, runs, tmp_path):
    """As the guide's gRPC command line starts it: frames come from clients."""
    server = serving(rpc_backend, tmp_path, runs.redis, source="upload")
    with running(server):
        eventually(lambda: server.port)
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            stub = pb_grpc.PhysiologyStub(channel)
            stub.StartCore(Empty())
            stub.StartEdgeGraph(Empty())
            yield stub


def frame(timestamp_us, value=128):
    mat = pb.Mat(
        rows=48, cols=64, element_type=16, element_size=3, data=bytes([value]) * (48 * 64 * 3)
    )
    return pb.FrameWithTimestamp(timestamp=timestamp_us, frame=mat)


def test_upload_frames_takes_frames_and_accounts_for_each(upload):
    """
    Time since the capture's start must rise; a bad frame costs itself alone.
    """
    report = upload.UploadFrames(
        iter([frame(0), frame(33_333), frame(33_333), pb.FrameWithTimestamp(timestamp=66_667)])
    )

    assert (4, 2, {"time_not_rising": 1, "bad_picture": 1}) == (
        report.received, report.used, dict(report.dropped),
    )  # fmt: skip


def test_uploaded_frames_give_edge_metrics_with_the_client_s_spacing(upload):
    """
    They are live: no `synthetic` stands in them.
    """
    stream = subscribed(upload.StreamEdgeMetrics(Empty(), timeout=PATIENCE_S))
    upload.UploadFrames(frame(number * 40_000) for number in range(5))
    messages = take(stream, 5)

    assert {"upload"} == {message.source for message in messages}
    assert 0.04 == pytest.approx(
        np.diff([message.timestamp_us for message in messages]) / 1e6, abs=1e-5
    )


def test_a_picture_without_a_face_has_that_status(upload):
    """
    Grey pictures show nobody.
    """
    stream = subscribed(upload.StreamStatus(Empty(), timeout=PATIENCE_S))
    upload.UploadFrames(frame(number * 33_333) for number in range(10))
    names = {message.status.value for message in take(stream, 2)}

    assert 1 in names  # NO_FACES_FOUND


def test_upload_frames_is_refused_where_frames_come_from_elsewhere(started):
    """
    With what to do about it.
    """
    code, words = refusal(started.UploadFrames, iter([frame(0)]))

    assert (PRECONDITION, True) == (code, "source=upload" in words)


def test_upload_frames_is_refused_before_the_graph_runs(upload):
    """
    In the words of the vendor's container.
    """
    upload.StopEdgeGraph(Empty())
    code, words = refusal(upload.UploadFrames, iter([frame(0)]))

    assert (PRECONDITION, True) == (code, words.startswith("Graph not started."))
