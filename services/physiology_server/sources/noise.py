"""Random numbers with an address: a number depends on seed, name and counter alone."""

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counters = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_16_BITS = np.uint64(0xFFFF)
_64_BITS = (1 << 64) - 1
# Four 16-bit uniforms added up: mean and standard deviation of that sum.
_SUM_MEAN = 2 * 65535
_SUM_DEVIATION = float(np.sqrt((65536**2 - 1) / 3))
# Mean over one knot interval of the summed squares of the four cubic B-spline weights.
_SPLINE_DEVIATION = float(np.sqrt(151 / 315))


class Noise:
    """
    One stream of random numbers that can be read at any place, in any order.

    There is no state: the same seed, name and counter give the same bits whatever was read
    before, so signals made of it do not depend on who asked for what and when. Counters are
    mixed by the output function of SplitMix64 (Steele, Lea, Flood 2014).
    """

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
        self._key = np.uint64(int.from_bytes(digest, "little"))

    def chance(self, counter: int) -> float:
        """
        One number in [0, 1): what `uniform` gives for *counter*, without the cost of an array.
        """
        z = (counter * int(_GOLDEN) + int(self._key)) & _64_BITS
        z = ((z ^ (z >> 30)) * int(_MIX_1)) & _64_BITS
        z = ((z ^ (z >> 27)) * int(_MIX_2)) & _64_BITS
        return float((z ^ (z >> 31)) >> 11) * 2.0**-53

    def uniform(self, counters: NDArray[np.int64]) -> Floats:
        """
        Numbers in [0, 1), one a counter.
        """
        return (self._bits(counters) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normal(self, counters: NDArray[np.int64]) -> Floats:
        """
        Bell-shaped numbers of mean 0 and deviation 1, one a counter, never beyond 3.5.
        """
        bits = self._bits(counters)
        total = (
            (bits & _16_BITS)
            + ((bits >> np.uint64(16)) & _16_BITS)
            + ((bits >> np.uint64(32)) & _16_BITS)
            + (bits >> np.uint64(48))
        )
        normal: Floats = (total.astype(np.float64) - _SUM_MEAN) / _SUM_DEVIATION
        return normal

    def smooth(self, position: Floats) -> Floats:
        """
        A smooth random curve of mean 0 and deviation about 1, bounded by 5.

        Args:
            position: Where to read it, never falling, in units of its knots: the curve wanders
                from one value to an independent one within about two of them.

        Returns:
            The uniform cubic B-spline over one normal number a knot.
        """
        knot = np.floor(position)
        x = position - knot
        first = int(knot[0])
        values = self.normal(np.arange(first - 1, int(knot[-1]) + 3))
        at = knot.astype(np.int64) - first
        x2 = x * x
        x3 = x2 * x
        curve = values[at] * (1 - 3 * x + 3 * x2 - x3)
        curve += values[at + 1] * (4 - 6 * x2 + 3 * x3)
        curve += values[at + 2] * (1 + 3 * x + 3 * x2 - 3 * x3)
        curve += values[at + 3] * x3
        curve /= 6 * _SPLINE_DEVIATION
        return curve

    def _bits(self, counters: NDArray[np.int64]) -> Counters:
        z = counters.astype(np.uint64) * _GOLDEN + self._key
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        return z ^ (z >> np.uint64(31))
