"""A camera over V4L2, as OpenCV sees it: there, away, busy, forbidden, broken and frozen."""

import json
from contextlib import contextmanager

import numpy as np
import pytest

from tests.support.clips import luma, yuyv
from tests.support.eventually import eventually
from tests.support.fake_camera import FakeCamera, Watching, compile_library
from tests.support.own_process import OwnService

NOT_STARTED = 8


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return compile_library(tmp_path_factory.mktemp("fakev4l2"))


@pytest.fixture
def camera(library, tmp_path):
    return FakeCamera(library, tmp_path)


def plain():
    return yuyv(luma(90, level=100))


def luma_of(shot):
    """Undo what OpenCV does to the luma of a grey picture (BT.601, 16 to 235)."""
    return shot["level"] / 1.164 + 16


def is_away(watching):
    return watching.lines and watching.lines[-1].get("idle", 0) == NOT_STARTED


def test_pictures_bear_the_driver_s_time_to_the_millisecond(camera):
    """
    The stamp says when the picture was taken, not when it was handled.
    """
    camera.plug_in(plain())
    with Watching(camera) as watching:
        shots = watching.until_shots(45)

    intervals_ms = np.diff([shot["stamp_us"] for shot in shots]) / 1_000
    steps = np.diff([shot["index"] for shot in shots])
    assert 0 == pytest.approx(np.abs(intervals_ms - steps * 1_000 / 30).max(), abs=1.0)


def test_stamps_are_those_of_the_wall_clock(camera):
    """
    A picture is stamped shortly before it is handed on.
    """
    camera.plug_in(plain())
    with Watching(camera) as watching:
        shots = watching.until_shots(5)

    late_ms = np.median([shot["now_us"] - shot["stamp_us"] for shot in shots]) / 1_000
    assert 0 < late_ms < 500


def test_a_picture_is_turned_before_it_is_measured(camera):
    """
    A camera mounted on its side gives upright pictures.
    """
    camera.plug_in(plain())
    with Watching(camera, "cw90") as watching:
        shot = watching.until_shots(1)[0]

    assert [160, 120, 3] == shot["shape"]


def test_a_camera_that_is_unplugged_is_found_again(camera):
    """
    Without a restart, and with one log line for the absence and one for its end.
    """
    camera.plug_in(plain())
    with Watching(camera) as watching:
        before = watching.until_shots(3)[-1]
        camera.unplug()
        watching.until(lambda: is_away(watching))
        camera.plug_in(plain())
        after = watching.until_shots(1)[0]

    away = watching.events("gives no pictures")
    assert ["there is no such device"] == [line["why"] for line in away]
    assert 2 == len(watching.events("the camera gives pictures"))
    assert 1 == watching.counters["camera_disconnects"]
    assert watching.counters["camera_away_seconds"] > 0.4
    assert after["time_s"] > before["time_s"]
    assert "" == watching.errors


def test_a_camera_that_is_plugged_in_late_is_used(camera):
    """
    The server may be started before its camera.
    """
    with Watching(camera) as watching:
        watching.until(lambda: is_away(watching))
        camera.plug_in(plain())
        first = watching.until_shots(1)[0]

    assert (0, 0.0) == (first["index"], first["time_s"])
    assert 0 == watching.counters["camera_disconnects"]


def test_a_busy_camera_is_used_when_it_is_free(camera):
    """
    The other program need only be closed.
    """
    camera.plug_in(plain())
    with Watching(camera) as watching:
        with camera.told("busy"):
            away = watching.until(lambda: watching.events("gives no pictures"))
            watching.until(lambda: is_away(watching))
        watching.until_shots(1)

    assert "close the other program" in away[0]["advice"]
    assert "" == watching.errors


def test_a_camera_that_may_not_be_opened_says_which_group_is_needed(camera):
    """
    The commonest fault of a first installation explains itself.
    """
    camera.plug_in(plain())
    with camera.told("denied"), Watching(camera) as watching:
        away = watching.until(lambda: watching.events("gives no pictures"))

    assert "group video" in away[0]["advice"]


def test_broken_pictures_are_counted_and_left_out(camera):
    """
    Of six pictures one is torn and one is empty; the other four are measured.
    """
    good = luma(6, level=[60, 80, 100, 120, 140, 160])
    torn = bytearray(yuyv(good[1:2]))
    torn[len(torn) // 2 :] = bytes(len(torn) - len(torn) // 2)
    camera.plug_in(yuyv(good[:1]) + bytes(torn) + yuyv(good[2:5]) + bytes(len(torn)))
    with Watching(camera) as watching:
        shots = watching.until_shots(40)

    assert [60, 100, 120, 140] == sorted({10 * round(luma_of(shot) / 10) for shot in shots})
    assert 0.5 == pytest.approx(watching.counters["frames_dropped_bad_picture"] / 40, abs=0.2)
    assert 0 == watching.counters["camera_disconnects"]


def test_a_frozen_picture_is_not_shown_as_live(camera):
    """
    After two seconds of the same bytes, frames are left out until the picture moves.
    """
    moving, still = yuyv(luma(15, level=100)), yuyv(luma(1, level=150))
    camera.plug_in(moving + still * 90)
    with Watching(camera) as watching:
        watching.until(lambda: watching.events("frozen"))
        watching.until(lambda: is_away(watching))
        watching.until(lambda: watching.events("moves again"))
        after = watching.until_shots(1)[0]

    frozen = [shot for shot in watching.shots if shot["level"] > 125]
    assert 1 == watching.counters["camera_stalls"]
    assert frozen[-1]["time_s"] - frozen[0]["time_s"] == pytest.approx(2.0, abs=0.1)
    assert after["level"] < 125


def envelopes(client, channel):
    return [
        json.loads(fields[b"envelope"])
        for _, fields in client.xrange("physiology:envelopes")
        if fields[b"channel"].decode() == channel
    ]


def statuses(client):
    return [envelope["payload"]["value"] for envelope in envelopes(client, "status")]


@contextmanager
def running_server(camera, redis_server, folder):
    """The server as a process of its own, since the camera exists only under the preload."""
    process = OwnService(
        "physiology_server", folder, variables=camera.environ, port=0, source="camera",
        autostart=True, redis_port=redis_server.port, streaming_backend="redis",
    )  # fmt: skip
    process.start()
    try:
        yield
        process.stop()
        assert 0 == process.exit_status
    finally:
        process.kill()


def test_the_server_goes_on_without_its_camera_and_with_it_again(camera, redis_server, tmp_path):
    """
    As its subscribers see it: frames, then the status that nothing is processed, then frames.
    """
    camera.plug_in(plain())
    with running_server(camera, redis_server, tmp_path), redis_server.client() as client:
        eventually(lambda: envelopes(client, "edge_metrics"))
        camera.unplug()
        eventually(lambda: "PROCESSING_NOT_STARTED" == statuses(client)[-1])
        camera.plug_in(plain())
        before = len(envelopes(client, "edge_metrics"))
        eventually(lambda: len(envelopes(client, "edge_metrics")) > before)
