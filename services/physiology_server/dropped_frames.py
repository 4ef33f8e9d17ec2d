"""Frames that were left out, each with a reason."""

import threading
from collections import Counter

from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.statuses import DropReason


class DroppedFrames:
    """
    Counts dropped frames by reason, here and in the heartbeats' counters. Any thread may.

    Args:
        beats: Where the counters `frames_dropped` and `frames_dropped_{reason}` go.
    """

    def __init__(self, beats: ServiceHeartbeats) -> None:
        self._beats = beats
        self._lock = threading.Lock()
        self.by_reason: Counter[DropReason] = Counter()
        beats.count("frames_dropped", 0)

    @property
    def total(self) -> int:
        """
        All of them.
        """
        return self.by_reason.total()

    def count(self, reason: DropReason, frames: int = 1) -> None:
        """
        Count *frames* that were left out because of *reason*.
        """
        with self._lock:
            self.by_reason[reason] += frames
        self._beats.count("frames_dropped", frames)
        self._beats.count(f"frames_dropped_{reason}", frames)
