"""The samples of the last seconds, as arrays whenever somebody wants them."""

from array import array

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class SampleWindow:
    """
    Samples no older than so many seconds before the newest.

    Those that are too old are forgotten when somebody wants the others.

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

    def add(self, time_s: float, value: float) -> None:
        """
        Take one sample, newer than those before.
        """
        self._times_s.append(time_s)
        self._values.append(value)

    def columns(self) -> tuple[Floats, Floats]:
        """
        Times and values of the samples, oldest first.
        """
        self._forget_old()
        # Copies: an array that something looks into cannot grow.
        return (
            np.frombuffer(self._times_s, dtype=np.float64).copy(),
            np.frombuffer(self._values, dtype=np.float64).copy(),
        )

    def _forget_old(self) -> None:
        times_s, old = self._times_s, 0
        while old < len(times_s) and times_s[-1] - times_s[old] > self._window_s:
            old += 1
        del times_s[:old], self._values[:old]
