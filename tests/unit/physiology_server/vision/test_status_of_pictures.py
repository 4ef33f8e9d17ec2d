"""Each thing that can be wrong with a picture has a code of its own."""

import numpy as np
import pytest

from services.physiology_server.signals.frame import Signals
from services.physiology_server.vision.analyser import Analyser
from tests.support.faces import finished, portrait, room
from vitalrig.statuses import StatusCode

FPS = 30.0
# The cascade finds the portrait's face at (0.44, 0.30) of the portrait.


def two_people():
    left, right = (portrait(zoom=0.75, centre=(x, 0.5)).picture() for x in (0.27, 0.77))
    return np.hstack([left[:, :160], right[:, 160:]])


PICTURES = {
    StatusCode.OK: lambda: portrait().picture(),
    StatusCode.NO_FACES_FOUND: lambda: finished(room()),
    StatusCode.MORE_THAN_ONE_FACE_FOUND: two_people,
    StatusCode.FACE_NOT_CENTERED: lambda: portrait(centre=(0.24, 0.5)).picture(),
    StatusCode.FACE_TOO_BIG_OR_TOO_SMALL: lambda: portrait(zoom=2.6, centre=(0.7, 1.0)).picture(),
    StatusCode.IMAGE_TOO_DARK: lambda: portrait().picture(light=0.12),
    StatusCode.IMAGE_TOO_BRIGHT: lambda: portrait().picture(light=2.5),
    StatusCode.CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING: lambda: portrait(
        zoom=1.4, centre=(0.55, 0.93)
    ).picture(),
}


def frames_of(picture, seconds=2.2):
    analyser = Analyser(FPS)
    return [analyser.analyse(picture, n / FPS, n) for n in range(int(seconds * FPS))]


@pytest.mark.parametrize("code", PICTURES, ids=[code.name for code in PICTURES])
def test_a_picture_has_the_code_of_what_is_wrong_with_it(code):
    """
    From the first picture on, and for as long as it stays so.
    """
    assert {code} == {frame.status for frame in frames_of(PICTURES[code]())}


def test_a_face_that_is_too_far_away_is_too_small():
    """
    The same code stands for both ends.
    """
    frames = frames_of(portrait(640, 480, zoom=0.56).picture(), seconds=0.2)

    assert {StatusCode.FACE_TOO_BIG_OR_TOO_SMALL} == {frame.status for frame in frames}


@pytest.mark.parametrize(
    "code",
    [
        code
        for code in PICTURES
        if code not in (StatusCode.OK, StatusCode.CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING)
    ],
    ids=lambda code: code.name,
)
def test_who_cannot_be_measured_is_not(code):
    """
    A status that forbids measuring comes with no value.
    """
    assert {Signals()} == {frame.signals for frame in frames_of(PICTURES[code]())}


def test_a_face_without_a_chest_has_a_pulse_and_no_breathing():
    """
    What is missing costs only what is measured there.
    """
    code = StatusCode.CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING
    picture, rng = PICTURES[code]().astype(np.float32), np.random.default_rng(1)
    analyser = Analyser(FPS)

    frame = [analyser.analyse(finished(picture, 4.0, rng), n / FPS, n) for n in range(66)][-1]

    assert (code, False) == (frame.status, frame.usable)
    assert frame.signals.pulse is not None
    assert frame.signals.upper_breathing is None


def test_an_abdomen_that_shows_is_measured():
    """
    In a picture of half the body both traces are there.
    """
    frames = frames_of(portrait(240, 320, zoom=0.75, centre=(0.5, 0.35)).picture(), seconds=1.0)

    assert StatusCode.OK == frames[-1].status
    assert frames[-1].signals.lower_breathing is not None


@pytest.mark.parametrize("light", [0.45, 1.1], ids=["dim", "bright"])
def test_light_of_a_usual_room_is_neither_too_dark_nor_too_bright(light):
    """
    The limits leave room for a lamp in the evening and a window at noon.
    """
    assert StatusCode.OK == frames_of(portrait().picture(light=light), seconds=0.1)[-1].status
