"""
Sums without rounding.

A running float sum loses what is small beside it, for ever. Here integers and fractions are summed
as such, and floats as a short list of floats whose exact sum is the exact sum of all that was
added. ``math.fsum`` rounds an exact sum once; what it left over is asked for again, until nothing
is left. (The idea: J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997.) Two such
sums may be subtracted, and what cancels is gone without residue.
"""

from array import array
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, repeat
from math import frexp, fsum, inf, isfinite
from numbers import Integral, Rational
from operator import countOf, mul, neg
from typing import Any, NamedTuple, TypeAlias, cast

#: Numbers of a column: typed where all are alike.
Values: TypeAlias = "array[Any] | list[Any]"
#: What a sum may turn out to be. Fractions are as welcome as the two that are named.
Number = int | float

_MANTISSA_BITS = 53
_EXACT_IN_A_FLOAT = 2**_MANTISSA_BITS
_FEW = 16
"""Adding up so many floats costs less than packing them."""


def common_type(values: Values) -> type | None:
    """
    The one type that all *values* have, or None. Typed arrays know theirs.
    """
    if isinstance(values, array):
        return float if values.typecode == "d" else int
    if not values:
        return None
    kind = type(values[0])
    if len(values) == 1:
        return kind
    return kind if countOf(map(type, values), kind) == len(values) else None


def is_float(value: object) -> bool:
    """
    Whether *value* counts as a float: one by name, or a real number that is no ratio of integers.
    """
    return isinstance(value, float) or not isinstance(value, Rational)


def is_fraction(value: object) -> bool:
    """
    Whether *value* is a ratio of integers, and no integer.
    """
    return isinstance(value, Rational) and not isinstance(value, Integral)


class ExactSum(NamedTuple):
    """
    An exact sum. It never changes; ``plus``, ``minus``, ``less`` and ``packed`` make new ones.

    Attributes:
        ints: Sum of the integers.
        floats: Floats that together are the sum of the floats; ``packed`` makes them few.
        rationals: Sum of the fractions, and of floats so large that their sum is no float.
    """

    ints: int = 0
    floats: tuple[float, ...] = ()
    rationals: Fraction | int = 0

    def plus(self, values: Values, kind: type | None) -> "ExactSum":
        """
        Add *values*, which are all of type *kind*, or of several if that is None.
        """
        if kind is float:
            return ExactSum(self.ints, (*self.floats, *values), self.rationals)
        if kind is int:
            return ExactSum(self.ints + sum(values), self.floats, self.rationals)
        ints, floats, rationals = _sorted_by_kind(values)
        return ExactSum(self.ints + ints, (*self.floats, *floats), self.rationals + rationals)

    def minus(self, values: Values, kind: type | None) -> "ExactSum":
        """
        Take *values* away again.
        """
        return self.less(NOTHING.plus(values, kind))

    def less(self, other: "ExactSum") -> "ExactSum":
        """
        The difference of two sums.
        """
        return ExactSum(
            self.ints - other.ints,
            (*self.floats, *map(neg, other.floats)),
            self.rationals - other.rationals,
        )

    def packed(self) -> "ExactSum":
        """
        The same sum in few numbers.
        """
        if len(self.floats) <= _FEW:
            return self
        try:
            return ExactSum(self.ints, _expand(list(self.floats)), self.rationals)
        except OverflowError:
            # Somewhere on the way the sum is larger than any float: go on with fractions.
            return ExactSum(self.ints, (), self.rationals + sum(map(Fraction, self.floats)))

    def as_fraction(self) -> Fraction:
        """
        The sum itself, not rounded.
        """
        # Long sums are packed because fractions are slow.
        ints, floats, rationals = self.packed()
        return Fraction(ints) + rationals + sum(map(Fraction, floats))

    def as_float(self) -> float:
        """
        The float nearest to the sum; infinity where that is beyond all floats.
        """
        try:
            if not self.rationals and -_EXACT_IN_A_FLOAT <= self.ints <= _EXACT_IN_A_FLOAT:
                return fsum((*self.floats, self.ints))
        except OverflowError:
            pass  # on the way only, perhaps
        exact = self.as_fraction()
        try:
            return float(exact)
        except OverflowError:
            return inf if exact > 0 else -inf

    def shifted(self, shift: int) -> int:
        """
        The sum of integers and floats, *shift* bits to the left.
        """
        return (self.ints << shift) + sum(shifted(self.floats, shift))

    def is_rounded_integer(self) -> bool:
        """
        Whether this is an integer that no float holds.
        """
        if -_EXACT_IN_A_FLOAT <= self.ints <= _EXACT_IN_A_FLOAT:
            return False
        return self.as_fraction() == self.ints != self.as_float()

    def value(self, kind: type) -> Number:
        """
        The sum as a number of type *kind*: int, Fraction or float.
        """
        if kind is float:
            return self.as_float()
        return self.ints if kind is int else cast("Number", Fraction(self.ints + self.rationals))


NOTHING = ExactSum()


def shift_for(values: Sequence[float], parts: Iterable[float]) -> int:
    """
    How many bits to the left all *values* and *parts* are integers.

    Every float is an integer times a power of two. With one power for all, sums are sums of
    integers, and a difference of two sums is exact. For the many values a bound will do; the few
    parts of a sum are looked at closely, for they may be small and yet short.
    """
    smallest = min(map(abs, values), default=1.0)
    if not smallest:
        smallest = min(filter(None, map(abs, values)), default=1.0)
    bits = [part.as_integer_ratio()[1].bit_length() - 1 for part in parts]
    return max(_MANTISSA_BITS - frexp(smallest)[1], 0, *bits)


def shifted(values: Iterable[float], shift: int) -> list[int]:
    """
    All *values* as integers, *shift* bits to the left.

    Raises:
        OverflowError: If the values are too far apart for one shift.
    """
    return list(map(float.__trunc__, map(mul, values, repeat(2.0**shift))))


def running_sums(values: "list[int] | array[int]", total: int) -> list[int]:
    """
    The sums before the first value and after each of *values*; the last one is *total*.
    """
    return list(accumulate(values, initial=total - sum(values)))


def unshifted(sums: Iterable[int], shift: int) -> list[float]:
    """
    The floats nearest to integers that are *shift* bits to the left.

    Python rounds when it turns an integer into a float, correctly; the product is exact.

    Raises:
        OverflowError: If an integer is beyond all floats.
    """
    return list(map(mul, sums, repeat(2.0**-shift)))


def _expand(terms: list[float]) -> tuple[float, ...]:
    """
    A few floats whose exact sum is that of *terms*.

    Raises:
        OverflowError: If the sum is, or on the way may be, beyond all floats.
    """
    # The first part may be off by some rounding, which the next make up for, and ``sum`` is faster.
    # Where it is off by everything there is a rest all the same.
    rest = sum(terms) or fsum(terms)
    if not isfinite(rest):
        raise OverflowError("sum beyond all floats")
    parts: list[float] = []
    while rest:
        parts.append(rest)
        terms.append(-rest)
        rest = fsum(terms)
    return tuple(parts)


def _sorted_by_kind(values: Values) -> tuple[int, list[float], Fraction | int]:
    ints = 0
    floats: list[float] = []
    rationals: Fraction | int = 0
    for value in values:
        if isinstance(value, float):
            floats.append(value)
        elif isinstance(value, (int, Integral)):
            ints += int(value)
        elif isinstance(value, Rational):
            rationals += Fraction(value)
        else:
            # The one thing that a beat has been checked for, and it makes any number a float.
            floats.append(0.0 + value)
    return ints, floats, rationals
