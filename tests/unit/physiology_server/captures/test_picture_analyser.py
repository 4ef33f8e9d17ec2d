"""Which pictures are broken or frozen, and how the others are measured."""

import cv2
import numpy as np
import pytest

from services.physiology_server.captures.picture_analyser import (
    FrozenPictureDetector,
    PictureAnalyser,
    broken,
    is_picture,
    to_rgb,
)
from services.physiology_server.transforms import Transform
from tests.support.clips import Brightness, luma


def grey(level=100, seed=1):
    return np.repeat(luma(1, level=level, seed=seed)[0][..., None], 3, axis=2)


def from_yuyv(raw):
    return cv2.cvtColor(raw, cv2.COLOR_YUV2BGR_YUYV)


def torn_yuyv(rows_there):
    raw = np.full((120, 160, 2), 128, np.uint8)
    raw[..., 0] = luma(1, level=100)[0]
    raw[rows_there:] = 0
    return from_yuyv(raw)


def torn_jpeg():
    picture = grey()
    picture[60:] = 128
    return picture


def letterboxed():
    picture = grey()
    picture[:20] = picture[-20:] = 0
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((120, 160, 3), np.uint8),
        np.full((120, 160, 3), 255, np.uint8),
        from_yuyv(np.zeros((120, 160, 2), np.uint8)),
        torn_yuyv(60),
        torn_yuyv(110),
        torn_jpeg(),
        np.full((1, 1, 3), 7, np.uint8),
    ],
    ids=["black", "white", "empty", "torn", "torn_late", "torn_jpeg", "tiny"],
)
def test_what_no_sensor_gives_is_broken(picture):
    """
    One colour throughout, or a lower part that was never filled.
    """
    assert broken(picture)


@pytest.mark.parametrize(
    "picture",
    [grey(), grey(level=9), grey(level=245), torn_yuyv(120), letterboxed()],
    ids=["plain", "dark", "bright", "whole", "letterboxed"],
)
def test_what_a_camera_may_see_is_not_broken(picture):
    """
    Dark and bright pictures have their own status; black bars are part of some streams.
    """
    assert not broken(picture)


def test_one_odd_pixel_makes_a_picture_a_picture():
    """
    The quick look at every 16th pixel does not decide alone.
    """
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[7, 9, 1] = 1

    assert not broken(picture)


@pytest.mark.parametrize(
    "thing",
    [
        None,
        b"picture",
        np.zeros((2, 2), np.uint8),
        np.zeros((2, 2, 4), np.uint8),
        np.zeros((2, 2, 3), np.float32),
        np.zeros((0, 2, 3), np.uint8),
    ],
    ids=["none", "bytes", "grey", "four_channels", "floats", "empty"],
)
def test_what_has_another_form_is_no_picture(thing):
    """
    It is counted as bad and does not reach the analysis.
    """
    assert not is_picture(thing)


def test_a_picture_is_frozen_after_two_seconds_of_the_same_bytes():
    """
    A camera whose driver repeats its last buffer is not live.
    """
    stillness = FrozenPictureDetector()
    frozen = [stillness.frozen(grey(), second / 2) for second in range(7)]

    assert [False] * 5 + [True] * 2 == frozen


def test_one_changed_byte_shows_that_the_picture_lives():
    """
    However still the subject sits.
    """
    stillness = FrozenPictureDetector()
    stillness.frozen(grey(), 0.0)
    other = grey()
    other[7, 9, 1] += 1

    assert not stillness.frozen(other, 3.0)
    assert not stillness.frozen(other, 5.0)
    assert stillness.frozen(other, 5.1)


def test_the_analysis_gets_red_first_and_the_picture_upright():
    """
    OpenCV gives blue first, and cameras are mounted sideways.
    """
    bgr = np.zeros((2, 4, 3), np.uint8)
    bgr[..., 2] = 200
    analysis = Brightness(30)

    frame, picture = PictureAnalyser(analysis, Transform.CW90).see(to_rgb(bgr), 1.5, 45)

    assert (200.0, 0.0) == (frame.signals.pulse, frame.signals.lower_breathing)
    assert (45, 1.5) == (frame.index, frame.time_s)
    assert (4, 2, 3) == picture.shape
    assert {(4, 2, 3)} == analysis.shapes


def test_a_picture_on_which_opencv_fails_is_left_out():
    """
    One picture's fault ends neither the capture nor the server.
    """

    class Failing(Brightness):
        def analyse(self, rgb, time_s, index):
            cv2.resize(rgb, (0, 0))

    assert None is PictureAnalyser(Failing(30), Transform.NONE).see(grey(), 0.0, 0)
