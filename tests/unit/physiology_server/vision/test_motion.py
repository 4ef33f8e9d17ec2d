"""How exactly movement is followed, and what is not taken for breathing."""

import numpy as np
import pytest

from services.physiology_server.vision.breathing_trace import BreathingTrace
from services.physiology_server.vision.motion import Keyframe
from services.physiology_server.vision.picture import Picture
from services.physiology_server.vision.regions import CHEST, Box, Rect
from tests.support.faces import finished, portrait

FPS = 10.0
# The portrait's face at 320 x 240, as the cascade finds it.
FACE = Box(140.0, 71.0, 61.0)
TORSO = FACE.part(CHEST)


def grey(**drawn):
    return Picture.of(portrait().picture(**drawn)).grey


@pytest.mark.parametrize("move_px", [(0.0, 0.1), (0.5, -0.3), (-2.0, 1.5), (4.0, -4.0)])
def test_a_shift_is_found_to_a_twentieth_of_a_pixel(move_px):
    """
    Breathing at a distance is a pixel or so: that much must be seen in ten steps and more.
    """
    found = Keyframe(grey(), TORSO).shift(grey(move_px=move_px))

    assert pytest.approx(move_px, abs=0.05) == (found.x, found.y)
    assert found.likeness > 0.97


def test_light_is_no_movement():
    """
    A lamp that is switched on moves nothing.
    """
    found = Keyframe(grey(), TORSO).shift(grey(light=0.7))

    assert pytest.approx((0.0, 0.0), abs=0.02) == (found.x, found.y)


def test_another_picture_is_not_alike():
    """
    Where the content is another there is no shift to be believed.
    """
    noise = finished(np.full((240, 320, 3), 128, np.float32), 40.0, np.random.default_rng(1))

    assert Keyframe(grey(), TORSO).shift(noise[..., 0]).likeness < 0.5


@pytest.mark.parametrize(
    ("picture", "region"),
    [
        (np.full((240, 320), 128, np.uint8), TORSO),
        (np.zeros((240, 320), np.uint8), Rect(0, 0, 4, 4)),
        (np.zeros((240, 320), np.uint8), Rect(400, 400, 500, 500)),
    ],
    ids=["plain", "tiny", "outside"],
)
def test_a_region_that_shows_nothing_to_follow_is_refused(picture, region):
    """
    A plain shirt has no displacement, rather than a random one.
    """
    with pytest.raises(ValueError, match="to follow"):
        Keyframe(picture, region)


def traced(seconds, picture_at, box_at=lambda _time_s: FACE, face_y_at=lambda _time_s: 0.0):
    trace = BreathingTrace(CHEST)
    times_s = np.arange(int(seconds * FPS)) / FPS
    return times_s, [trace.add(picture_at(t), box_at(t), face_y_at(t), t) for t in times_s.tolist()]


def test_a_box_that_is_placed_anew_leaves_no_step_in_the_trace():
    """
    The chest did not move because the box did.
    """
    _, trace = traced(
        4.0, lambda _: grey(), lambda time_s: FACE if time_s < 2 else FACE.moved(20.0, 0.0)
    )

    assert max(abs(value) for value in trace) < 0.001


def test_a_lasting_change_of_posture_fades():
    """
    Who sits up is not inhaling for the rest of the hour.
    """
    rise_px = 3.0
    up = grey(rise_px=rise_px)
    _, trace = traced(40.0, lambda time_s: up if time_s >= 1 else grey())

    assert pytest.approx(rise_px / FACE.side, rel=0.15) == trace[10]
    assert abs(trace[-1]) < 0.1 * trace[10]


@pytest.mark.parametrize(("share", "there"), [(1.0, False), (0.5, True), (0.0, True)])
def test_a_chest_that_moves_just_as_the_face_does_is_not_breathing(share, there):
    """
    A photograph that is waved moves as a whole; a head moves less than the chest below it.
    """

    def rise(time_s):
        return 2.0 * np.sin(2 * np.pi * 0.25 * time_s)

    _, trace = traced(
        8.0,
        lambda time_s: grey(rise_px=rise(time_s)),
        face_y_at=lambda time_s: -share * rise(time_s) / FACE.side,
    )

    assert there == (trace[-1] is not None)
