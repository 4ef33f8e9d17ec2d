"""A drawing in place of a picture."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.physiology_server.captures.drawing import draw
from services.physiology_server.signals.frame import Frame, Signals

LABEL = (176, 24, 24)
SHIRT = (72, 104, 140)
LINE = (40, 48, 56)

numbers = st.none() | st.floats()
booleans = st.none() | st.booleans()


def drawn(kind="synthetic", **signals):
    return draw(Frame(0, 0.0, Signals(**signals)), kind)


def pixels(picture, colour):
    return int((picture == colour).all(axis=2).sum())


def test_a_drawing_is_a_picture_of_the_asked_size():
    """
    Height, width, three bytes; 320 by 240 unless asked.
    """
    assert ((240, 320, 3), np.uint8) == (drawn().shape, drawn().dtype)


def test_the_chest_is_wider_when_it_is_filled():
    """
    The drawing breathes with the signal.
    """
    full = pixels(drawn(upper_breathing=0.15, lower_breathing=0.15), SHIRT)
    empty = pixels(drawn(upper_breathing=-0.1, lower_breathing=-0.1), SHIRT)

    assert full > empty


def test_shut_eyes_are_lines():
    """
    The drawing blinks with the signal.
    """
    assert pixels(drawn(blinking=True), LINE) < pixels(drawn(blinking=False), LINE)


def test_a_talking_mouth_is_open():
    """
    The drawing talks with the signal.
    """
    assert pixels(drawn(talking=True), LABEL) > pixels(drawn(talking=False), LABEL)


def test_skin_reddens_with_the_pulse():
    """
    In systole there is less green in it.
    """
    cheek = (100, 160)
    green = [int(drawn(pulse=value)[cheek][1]) for value in (-0.1, 0.0, 0.1)]

    assert sorted(green, reverse=True) == green
    assert green[0] > green[2]


@pytest.mark.parametrize("kind", ["synthetic", "replay"])
@pytest.mark.parametrize("size", [(320, 240), (640, 480), (160, 120), (240, 320)], ids=str)
def test_the_word_spans_most_of_the_picture(kind, size):
    """
    Nobody takes the picture for a camera's, also where it is shown small.
    """
    picture = draw(Frame(0, 0.0), kind, *size)
    columns = (picture == LABEL).all(axis=2).any(axis=0)
    share = (np.flatnonzero(columns).max() - np.flatnonzero(columns).min()) / size[0]

    assert share > 0.75


def test_the_two_words_are_different():
    """
    Made up is not the same as recorded.
    """
    assert not np.array_equal(drawn("synthetic"), drawn("replay"))


def test_the_same_frame_is_the_same_drawing():
    """
    Bit for bit, as everything of a seeded source.
    """
    signals = {"upper_breathing": 0.05, "pulse": 0.03}

    assert np.array_equal(drawn(**signals), drawn(**signals))


@given(
    signals=st.builds(
        Signals,
        pulse=numbers,
        upper_breathing=numbers,
        lower_breathing=numbers,
        blinking=booleans,
        talking=booleans,
    ),
    width=st.integers(16, 400),
    height=st.integers(16, 400),
)
@example(Signals(pulse=float("nan"), upper_breathing=float("inf")), 320, 240)
def test_whatever_was_measured_can_be_drawn(signals, width, height):
    """
    A recording may hold anything; the picture never fails because of it.
    """
    assert (height, width, 3) == draw(Frame(0, 0.0, signals), "replay", width, height).shape
