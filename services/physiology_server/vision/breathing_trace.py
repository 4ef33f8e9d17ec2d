"""From the movement of chest or abdomen to a breathing trace."""

import math
from collections import deque
from statistics import pstdev

from services.physiology_server.vision.motion import Keyframe
from services.physiology_server.vision.picture import Pixels
from services.physiology_server.vision.regions import Box

DRIFT_S = 10.0
"""Time constant of the mean that is taken off: slower changes are posture, not breathing."""

LEAST_LIKENESS = 0.7
"""Correlation with how the region looked first, below which it shows something else."""

FARTHEST = 0.25
"""Faces that the box may move before the region is placed anew."""

RIGID_OVER_S = 8.0
"""Seconds over which chest and face are compared."""

RIGID = 0.15
"""
Deviation of the chest against the face, as a share of its own, below which the two are one rigid
thing: a photograph that is waved, a camera that shakes. A head on a breathing body moves with
it, but never as exactly.
"""

_RIGID_FIRST_S = 4.0
_RIGID_EVERY_S = 0.1
# In faces: what moves less does not move, and has nothing to compare.
_LEAST_DEVIATION = 0.002


class BreathingTrace:
    """
    How far a region below the face has risen, in heights of the face, without slow drift.

    Args:
        part: The region, see `regions`.
    """

    def __init__(self, part: tuple[float, float, float, float]) -> None:
        self._part = part
        self.clear()

    def clear(self) -> None:
        """
        Begin again with whom one sees next.
        """
        self._keyframe: Keyframe | None = None
        self._box: Box | None = None
        self._base = self._rise = self._mean = 0.0
        self._time_s: float | None = None
        self._rigid = _RigidMotion()

    def add(self, grey: Pixels, box: Box, face_y: float, time_s: float) -> float | None:
        """
        Measure the region in *grey*.

        Args:
            grey: The picture.
            box: The face in it.
            face_y: How far the face has moved down, in its own heights.
            time_s: When it was taken.

        Returns:
            The rise, upwards in inspiration; None where nothing can be followed, and where the
            region moves just as the face does.
        """
        rise = self._measured(grey, box)
        if rise is None:
            return None
        step_s = time_s - self._time_s if self._time_s is not None else 0.0
        self._mean += (rise - self._mean) * (1 - math.exp(-max(step_s, 0.0) / DRIFT_S))
        self._time_s = time_s
        return None if self._rigid.add(time_s, rise, -face_y) else rise - self._mean

    def _measured(self, grey: Pixels, box: Box) -> float | None:
        if self._box is not None and self._keyframe is not None:
            shift = self._keyframe.shift(grey)
            if shift.likeness >= LEAST_LIKENESS:
                self._rise = self._base - shift.y / self._box.side
                if self._box.distance(box) <= FARTHEST:
                    return self._rise
        # The new region starts where the old one was, so that the trace has no step.
        self._base = self._rise
        self._box = box
        try:
            self._keyframe = Keyframe(grey, box.part(self._part))
        except ValueError:
            self._keyframe = None
            return None
        return self._rise


class _RigidMotion:
    """Tells whether chest and face have moved as one."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float, float]] = deque()

    def add(self, time_s: float, chest: float, face: float) -> bool:
        samples = self._samples
        if not samples or time_s - samples[-1][0] >= _RIGID_EVERY_S:
            samples.append((time_s, chest, face))
        while time_s - samples[0][0] > RIGID_OVER_S:
            samples.popleft()
        if samples[-1][0] - samples[0][0] < _RIGID_FIRST_S:
            return False
        own = pstdev(chest for _, chest, _ in samples)
        against = pstdev(chest - face for _, chest, face in samples)
        return own > _LEAST_DEVIATION and against < RIGID * own
