"""Pictures for onlookers."""

import asyncio
import base64
import json
import threading

import cv2
import numpy as np
import pytest

from services.physiology_server.captures.capture import CapturedFrame
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.preview import PreviewPublisher, to_jpeg
from services.physiology_server.signals.frame import Frame
from tests.support.patience import PATIENCE_S
from vitalrig.service.heartbeats import ServiceHeartbeats

START_US = 1_760_000_000_000_000


def a_picture(width=320, height=240, colour=(200, 40, 40)):
    return np.full((height, width, 3), colour, np.uint8)


def a_shot(index=0, time_s=0.0, picture=a_picture):
    return CapturedFrame(Frame(index, time_s), START_US + round(time_s * 1_000_000), picture)


class Watching:
    """A publisher, and what came of it."""

    def __init__(self, kind="camera", **keys):
        self.outbox = Outbox(9)
        self.beats = ServiceHeartbeats("probe")
        self.pictures = PreviewPublisher(self.outbox, self.beats, kind, **keys)

    async def see(self, shot):
        """Show one shot, and wait until what comes of it has come."""
        self.pictures.see(shot)
        while (encoding := self.pictures._encoding) is not None:
            await asyncio.wait([encoding])
            await asyncio.sleep(0)
        taken = self.outbox.take(9)
        self.outbox.done()
        return taken

    def count(self, name):
        return self.beats.report()["counters"][name]


def sent_of(shots, **keys):
    """All pictures that were sent of *shots*, with time to encode each."""

    async def run():
        watching = Watching(**keys)
        sent = []
        for shot in shots:
            sent += await watching.see(shot)
        watching.pictures.close()
        return sent

    return [numbered.outgoing for numbered in asyncio.run(run())]


def payload(outgoing):
    return json.loads(outgoing.envelope)["payload"]


def decoded(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]


def indices(sent):
    return [payload(outgoing)["frame_index"] for outgoing in sent]


def seconds_of(fps, seconds):
    return [a_shot(index, index / fps) for index in range(round(fps * seconds))]


@pytest.mark.parametrize(
    ("fps", "frame_fps", "pictures"),
    [(30, 5, 10), (30, 30, 60), (30, 60, 60), (25, 10, 20), (30, 0, 0), (30, 0.5, 1)],
    ids=str,
)
def test_at_most_so_many_pictures_are_taken_in_a_second_of_capture(fps, frame_fps, pictures):
    """
    By the capture's time, whatever the time of day; two seconds of it.
    """
    assert pictures == len(sent_of(seconds_of(fps, 2), frame_fps=frame_fps))


def test_a_new_capture_begins_with_a_picture():
    """
    Its time starts at zero again.
    """
    shots = [a_shot(0, 0.0), a_shot(900, 30.0), a_shot(0, 0.0), a_shot(1, 0.033)]

    assert [0, 900, 0] == indices(sent_of(shots))


def test_a_shot_without_a_picture_is_passed_over():
    """
    A source may have none.
    """
    assert [] == sent_of([a_shot(picture=None)])


def test_a_picture_is_a_jpeg_of_what_was_seen():
    """
    In red, green and blue: a red picture stays red.
    """
    [outgoing] = sent_of([a_shot()])
    red, green, blue = decoded(outgoing.jpeg)[120, 160]

    assert (True, True, True) == (abs(red - 200) < 8, abs(green - 40) < 8, abs(blue - 40) < 8)


def test_the_payload_has_the_picture_under_both_names_and_what_a_reader_needs():
    """
    The vendor's keys are not documented; these are the ones that readers may look for.
    """
    [outgoing] = sent_of([a_shot(7, 0.5)])
    found = payload(outgoing)
    pictures = {base64.b64decode(found.pop("data")), base64.b64decode(found.pop("image"))}

    assert (
        {
            "encoding": "base64",
            "format": "jpeg",
            "width": 320,
            "height": 240,
            "frame_index": 7,
            "timestamp": str(START_US + 500_000),
        },
        {outgoing.jpeg},
    ) == (found, pictures)


def test_the_envelope_is_stamped_with_the_capture():
    """
    Not with the moment of encoding.
    """
    [outgoing] = sent_of([a_shot(7, 0.5)])
    envelope = json.loads(outgoing.envelope)

    assert ("frame", START_US + 500_000) == (envelope["type"], envelope["timestamp"])


@pytest.mark.parametrize(
    ("kind", "said"),
    [("camera", None), ("upload", None), ("synthetic", "synthetic"), ("replay", "replay")],
)
def test_a_picture_that_is_no_cameras_says_so(kind, said):
    """
    In the message too, not only in the picture.
    """
    [outgoing] = sent_of([a_shot()], kind=kind)

    assert said == payload(outgoing).get("source")


@pytest.mark.parametrize(
    ("size", "max_width", "expected"),
    [((1280, 720), 640, (640, 360)), ((320, 240), 640, (320, 240)), ((999, 3), 10, (10, 1))],
    ids=["wider", "narrower", "flat"],
)
def test_a_wide_picture_is_made_smaller_in_proportion(size, max_width, expected):
    """
    frame_max_width; nothing is ever made larger.
    """
    jpeg, width, height = to_jpeg(a_picture(*size), 75, max_width)

    assert (expected, expected[::-1]) == ((width, height), decoded(jpeg).shape[:2])


def test_a_lower_quality_is_a_smaller_jpeg():
    """
    frame_quality.
    """
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)
    sizes = [len(to_jpeg(noise, quality, 640)[0]) for quality in (10, 50, 95)]

    assert sorted(set(sizes)) == sizes


def test_a_picture_that_is_due_while_the_one_before_is_encoded_is_left_out_and_counted():
    """
    The loop goes on meanwhile.
    """

    async def run():
        watching = Watching(frame_fps=30)
        may_go_on = threading.Event()

        def slow():
            may_go_on.wait(PATIENCE_S)
            return a_picture()

        watching.pictures.see(a_shot(0, 0.0, slow))
        watching.pictures.see(a_shot(1, 0.1))
        watching.pictures.see(a_shot(2, 0.2))
        skipped = watching.count("pictures_skipped")
        may_go_on.set()
        sent = await watching.see(a_shot(3, 0.3, None))
        watching.pictures.close()
        return skipped, indices(numbered.outgoing for numbered in sent)

    assert (2, [0]) == asyncio.run(run())


def test_a_picture_that_cannot_be_made_is_counted_and_the_next_one_comes():
    """
    A fault of one picture costs one picture.
    """

    async def run():
        watching = Watching(frame_fps=30)

        def broken():
            raise ValueError("no picture today")

        first = await watching.see(a_shot(0, 0.0, broken))
        second = await watching.see(a_shot(1, 0.1))
        watching.pictures.close()
        return len(first), len(second), watching.count("pictures_failed")

    assert (0, 1, 1) == asyncio.run(run())


def test_after_closing_no_picture_is_taken():
    """
    The last frames of a graph that is being stopped are not at fault.
    """

    async def run():
        watching = Watching()
        watching.pictures.close()
        return await watching.see(a_shot())

    assert [] == asyncio.run(run())
