"""From pictures of a drawn person, whose rates are known, to the rates that the estimator finds."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from services.physiology_server.signals.frame import Frame
from services.physiology_server.signals.rate_estimator import BREATHING, PULSE, RateEstimator
from services.physiology_server.vision.analyser import Analyser
from tests.support.faces import breath, heartbeat, portrait

SECONDS = 27.0
DEPTH = 0.005
FACE_OF_HEIGHT = 0.255  # the portrait's face, as a share of the picture's height


@dataclass(frozen=True)
class Clip:
    pulse_per_minute: float
    breathing_per_minute: float
    rise_px: float
    fps: float
    frames: list[Frame]

    def trace(self, name):
        pairs = [(frame.time_s, getattr(frame.signals, name)) for frame in self.frames]
        return np.array([pair for pair in pairs if pair[1] is not None]).T


def analysed(
    pulse,
    breathing,
    *,
    size,
    fps,
    said_fps=None,
    drop=0.0,
    jitter_s=0.0,
    light=None,
    closer=None,
):
    """
    The frames of a clip, some of whose pictures never came or came late.
    """
    person, rng, analyser = portrait(*size), np.random.default_rng(7), Analyser(said_fps or fps)
    rise_px = 0.01 * size[1]
    frames = []
    for index in range(int(SECONDS * fps)):
        time_s = max(0.0, index / fps + rng.uniform(-jitter_s, jitter_s))
        if rng.random() < drop:
            continue
        picture = person.picture(
            blood=DEPTH * heartbeat(pulse, time_s),
            rise_px=rise_px * breath(breathing, time_s),
            light=1.0 if light is None else light(time_s),
            closer=1.0 if closer is None else closer(time_s),
            noise=2.0,
            rng=rng,
        )
        frames.append(analyser.analyse(picture, time_s, index))
    return Clip(pulse, breathing, rise_px, fps, frames)


CLIPS = {
    "at rest": lambda: analysed(72.0, 15.0, size=(240, 180), fps=25.0),
    "in effort": lambda: analysed(110.0, 24.0, size=(240, 180), fps=20.0),
    "pictures missing and late": lambda: analysed(
        72.0, 15.0, size=(240, 180), fps=25.0, drop=0.15, jitter_s=0.01
    ),
    "a file that says a thousand a second": lambda: analysed(
        72.0, 15.0, size=(240, 180), fps=30.0, said_fps=1000.0, jitter_s=0.005
    ),
    "a camera that gives less than half of what it says": lambda: analysed(
        84.0, 12.0, size=(240, 180), fps=25.0, said_fps=60.0
    ),
    "light that swells at 66 a minute": lambda: analysed(
        84.0,
        12.0,
        size=(240, 180),
        fps=20.0,
        light=lambda time_s: 1 + 0.03 * np.sin(2 * np.pi * 1.1 * time_s),
    ),
    "subject that comes closer": lambda: analysed(
        72.0, 15.0, size=(240, 180), fps=20.0, closer=lambda time_s: 1 + 0.012 * time_s
    ),
}


@cache
def made(name):
    return CLIPS[name]()


@pytest.fixture(params=CLIPS, ids=[name.replace(" ", "-") for name in CLIPS])
def clip(request):
    return made(request.param)


@pytest.fixture
def at_rest():
    return made("at rest")


def believed(kind, trace):
    estimator = RateEstimator(kind)
    found = [estimator.add(time_s, value) for time_s, value in trace.T.tolist()]
    return [estimate.rate_per_minute for estimate in found if estimate is not None]


def test_the_pulse_rate_is_that_of_the_blood(clip):
    """
    Each estimate is believed and right to two beats a minute, and their median to one.
    """
    found = believed(PULSE, clip.trace("pulse"))

    assert len(found) >= SECONDS - PULSE.first_after_s - 3
    assert pytest.approx(clip.pulse_per_minute, abs=1.0) == np.median(found)
    assert max(abs(rate - clip.pulse_per_minute) for rate in found) < 2


def test_the_breathing_rate_is_that_of_the_chest(clip):
    """
    Each estimate is right to half a breath a minute.
    """
    found = believed(BREATHING, clip.trace("upper_breathing"))

    assert found
    assert max(abs(rate - clip.breathing_per_minute) for rate in found) < 0.5


def test_the_pulse_goes_up_in_systole(at_rest):
    """
    More blood is darker skin and a higher trace, with the height of a usual pulse.
    """
    time_s, trace = at_rest.trace("pulse")

    assert np.corrcoef(trace, heartbeat(at_rest.pulse_per_minute, time_s - 0.02))[0, 1] > 0.85
    assert 0.04 < trace.std() < 0.1


def test_the_chest_goes_up_in_inspiration(at_rest):
    """
    The trace is the rise of the chest in heights of the face.
    """
    time_s, trace = at_rest.trace("upper_breathing")
    rise = at_rest.rise_px / (FACE_OF_HEIGHT * 180) * breath(at_rest.breathing_per_minute, time_s)

    assert np.corrcoef(trace[250:], rise[250:])[0, 1] > 0.98
    assert pytest.approx(rise[250:].std(), rel=0.15) == trace[250:].std()


def test_no_frame_but_the_first_ones_is_unstable(at_rest):
    """
    A second after the face was found all that is said can be relied on.
    """
    unstable = [frame.time_s for frame in at_rest.frames if not frame.usable]

    assert max(unstable) < 1.0


def test_there_is_no_pulse_before_its_window_is_full(at_rest):
    """
    The first value comes 1.6 s after the first picture of a known face; then each frame has one.
    """
    times_s, _ = at_rest.trace("pulse")

    assert pytest.approx(1 / at_rest.fps + 1.6) == times_s[0]
    assert len(at_rest.frames) - 41 == len(times_s)


@pytest.mark.parametrize(
    "name", ["phasic", "eda", "glutes", "knees", "blinking", "talking", "lower_breathing"]
)
def test_what_is_not_measured_is_not_there(at_rest, name):
    """
    A camera that sees face and chest says nothing of what it does not see.
    """
    assert {None} == {getattr(frame.signals, name) for frame in at_rest.frames}
