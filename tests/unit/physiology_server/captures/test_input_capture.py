"""What `input_path` may name."""

import os

import pytest

from services.physiology_server.captures.input_capture import input_capture
from services.physiology_server.captures.live_capture import LiveCapture
from services.physiology_server.captures.video_file_capture import VideoFileCapture
from services.physiology_server.dropped_frames import DroppedFrames
from tests.support.clips import Brightness, write_video
from vitalrig.clock import SystemClock
from vitalrig.service.heartbeats import ServiceHeartbeats


def capture(where, **how):
    beats = ServiceHeartbeats("physiology_server")
    return input_capture(str(where), SystemClock(), beats, DroppedFrames(beats), Brightness, **how)


@pytest.fixture
def folder(tmp_path):
    write_video(tmp_path / "a clip.avi", 3)
    os.mkfifo(tmp_path / "fifo")
    return tmp_path


def test_a_file_is_played_and_is_no_camera(folder):
    """
    Whoever sees the numbers is told that they are of a recording.
    """
    found = capture(folder / "a clip.avi", speed=4.0)

    assert (VideoFileCapture, "replay") == (type(found), found.kind)


def test_a_file_url_is_a_path(folder):
    """
    With its blanks written as URLs write them.
    """
    assert VideoFileCapture is type(capture(f"file://{folder}/a%20clip.avi"))


def test_a_fifo_is_a_camera(folder):
    """
    What another program writes is live.
    """
    found = capture(folder / "fifo")

    assert (LiveCapture, "camera") == (type(found), found.kind)


@pytest.mark.parametrize("scheme", ["rtsp", "RTSP", "rtsps", "http", "https", "udp", "rtp"])
def test_a_stream_is_a_camera_and_need_not_be_there_yet(scheme):
    """
    The server may be started before it.
    """
    assert "camera" == capture(f"{scheme}://127.0.0.1:9/live").kind


@pytest.mark.parametrize(
    "where", ["concat://a|b", "ftp://user:secret@host/x", "data://x", "pipe://0"]
)
def test_other_schemes_are_refused_without_showing_a_password(where):
    """
    FFmpeg knows many more, some of which read any file.
    """
    with pytest.raises(ValueError, match="the scheme may be rtsp, .* or file") as refused:
        capture(where)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("where", ["missing.mp4", "pipe:0", "concat:a|b"])
def test_what_is_not_there_is_refused_by_its_path(where):
    """
    A name is a path, whatever FFmpeg would make of it.
    """
    with pytest.raises(ValueError, match="there is no such video file") as refused:
        capture(where)

    assert where in str(refused.value)


def test_a_device_is_named_elsewhere():
    """
    Cameras have settings of their own.
    """
    with pytest.raises(ValueError, match="camera_device_index"):
        capture("/dev/null")


def test_what_is_live_has_no_other_speed(folder):
    """
    It comes when it comes.
    """
    with pytest.raises(ValueError, match="speed is 2"):
        capture(folder / "fifo", speed=2.0)
