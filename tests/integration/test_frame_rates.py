"""The frame rate that a server tells of is the one that it measures."""

import grpc
import numpy as np
import pytest
from google.protobuf.empty_pb2 import Empty

from services.physiology_server.app import build
from services.physiology_server.settings import Settings
from tests.support.clips import without_rate, write_uneven_video
from tests.support.eventually import eventually
from tests.support.running import a_watchdog, load, running
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc


def server_of(folder, **keys):
    return build(load(Settings, streaming_backend="grpc", port=0, **keys), a_watchdog(folder))


def told(server):
    return server.beats.report()["facts"]["frame_rate_hz"]


def uploaded(count, fps):
    for number in range(count):
        picture = pb.Mat(
            rows=8, cols=8, element_type=16, element_size=3, data=np.zeros(192, np.uint8).tobytes()
        )
        yield pb.FrameWithTimestamp(timestamp=round(number * 1e6 / fps), frame=picture)


def test_a_video_s_rate_is_that_of_its_pictures_before_it_plays(tmp_path):
    """
    A browser's recording says 1,000 in its header, and nobody is told so.
    """
    path = without_rate(write_uneven_video(tmp_path / "clip.mkv", list(range(0, 2_000, 40))))
    server = server_of(tmp_path, source="video", input_path=path)

    assert 25.0 == told(server)


def test_a_client_that_uploads_at_another_rate_than_was_set_is_measured(tmp_path):
    """
    It is not a slow pipeline: what it sends is all processed.
    """
    server = server_of(tmp_path, source="upload", fps=30, autostart=True)
    with running(server):
        eventually(lambda: server.port)
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            stub = pb_grpc.PhysiologyStub(channel)
            eventually(lambda: stub.GetStatus(Empty()).edge_running)
            report = stub.UploadFrames(uploaded(30, fps=15))
            eventually(lambda: told(server) != 30.0)

    assert (30, pytest.approx(15.0, abs=0.01)) == (report.used, told(server))
