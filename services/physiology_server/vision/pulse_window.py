"""From the colour of skin to a pulse: the plane-orthogonal-to-skin method (POS)."""

import math
from collections import deque

import cv2
import numpy as np

from services.physiology_server.signals.rate_estimator import LONGEST_GAP_S
from services.physiology_server.vision.picture import Colour, Floats, Pixels
from services.physiology_server.vision.regions import SKIN, Box

WINDOW_S = 1.6
"""Seconds that colours are compared over: a beat or more, down to 40 a minute (Wang et al.)."""

SCALE = 40.0
"""
What the relative change of colour is multiplied with to give `Signals.pulse`. Of 0.5 % (the
depth of a usual pulse in the light that skin reflects) POS makes 0.0024, and this makes 0.1.
"""

SMOOTH_S = 0.1
"""
The newest value is the mean of what was exposed in this time, which at 30 frames a second takes
four tenths of the noise. More would shape noise into something like a pulse: with this, 400
windows of mere noise had no confidence above 0.46 at 15, 20, 25, 30 and 60 a second.
"""

LEAST_FPS = 14.0
"""
Frames a second below which there is no pulse: of slow noise there is less that speaks against a
rate. At 8 a second the estimator believes 2 in 100 windows of it, at 15 none.
"""

LEAST_DEVIATION = 0.008
"""
Deviation below which there is no pulse in a window: a seventh of that of a usual pulse (0.06).
Patches that follow a moving photograph waver by 0.004, at the rhythm of the movement.
"""

_LEAST_COLOURS = math.ceil(WINDOW_S * LEAST_FPS)
# A channel darker than this has nothing to measure a part of a percent in.
_LEAST_LEVEL = 2.0
_FLAT = 1e-9
# Frame times are sums of fractions.
_GRACE_S = 1e-3


def skin_colour(rgb: Pixels, box: Box) -> Colour:
    """
    Mean red, green and blue of the forehead and cheeks, by area.

    Patches follow the box by fractions of a pixel: steps of a whole one would be seen in the mean.
    """
    total, area = np.zeros(3), 0
    for part in SKIN:
        rect = box.part(part)
        width, height = (
            max(1, round((part[2] - part[0]) * box.side)),
            max(1, round((part[3] - part[1]) * box.side)),
        )
        centre = ((rect.left + rect.right) / 2 - 0.5, (rect.top + rect.bottom) / 2 - 0.5)
        patch = cv2.getRectSubPix(rgb, (width, height), centre, patchType=cv2.CV_32F)
        total += np.asarray(cv2.sumElems(patch)[:3])
        area += width * height
    return total / area


class PulseWindow:
    """
    The pulse of the newest colour in a window of `WINDOW_S`.

    Colours are divided by their mean over the window, and projected onto two axes that light of
    changing brightness does not move along: S1 = G - B and S2 = G + B - 2R. Their sum, with S2
    weighed so that both have the same deviation, cancels what else moves both. Its newest value
    (see `SMOOTH_S`) is the pulse, with the sign turned, since blood that fills the skin in systole
    darkens it.

    Wang, den Brinker, Stuijk and de Haan, "Algorithmic principles of remote PPG", IEEE
    Transactions on Biomedical Engineering 64(7), 2017. There overlapping windows are added up,
    which takes the future; here the newest of each window is taken, 0.03 s late at most.

    Times count, and no rate that was promised: colours may come at any, from `LEAST_FPS` on.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Colour]] = deque()
        self._since_s = 0.0

    def clear(self) -> None:
        """
        Begin again: what comes has nothing to do with what was.
        """
        self._samples.clear()

    def rescale(self, ratio: Colour) -> None:
        """
        Multiply what is in the window, where the same skin is measured in another place.
        """
        self._samples = deque((time_s, colour * ratio) for time_s, colour in self._samples)

    def add(self, time_s: float, colour: Colour) -> float | None:
        """
        Take the mean *colour* of the skin at *time_s*.

        Returns:
            The pulse, or None until the window is full, and where there is no light to compare
            or too little change.
        """
        samples = self._samples
        if samples and not 0 < time_s - samples[-1][0] <= LONGEST_GAP_S:
            samples.clear()
        if not samples:
            self._since_s = time_s
        samples.append((time_s, colour))
        while time_s - samples[0][0] > WINDOW_S:
            samples.popleft()
        if len(samples) < _LEAST_COLOURS:
            return None
        interval_s = (time_s - samples[0][0]) / (len(samples) - 1)
        if time_s - self._since_s < WINDOW_S - interval_s / 2:
            return None
        newest = max(1, int((SMOOTH_S + _GRACE_S) / interval_s))
        return project(np.array([colour for _, colour in samples]), newest)


def project(colours: Floats, newest: int = 1) -> float | None:
    """
    The pulse in *colours* (one row each: red, green, blue), as the mean of the *newest* rows.
    """
    mean = colours.mean(axis=0)
    if float(mean.min()) < _LEAST_LEVEL:
        return None
    red, green, blue = (colours / mean - 1).T
    first, second = green - blue, green + blue - 2 * red
    deviation = float(second.std())
    weight = float(first.std()) / deviation if deviation > _FLAT else 0.0
    wave = -SCALE * (first + weight * second)
    return float(wave[-newest:].mean()) if float(wave.std()) >= LEAST_DEVIATION else None
