"""The box around the face: at rest with it, moving with it, and corrected without a jump."""

import numpy as np
import pytest

from services.physiology_server.vision.analyser import Analyser
from services.physiology_server.vision.face_tracker import FaceTracker
from services.physiology_server.vision.picture import Picture
from tests.support.faces import finished, portrait, room

FPS = 20.0


def followed(seconds, picture_at):
    tracker = FaceTracker()
    times_s = [n / FPS for n in range(int(seconds * FPS))]
    return [tracker.update(Picture.of(picture_at(t)).grey, t) for t in times_s]


def test_a_face_at_rest_has_a_box_at_rest():
    """
    The cascade's boxes jump by several pixels in noise, and the mean of the skin would with them.
    """
    rng = np.random.default_rng(1)
    boxes = [seen.box for seen in followed(4.0, lambda _: portrait().picture(noise=4.0, rng=rng))]

    assert np.std([box.x for box in boxes]) < 0.05
    assert np.std([box.y for box in boxes]) < 0.05
    assert 1 == len({box.side for box in boxes})


def test_the_box_goes_with_the_face():
    """
    Not only when the cascade is asked, but in each picture.
    """

    def x_at(time_s):
        return 8.0 * np.sin(2 * np.pi * 0.15 * time_s)

    sightings = followed(4.0, lambda time_s: portrait().picture(move_px=(x_at(time_s), 0.0)))
    found = np.array([seen.box.x - sightings[0].box.x for seen in sightings])

    assert pytest.approx([x_at(n / FPS) for n in range(len(found))], abs=0.5) == found
    assert [True] + [False] * (len(found) - 1) == [seen.fresh for seen in sightings]


def test_a_box_that_no_longer_fits_is_corrected():
    """
    A face that has grown by a third has a box that has grown, and is still the same face.
    """
    sightings = followed(
        12.0, lambda time_s: portrait().picture(closer=1 + 0.33 * min(time_s / 8, 1.0))
    )

    assert pytest.approx(1.33, abs=0.18) == sightings[-1].box.side / sightings[0].box.side
    assert not any(seen.fresh for seen in sightings[1:])
    assert any(seen.was is not None for seen in sightings)


def test_a_corrected_box_is_no_pulse():
    """
    A photograph that comes closer has its skin measured in other places, without a step.

    It is lit red from below, so that places differ in colour.
    """
    rng, analyser = np.random.default_rng(2), Analyser(FPS)
    from_below = np.ones((240, 1, 3), np.float32)
    from_below[:, 0, 0] = np.interp(np.arange(240), [50, 60], [0.5, 1.0])
    trace = []
    for n in range(int(10 * FPS)):
        closer = portrait().picture(closer=1 + 0.03 * n / FPS)
        picture = finished(closer * from_below, 0.5, rng)
        trace.append(analyser.analyse(picture, n / FPS, n).signals.pulse)

    assert 0.06 > max(abs(value) for value in trace if value is not None)


def test_who_comes_after_an_empty_room_starts_at_rest():
    """
    A chest is compared with itself, not with that of the person before.
    """
    analyser, rng = Analyser(FPS), np.random.default_rng(3)
    pictures = (
        [portrait().picture()] * 30
        + [finished(room(), 2.0, rng)] * 40
        + [portrait().picture(rise_px=4.0)] * 20
    )
    frames = [analyser.analyse(picture, n / FPS, n) for n, picture in enumerate(pictures)]
    after = [
        f.signals.upper_breathing for f in frames[70:] if f.signals.upper_breathing is not None
    ]

    assert pytest.approx([0.0] * len(after), abs=1e-3) == after
    assert len(after) > 10
