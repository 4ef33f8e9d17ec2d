"""One face, followed from picture to picture."""

import math
from dataclasses import dataclass

from services.physiology_server.vision.face_detector import find_faces
from services.physiology_server.vision.motion import Keyframe, Shift
from services.physiology_server.vision.picture import Pixels
from services.physiology_server.vision.regions import Box

DETECT_EVERY_S = 0.5
"""Seconds between searches while a face is followed; one costs as much as twenty pictures."""

SEARCH_EVERY_S = 0.2
"""Seconds between searches while there is no face, or it cannot be followed."""

LOST_AFTER_S = 1.0
"""Seconds without a face found after which there is none; the cascade misses some now and then."""

SAME_FACE = 0.6
"""Distance between where a face is and where one is found, in faces, that makes it another."""

OFF_CENTRE = 0.12
"""
Distance, in faces, from which the box is moved to where the face was found, if it was so twice.
The cascade's boxes jump by less than this; following each of them would shake the skin's mean
with the rhythm of the searches, which is that of a fast pulse.
"""

OFF_SIZE = 0.15
"""Difference in size, as a share, from which the same is done."""

LEAST_LIKENESS = 0.75
"""Correlation with how the face looked first, below which it is no longer followed."""

FARTHEST = 0.2
"""Distance in faces after which its look is taken anew, as its keyframe would leave it."""

_SPEED_OVER_S = 0.1


@dataclass(frozen=True, slots=True)
class Sighting:
    """
    What is known of the face in one picture.

    Attributes:
        box: Where it is; None if there is none.
        several: Whether there is another of about its size.
        fresh: Whether it has nothing to do with the one before: just found, or lost from sight.
        speed: How fast it moves, in faces a second.
        y: How far it has moved down since it was found, in faces.
        was: The same face's box as it would be in this picture, had the box not been corrected.
    """

    box: Box | None
    several: bool = False
    fresh: bool = False
    speed: float = 0.0
    y: float = 0.0
    was: Box | None = None


class FaceTracker:
    """
    Follows the face: found by the cascade now and then, carried along with what it shows between.
    """

    def __init__(self) -> None:
        self._box: Box | None = None
        self._keyframe: Keyframe | None = None
        self._last = Shift(0.0, 0.0, 1.0)
        self._search_at_s = self._searched_s = -math.inf
        self._found_at_s = -math.inf
        self._several = self._two_seen = False
        self._off_before = False
        self._path = (0.0, 0.0)
        self._speed = 0.0
        self._time_s = -math.inf

    def update(self, grey: Pixels, time_s: float) -> Sighting:
        """
        Find the face in *grey*, taken at *time_s*.
        """
        followed = self._follow(grey, time_s)
        self._time_s = time_s
        was, fresh = self._box, False
        if not followed:
            self._search_at_s = min(self._search_at_s, self._searched_s + SEARCH_EVERY_S)
        if time_s >= self._search_at_s:
            fresh = self._search(grey, time_s, followed=followed)
        if self._box is None:
            return Sighting(None)
        corrected = not fresh and followed and was is not self._box
        return Sighting(
            self._box,
            several=self._several,
            fresh=fresh or not followed,
            speed=self._speed,
            y=self._path[1],
            was=was if corrected else None,
        )

    def _follow(self, grey: Pixels, time_s: float) -> bool:
        """
        Move the box with what it shows; say whether that was possible.
        """
        if self._box is None or self._keyframe is None:
            return False
        shift = self._keyframe.shift(grey)
        if shift.likeness < LEAST_LIKENESS:
            return False
        x, y = shift.x - self._last.x, shift.y - self._last.y
        self._last = shift
        self._box = self._box.moved(x, y)
        side = self._box.side
        self._path = (self._path[0] + x / side, self._path[1] + y / side)
        step_s = max(time_s - self._time_s, 1e-3)
        weight = 1 - math.exp(-step_s / _SPEED_OVER_S)
        self._speed += weight * (math.hypot(x, y) / side / step_s - self._speed)
        if max(abs(shift.x), abs(shift.y)) > FARTHEST * side:
            self._look(grey, self._box)
        return True

    def _search(self, grey: Pixels, time_s: float, *, followed: bool) -> bool:
        """
        Search the picture; say whether the face is a new one.
        """
        found = find_faces(grey)
        self._searched_s = time_s
        self._search_at_s = time_s + (DETECT_EVERY_S if found else SEARCH_EVERY_S)
        if not found:
            if time_s - self._found_at_s > LOST_AFTER_S:
                self._forget()
            return False
        self._found_at_s = time_s
        box = self._box
        nearest = min(found, key=box.distance) if box is not None else found[0]
        two = len(found) > 1
        # One search may be mistaken; two in a row are believed, and so is the very first.
        self._several = two if box is None or two == self._two_seen else self._several
        self._two_seen = two
        if box is None or not followed or box.distance(nearest) > SAME_FACE:
            self._path, self._speed = (0.0, 0.0), 0.0
            self._look(grey, nearest)
            return True
        off = (
            box.distance(nearest) > OFF_CENTRE or abs(math.log(nearest.side / box.side)) > OFF_SIZE
        )
        if off and self._off_before:
            self._look(grey, nearest)
            off = False
        self._off_before = off
        return False

    def _look(self, grey: Pixels, box: Box) -> None:
        """
        Take *box* as it looks in *grey* for the face.
        """
        self._box, self._last = box, Shift(0.0, 0.0, 1.0)
        try:
            self._keyframe = Keyframe(grey, box.whole())
        except ValueError:
            self._keyframe = None

    def _forget(self) -> None:
        self._box = self._keyframe = None
        self._several = self._two_seen = self._off_before = False
        self._path, self._speed = (0.0, 0.0), 0.0
