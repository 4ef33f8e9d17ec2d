"""The pulse's own arithmetic, with colours given as numbers."""

import numpy as np
import pytest

from services.physiology_server.vision.pulse_window import PulseWindow, skin_colour
from services.physiology_server.vision.regions import Box
from tests.support.faces import BLOOD, heartbeat

FPS = 30.0
SKIN = np.array([190.0, 140.0, 115.0])
TIME_S = np.arange(300) / FPS
WAVE = heartbeat(72.0, TIME_S)


def traced(colours, fps=FPS):
    window = PulseWindow()
    return [window.add(n / fps, colour) for n, colour in enumerate(colours)]


def beating(depth=0.005, skin=SKIN, light=1.0):
    return skin * (1 - depth * WAVE[:, None] * BLOOD) * np.broadcast_to(light, 300)[:, None]


def values(trace):
    return np.array([value for value in trace if value is not None])


def test_a_usual_pulse_is_a_tenth_high_and_upright():
    """
    Half a percent of blood is about 0.1, up where the skin is darkest.
    """
    trace = values(traced(beating()))

    assert np.corrcoef(trace, WAVE[-len(trace) - 1 : -1])[0, 1] > 0.99
    assert 0.07 < trace.max() < 0.15


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.2], ids=["dark", "medium", "light"])
def test_the_height_does_not_depend_on_the_tone_of_the_skin(factor):
    """
    Colours are compared with their own mean.
    """
    expected = values(traced(beating()))

    assert pytest.approx(expected, abs=1e-9) == values(traced(beating(skin=SKIN * factor)))


def test_brightness_alone_is_no_pulse():
    """
    Light that swells by three percent, six times as much as blood takes, has no trace.
    """
    light = 1 + 0.03 * np.sin(2 * np.pi * 1.1 * TIME_S)

    assert {None} == set(traced(SKIN * light[:, None]))


def test_a_pulse_stands_out_of_swelling_light():
    """
    With both, the trace is the pulse.
    """
    light = 1 + 0.03 * np.sin(2 * np.pi * 1.1 * TIME_S)
    trace = values(traced(beating(light=light)))

    assert np.corrcoef(trace, WAVE[-len(trace) - 1 : -1])[0, 1] > 0.95


@pytest.mark.parametrize(
    "colour", [np.zeros(3), np.array([100.0, 0.5, 100.0]), SKIN], ids=["black", "no-green", "still"]
)
def test_where_nothing_changes_or_nothing_is_there_is_no_value(colour):
    """
    Not a zero, which would be a measurement.
    """
    assert {None} == set(traced([colour] * 100))


def test_measuring_in_another_place_leaves_no_trace():
    """
    A patch that is moved to brighter skin goes on as if it had always been there.
    """
    colours, ratio = beating(), np.array([1.3, 1.1, 1.2])
    window, trace = PulseWindow(), []
    for n, colour in enumerate(colours):
        if n == 150:
            window.rescale(ratio)
        trace.append(window.add(n / FPS, colour * (ratio if n >= 150 else 1)))

    assert pytest.approx(values(traced(colours)), abs=1e-9) == values(trace)


def test_after_a_gap_the_window_fills_anew():
    """
    Half a second without colours is enough to be another trace.
    """
    window = PulseWindow()
    for n, colour in enumerate(beating()):
        window.add(n / FPS, colour)

    assert None is window.add(10.6, SKIN)


@pytest.mark.parametrize(("fps", "there"), [(14, True), (13, False), (120, True)])
def test_the_pulse_needs_fourteen_frames_a_second_and_no_promise_of_more(fps, there):
    """
    What counts is how many colours came, by their times.
    """
    assert there == bool(len(values(traced(beating(), fps))))


def test_the_skin_is_forehead_and_cheeks():
    """
    Eyes, mouth, hair and what is around the face have no part in the mean.
    """
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[15:28, 32:68] = picture[58:80, 20:36] = picture[58:80, 64:80] = (200, 150, 120)

    colour = skin_colour(picture, Box(50.0, 54.0, 90.0))

    assert colour[0] > 0.5 * 200


def test_skin_beyond_the_edge_is_no_error():
    """
    A face that leaves the picture is measured where it still is.
    """
    picture = np.full((40, 40, 3), 90, np.uint8)

    assert pytest.approx([90.0] * 3) == skin_colour(picture, Box(-10.0, 60.0, 30.0))
