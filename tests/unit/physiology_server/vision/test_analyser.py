"""The analyser's promises about the pictures themselves: odd ones, wrong ones, missing ones."""

import numpy as np
import pytest

from services.physiology_server.signals.frame import Frame, Signals
from services.physiology_server.vision.analyser import Analyser
from tests.support.faces import finished, portrait, room
from vitalrig.statuses import StatusCode

FPS = 20.0
DARK, NONE = StatusCode.IMAGE_TOO_DARK, StatusCode.NO_FACES_FOUND


def flat(height, width, level):
    return np.full((height, width, 3), level, np.uint8)


ODD = {
    "one black pixel": (flat(1, 1, 0), DARK),
    "one grey pixel": (flat(1, 1, 128), NONE),
    "one line": (flat(1, 2000, 128), NONE),
    "one column": (flat(2000, 1, 128), NONE),
    "all black": (flat(240, 320, 0), DARK),
    "all white": (flat(240, 320, 255), StatusCode.IMAGE_TOO_BRIGHT),
    "huge": (flat(3000, 4000, 128), NONE),
    "upside down": (portrait().picture()[::-1], NONE),
    "mirrored": (portrait().picture()[:, ::-1], StatusCode.OK),
    "full of edges": (np.indices((240, 320, 3)).sum(0).astype(np.uint8) % 2 * 200 + 20, NONE),
}
WRONG = {
    "float": np.zeros((4, 4, 3)),
    "grey": np.zeros((4, 4), np.uint8),
    "with alpha": np.zeros((4, 4, 4), np.uint8),
    "without pixels": np.zeros((0, 4, 3), np.uint8),
    "a batch": np.zeros((1, 4, 4, 3), np.uint8),
    "a list": [[[0, 0, 0]]],
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_picture_has_a_status(name):
    """
    Whatever a camera delivers, it is one frame, not the end of the capture.
    """
    picture, status = ODD[name]
    analyser = Analyser(FPS)

    frames = [analyser.analyse(picture, n / FPS, n) for n in range(3)]

    assert [status] * 3 == [frame.status for frame in frames]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_picture_is_refused_by_saying_what_is_wanted(name):
    """
    A mistake of the caller's has the right shape in its message.
    """
    with pytest.raises(ValueError, match="H x W x 3 array of uint8"):
        Analyser(FPS).analyse(WRONG[name], 0.0, 0)


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_a_frame_rate_that_cannot_be_is_refused(fps):
    """
    Nothing could be expected of such a capture.
    """
    with pytest.raises(ValueError, match="fps is a positive number"):
        Analyser(fps)


def test_index_and_time_are_handed_through():
    """
    A frame says which picture it was made of.
    """
    frame = Analyser(FPS).analyse(finished(room()), 1.25, 31)

    assert Frame(31, 1.25, Signals(), NONE) == frame


def played(analyser, times_s, picture_at):
    return [analyser.analyse(picture_at(t), t, n) for n, t in enumerate(times_s)]


def seen(rng):
    """
    The portrait with a sensor's noise, which is enough of a change to have values.
    """
    return lambda _time_s: portrait().picture(noise=4.0, rng=rng)


def times(start_s, seconds):
    return [start_s + n / FPS for n in range(int(seconds * FPS))]


@pytest.mark.parametrize("back_s", [10.0, 0.0], ids=["after-a-gap", "in-the-past"])
def test_a_jump_in_time_begins_a_new_window(back_s):
    """
    Values from before and after a gap are never mixed: the pulse is silent for 1.6 s.
    """
    analyser, picture_at = Analyser(FPS), seen(np.random.default_rng(1))
    before = played(analyser, times(2.0, 2.5), picture_at)
    after = played(analyser, times(back_s, 1.5), picture_at)

    assert before[-1].signals.pulse is not None
    assert {None} == {frame.signals.pulse for frame in after}
    assert not after[0].stable


def test_reset_forgets_the_capture():
    """
    The same pictures give the same frames again.
    """
    analyser = Analyser(FPS)
    first = played(analyser, times(0.0, 2.5), seen(np.random.default_rng(2)))
    analyser.reset()

    assert first == played(analyser, times(0.0, 2.5), seen(np.random.default_rng(2)))


def test_a_camera_that_changes_its_size_is_a_new_one():
    """
    Places in pixels mean nothing in a picture of another size.
    """
    analyser, rng = Analyser(FPS), np.random.default_rng(3)
    played(analyser, times(0.0, 2.5), seen(rng))

    frame = analyser.analyse(portrait(240, 180).picture(noise=4.0, rng=rng), 2.5, 50)

    assert (StatusCode.OK, False, None) == (frame.status, frame.stable, frame.signals.pulse)


def test_a_face_that_moves_fast_has_no_values_and_is_not_stable():
    """
    Until a second after it came to rest; the pulse takes its 1.6 s.
    """
    analyser, rng = Analyser(FPS), np.random.default_rng(4)

    def picture_at(time_s):
        x = 60 * 0.4 * np.clip(time_s - 3.0, 0.0, 1.0)
        return portrait().picture(move_px=(x, 0.0), noise=4.0, rng=rng)

    frames = played(analyser, times(0.0, 7.0), picture_at)
    moving = [frame for frame in frames if 3.2 < frame.time_s < 4.0]

    assert {(False, Signals())} == {(frame.stable, frame.signals) for frame in moving}
    assert [] == [f for f in frames if 4.0 < f.time_s < 4.9 and f.stable]
    assert [] == [f for f in frames if f.time_s > 5.5 and not f.stable]
    assert frames[-1].signals.pulse is not None


def test_a_face_that_leaves_is_gone_within_a_second_and_a_half():
    """
    It is held for a second, since the cascade misses faces, but nothing is measured meanwhile.
    """
    analyser, rng = Analyser(FPS), np.random.default_rng(5)
    played(analyser, times(0.0, 2.5), seen(rng))

    empty = played(analyser, times(2.5, 2.5), lambda _: finished(room(), 2.0, rng))

    assert {Signals()} == {frame.signals for frame in empty}
    assert {False} == {frame.usable for frame in empty}
    assert {NONE} == {frame.status for frame in empty if frame.time_s > 4.0}
