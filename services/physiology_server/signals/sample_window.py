"""The samples of the last seconds, as arrays whenever somebody wants them."""

from array import array

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CUT_FROM = 16


class SampleWindow:
    """
    Samples no older than so many seconds before the newest.

    Args:
        window_s: How many.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self.clear()

    def clear(self) -> None:
        """
        Forget all samples.
        """
        self._times_s, self._values = array("d"), array("d")
        self._start = 0

    def add(self, time_s: float, value: float) -> None:
        """
        Take one sample, newer than those before, and forget what is too old by now.
        """
        times_s = self._times_s
        times_s.append(time_s)
        self._values.append(value)
        while time_s - times_s[self._start] > self._window_s:
            self._start += 1
        if self._start >= _CUT_FROM:
            del times_s[: self._start], self._values[: self._start]
            self._start = 0

    def columns(self) -> tuple[Floats, Floats]:
        """
        Times and values of the samples, oldest first.
        """
        # Copies: an array that something looks into cannot grow.
        times_s = np.frombuffer(self._times_s, dtype=np.float64)[self._start :].copy()
        return times_s, np.frombuffer(self._values, dtype=np.float64)[self._start :].copy()
