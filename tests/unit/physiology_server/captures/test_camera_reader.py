"""The thread that reads a camera."""

import asyncio
import itertools
import threading

import numpy as np
import pytest

from services.physiology_server.captures.camera_reader import CameraReader
from services.physiology_server.captures.opencv_feed import CameraUnavailable
from services.physiology_server.captures.thread_bridge import ThreadBridge
from services.physiology_server.clocks.frame_rate import FrameRate
from services.physiology_server.dropped_frames import DroppedFrames
from tests.support.clips import luma
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats

INTERVAL_S = 1 / 30


class Feed:
    """Gives scripted pictures, each a thirtieth of a second after the one before."""

    facts = {}  # noqa: RUF012

    def __init__(self, clock, pictures):
        self._clock = clock
        self._pictures = iter(pictures)
        self._picture = None

    def grab(self):
        self._picture = next(self._pictures, "end")
        if isinstance(self._picture, str):
            return None
        self._clock.advance(INTERVAL_S)
        return self._clock.monotonic_s()

    def retrieve(self):
        return self._picture

    def close(self):
        self._picture = None


class Opener:
    """Opens one scripted feed after the other, then is away."""

    name = "scripted"
    longest_wait_s = 0.5

    def __init__(self, clock, *scripts):
        self._clock = clock
        self._scripts = iter(scripts)
        self.through = threading.Event()

    def open(self):
        script = next(self._scripts, None)
        if script is None:
            self.through.set()
            raise CameraUnavailable("the script is at its end", "nothing")
        return Feed(self._clock, script)

    def close(self):
        pass


def pictures(count, seed=1):
    return [np.repeat(grey[..., None], 3, axis=2) for grey in luma(count, level=100, seed=seed)]


def read(*scripts, rate=None):
    """Read the scripts to their end; give what was handed over, the beats and the drops."""

    async def run():
        clock, beats = ManualClock(), ServiceHeartbeats("physiology_server")
        drops = DroppedFrames(beats)
        handover = ThreadBridge(10_000, lambda: None)
        opener = Opener(clock, *scripts)
        reader = CameraReader(opener, handover, clock, beats, drops, rate or FrameRate(30.0))
        reader.start()
        await asyncio.to_thread(opener.through.wait, 10)
        reader.stop()
        await asyncio.to_thread(reader.join, 10)
        taken = []
        while (item := await handover.take(0)) is not None:
            taken.append(item)
        return taken, beats.report()["counters"], drops

    return asyncio.run(run())


def test_numbers_run_on_over_broken_pictures_and_absences():
    """
    A missing number is a dropped frame.
    """
    taken, counters, drops = read([*pictures(2), None, *pictures(1)], pictures(2))

    assert [0, 1, 3, 4, 5] == [item.number for item in taken]
    assert {"bad_picture": 1} == dict(drops.by_reason)
    assert 2 == counters["camera_disconnects"]


def test_after_an_absence_the_pictures_are_another_run():
    """
    So that the analysis begins anew.
    """
    taken, _, _ = read(pictures(2), pictures(2))

    assert [[0, 1], [3, 4]] == [
        [item.number if run == 0 else item.number + 1 for item in items]
        for run, (_, items) in enumerate(itertools.groupby(taken, lambda item: item.run))
    ]


def test_the_rate_is_that_of_the_pictures_and_not_that_which_was_asked_for():
    """
    A camera that is asked for 60 may give 30. Broken pictures count, and an absence does not.
    """
    rate = FrameRate(60.0)
    read([*pictures(20), None, *pictures(20)], pictures(20), rate=rate)

    assert pytest.approx(30.0) == rate.fps


def test_a_picture_of_another_size_is_left_out():
    """
    A buffer of the wrong size is a fault of the driver.
    """
    odd = pictures(1)[0][:60]
    taken, _, drops = read([*pictures(2), odd, *pictures(1)])

    assert [0, 1, 3] == [item.number for item in taken]
    assert 1 == drops.by_reason["bad_picture"]


def test_a_camera_that_comes_back_with_another_size_is_used():
    """
    It may be another camera.
    """
    taken, _, drops = read(pictures(2), [picture[:60] for picture in pictures(2)])

    assert (4, 0) == (len(taken), drops.total)


def test_a_picture_that_stays_frozen_is_not_live_again_because_the_camera_is_opened_anew():
    """
    After five seconds without a good picture the camera is opened again, which may help.
    """
    still = pictures(1) * 400
    taken, counters, drops = read(
        [*pictures(3, seed=2), *still], [*still[:90], *pictures(3, seed=3)]
    )

    assert 3 + 61 + 3 == pytest.approx(len(taken), abs=1)
    assert 5 * 30 + 90 == pytest.approx(drops.by_reason["bad_picture"], abs=2)
    assert 1 == counters["camera_stalls"]
    assert taken[-1].run != taken[3].run
