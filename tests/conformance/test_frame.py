"""Pictures: `{prefix}:frame`, `latest.jpg` and numbered frames."""

import base64
import json
import re

import cv2
import numpy as np
import pytest

from tests.support.conformance import FPS, Play, play

FRAME_FPS = 5
SECONDS = 1.1
NUMBERED = re.compile(r"frame_([0-9]{10})\.jpg")


@pytest.fixture(scope="module")
def published(runs, tmp_path_factory):
    """Payloads of the channel, in real time: pictures are left out rather than waited for."""
    what = Play(SECONDS, speed=1, keys={"frame_fps": FRAME_FPS})
    run = play(what, "redis", tmp_path_factory.mktemp("pictures"), runs.redis)
    return run.messages("frame")


def written(runs, folder, **config):
    """Pictures in the folder after a run with this configuration."""
    path = folder / "file_ipc_config.json"
    path.write_text(json.dumps(config))
    keys = {"frame_fps": FRAME_FPS, "file_config_path": path}
    run = play(Play(SECONDS, speed=1, keys=keys), "file", folder, runs.redis)
    names = (path for path in (run.folder / "file_ipc_output").iterdir() if path.is_file())
    return {
        path.name: path.read_bytes() for path in names if path.suffix not in (".jsonl", ".lock")
    }


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_a_picture_is_a_jpeg_in_base64(published):
    """
    Under both names that readers may look for.
    """
    for message in published:
        jpeg = base64.b64decode(message.payload["image"], validate=True)
        height, width = decoded(jpeg).shape[:2]

        assert (b"\xff\xd8\xff", "base64", "jpeg") == (
            jpeg[:3], message.payload["encoding"], message.payload["format"],
        )  # fmt: skip
        assert (message.payload["width"], message.payload["height"]) == (width, height)
        assert message.payload["data"] == message.payload["image"]


def test_pictures_come_at_their_own_rate(published):
    """
    Every sixth frame, fewer where the machine is too slow for it, never more.
    """
    steps = np.diff([message.payload["frame_index"] for message in published])

    assert 2 < len(published) <= SECONDS * FRAME_FPS + 1
    assert FPS / FRAME_FPS <= steps.min()
    assert [] == [step for step in steps if step % (FPS / FRAME_FPS)]


def test_a_picture_has_the_time_of_its_frame(published):
    """
    In microseconds since the epoch, in the envelope and as text in the payload.
    """
    stamps = [message.timestamp_us for message in published]
    indices = [message.payload["frame_index"] for message in published]

    assert [str(stamp) for stamp in stamps] == [m.payload["timestamp"] for m in published]
    assert np.diff(stamps) == pytest.approx(np.diff(indices) / FPS * 1e6, abs=2)


def test_a_made_up_picture_says_so(published):
    """
    As metrics do.
    """
    assert {"synthetic"} == {message.payload["source"] for message in published}


def test_by_default_there_is_the_latest_picture_alone(runs, tmp_path):
    """
    `latest.jpg`, whole.
    """
    pictures = written(runs, tmp_path)

    assert ["latest.jpg"] == list(pictures)
    assert (b"\xff\xd8\xff", 3) == (
        pictures["latest.jpg"][:3],
        decoded(pictures["latest.jpg"]).ndim,
    )


def test_or_the_newest_few_by_number(runs, tmp_path):
    """
    With `max_frame_count`: numbers rise, and the oldest go.
    """
    pictures = written(runs, tmp_path, max_frame_count=2)
    numbers = sorted(int(NUMBERED.fullmatch(name)[1]) for name in pictures)

    assert (2, 1) == (len(numbers), numbers[1] - numbers[0])
    assert numbers[1] > 2
    assert all(decoded(data) is not None for data in pictures.values())
