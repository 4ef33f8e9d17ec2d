"""Frames from a client: each is accounted for."""

import grpc
import numpy as np
import pytest
from google.protobuf.empty_pb2 import Empty

from services.physiology_server.captures.capture import Picture
from tests.support.rpc import Desk, own_stub, serving
from vitalrig.rpc import physiology_pb2 as pb

PICTURE: Picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def frame(timestamp_us, picture=PICTURE, **change):
    rows, cols, size = picture.shape
    mat = {
        "rows": rows, "cols": cols, "element_type": 16, "element_size": size,
        "data": picture.tobytes(),
    }  # fmt: skip
    return pb.FrameWithTimestamp(timestamp=timestamp_us, frame=pb.Mat(**mat | change))


def refusal(call, *args):
    with pytest.raises(grpc.RpcError) as refused:
        call(*args)
    return refused.value.code(), refused.value.details()


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def rig(tmp_path, desk):
    with serving(tmp_path, source="upload", uploads=desk) as rig:
        yield rig.started()


@pytest.fixture
def stub(rig):
    with own_stub(rig) as stub:
        yield stub


def test_pictures_arrive_as_they_were_sent(desk, stub):
    """
    Rows, columns and colours.
    """
    stub.UploadFrames(iter([frame(1)]))

    assert [PICTURE.tolist()] == [picture.tolist() for picture in desk.pictures]


def test_every_frame_is_accounted_for(rig, stub):
    """
    Received is used and all that were dropped, by reason; the server counts the same.
    """
    frames = [frame(1), frame(2), frame(2), frame(3, rows=5), frame(4, data=b""), frame(5)]
    report = stub.UploadFrames(iter(frames))

    assert (
        pb.UploadReport(received=6, used=3, dropped={"time_not_rising": 1, "bad_picture": 2}),
        {"bad_picture": 2},
    ) == (report, dict(rig.state.drops.by_reason))


def test_an_upload_of_nothing_reports_nothing(stub):
    """
    Some clients are started without a camera.
    """
    assert pb.UploadReport() == stub.UploadFrames(iter([]))


def test_frames_after_the_graph_has_stopped_are_counted(rig, stub):
    """
    The upload goes on, and its report says what became of them.
    """

    def frames():
        yield frame(1)
        stub.StopEdgeGraph(Empty())
        yield frame(2)

    report = stub.UploadFrames(frames())

    assert pb.UploadReport(received=2, used=1, dropped={"not_started": 1}) == report


def test_frames_of_two_clients_do_not_mix(rig, stub):
    """
    The second is told to wait, and the first loses nothing.
    """
    refused = []

    def frames():
        yield frame(1)
        with own_stub(rig) as second:
            refused.append(refusal(second.UploadFrames, iter([frame(2)])))
        yield frame(3)

    report = stub.UploadFrames(frames())

    assert (2, [(grpc.StatusCode.FAILED_PRECONDITION, "another client uploads frames")]) == (
        report.used,
        refused,
    )


@pytest.mark.parametrize(
    ("verbs", "words"),
    [((), "Container not initialized."), (("start_core",), "Graph not started.")],
    ids=["no core", "no graph"],
)
def test_without_a_graph_an_upload_is_a_failed_precondition(tmp_path, verbs, words):
    """
    In the vendor's words.
    """
    with serving(tmp_path, source="upload", uploads=Desk()) as rig, own_stub(rig) as stub:
        for verb in verbs:
            rig.do(getattr(rig.control, verb))
        code, found = refusal(stub.UploadFrames, iter([frame(1)]))

    assert (grpc.StatusCode.FAILED_PRECONDITION, True) == (code, words in found)


def test_without_upload_as_source_it_says_which_setting_to_change(tmp_path):
    """
    A camera of the server's and one of the client's cannot be measured at once.
    """
    with serving(tmp_path) as rig, own_stub(rig) as stub:
        rig.started()
        answer = refusal(stub.UploadFrames, iter([frame(1)]))

    assert (
        grpc.StatusCode.FAILED_PRECONDITION,
        "frames come from synthetic: start the server with source=upload to send yours",
    ) == answer


def test_a_full_hd_frame_fits_and_one_beyond_the_limit_is_refused(tmp_path):
    """
    gRPC's own limit of 4 MiB would refuse both.
    """
    large = np.zeros((1080, 1920, 3), np.uint8)
    with (
        serving(
            tmp_path, source="upload", uploads=Desk(), max_message_bytes=7 * 1024 * 1024
        ) as rig,
        own_stub(rig) as stub,
    ):
        rig.started()
        report = stub.UploadFrames(iter([frame(1, large)]))
        code, _ = refusal(stub.UploadFrames, iter([frame(2, np.vstack([large, large]))]))

    assert (1, grpc.StatusCode.RESOURCE_EXHAUSTED) == (report.used, code)
