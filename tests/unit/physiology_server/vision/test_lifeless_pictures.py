"""No pulse from a photograph: pictures without a beating heart give no rate."""

import numpy as np
import pytest

from services.physiology_server.signals.rate_estimator import (
    BREATHING,
    PULSE,
    RateEstimator,
    find_rate,
)
from services.physiology_server.vision.analyser import Analyser
from services.physiology_server.vision.pulse_window import PulseWindow
from tests.support.faces import finished, portrait, room
from tests.support.rounds import rounds
from vitalrig.statuses import StatusCode

FPS = 15.0
SIZE = (200, 150)
FACE_PX = 0.255 * SIZE[1]
SECONDS = rounds(32, 60)  # breathing has its first rate after 25
COUNT = int(SECONDS * FPS)
TIME_S = np.arange(COUNT) / FPS


def photograph(rng):
    """
    A print on a stand, seen by a sensor with noise.
    """
    for _ in TIME_S:
        yield portrait(*SIZE).picture(noise=2.0, rng=rng)


def photograph_without_noise(rng):
    """
    A file instead of a camera: the same picture each time.
    """
    still = portrait(*SIZE).picture()
    for _ in TIME_S:
        yield still


def photograph_in_changing_light(rng):
    """
    Exposure and white balance that are corrected in small steps, each colour by its own.
    """
    light = np.ones(3)
    for _ in TIME_S:
        if rng.random() < 1 / 30:
            light = np.clip(
                light * (1 + 0.01 * rng.normal() + 0.003 * rng.normal(size=3)), 0.7, 1.3
            )
        yield portrait(*SIZE).picture(light=light, noise=2.0, rng=rng)


def photograph_shaken(rng):
    """
    A print that is waved faster than one can measure, at 72 a minute.
    """
    for time_s in TIME_S:
        sway = 0.06 * FACE_PX * np.sin(2 * np.pi * 1.2 * time_s)
        yield portrait(*SIZE).picture(move_px=(sway, sway / 2), noise=2.0, rng=rng)


def photograph_that_sways(rng):
    """
    A print that moves slowly and little, at 15 a minute, without noise to hide it.
    """
    for time_s in TIME_S:
        sway = 0.03 * FACE_PX * np.sin(2 * np.pi * 0.25 * time_s)
        yield portrait(*SIZE).picture(move_px=(sway / 2, sway))


def photograph_that_trembles(rng):
    """
    A print that moves by half a pixel at 72 a minute, without noise to hide it.
    """
    for time_s in TIME_S:
        sway = 0.013 * FACE_PX * np.sin(2 * np.pi * 1.2 * time_s)
        yield portrait(*SIZE).picture(move_px=(sway, sway / 2))


def restless_photograph(rng):
    """
    A print that is moved at random, as by somebody's hand.
    """
    at = np.zeros(2)
    for _ in TIME_S:
        at = 0.98 * at + 0.01 * FACE_PX * rng.normal(size=2)
        yield portrait(*SIZE).picture(move_px=tuple(at), noise=2.0, rng=rng)


def empty_room(rng):
    """
    A wall in daylight that comes and goes.
    """
    wall = room(160, 120)
    for time_s in TIME_S:
        yield finished(wall * np.float32(1 + 0.1 * np.sin(time_s / 9)), 2.0, rng)


def pure_noise(rng):
    """
    A camera without a lens.
    """
    grey = np.full((120, 160, 3), 128, np.float32)
    for _ in TIME_S:
        yield finished(grey, 40.0, rng)


WITH_A_FACE = [
    photograph,
    photograph_without_noise,
    photograph_in_changing_light,
    photograph_shaken,
    photograph_that_sways,
    photograph_that_trembles,
    restless_photograph,
]
WITHOUT = [empty_room, pure_noise]


@pytest.fixture(
    scope="module", params=WITH_A_FACE + WITHOUT, ids=lambda scene: scene.__name__.replace("_", "-")
)
def scene(request):
    analyser = Analyser(FPS)
    pictures = request.param(np.random.default_rng(11))
    return request.param, [
        analyser.analyse(picture, time_s, index)
        for index, (picture, time_s) in enumerate(zip(pictures, TIME_S.tolist(), strict=True))
    ]


def believed(kind, frames, name):
    estimator = RateEstimator(kind)
    values = [(frame.time_s, getattr(frame.signals, name)) for frame in frames]
    found = [estimator.add(*pair) for pair in values if pair[1] is not None]
    return [estimate for estimate in found if estimate is not None]


def test_the_face_of_a_photograph_is_seen_and_a_room_has_none(scene):
    """
    Otherwise the silence of the next tests would prove nothing.
    """
    source, frames = scene
    expected = StatusCode.OK if source in WITH_A_FACE else StatusCode.NO_FACES_FOUND

    assert {expected} == {frame.status for frame in frames}


def test_no_pulse_rate_is_believed(scene):
    """
    Not one.
    """
    assert [] == believed(PULSE, scene[1], "pulse")


def test_no_breathing_rate_is_believed(scene):
    """
    Not one, also where chest and face move together like breathing.
    """
    assert [] == believed(BREATHING, scene[1], "upper_breathing")


@pytest.mark.parametrize("fps", [15.0, 20.0, 25.0, 30.0, 60.0])
def test_colour_noise_stays_below_what_is_believed(fps):
    """
    Whatever the frame rate: of 50 windows (or 15) of sensor noise not one is near the threshold.
    """
    rng, highest = np.random.default_rng(12), 0.0
    for _ in range(rounds(15, 50)):
        window, trace = PulseWindow(), []
        for index in range(int((PULSE.window_s + 1.6) * fps)):
            value = window.add(index / fps, 150 + 0.1 * rng.normal(size=3))
            if value is not None:
                trace.append((index / fps, value))
        found = find_rate(*np.array(trace).T, PULSE)
        highest = max(highest, found.confidence if found else 0.0)

    assert highest < PULSE.least_confidence - 0.05


def test_a_slow_camera_has_no_breathing():
    """
    Nor is there a chest's trace below 6 frames a second.
    """
    analyser, picture = Analyser(5.0), portrait(*SIZE).picture()

    frames = [analyser.analyse(picture, index / 5, index) for index in range(30)]

    assert {StatusCode.OK} == {frame.status for frame in frames}
    assert {None} == {frame.signals.upper_breathing for frame in frames}


def test_a_slow_camera_has_no_pulse():
    """
    Below 14 frames a second noise is too much like a pulse, so there is no value at all.
    """
    window = PulseWindow()
    rng = np.random.default_rng(13)

    values = [window.add(index / 10, 150 + rng.normal(size=3)) for index in range(100)]

    assert {None} == set(values)
