"""
Sums without rounding: a sum is a whole number of units, and a unit is as small as it has to be.

A running float sum loses what is small beside it, for ever. But every float is an integer times a
power of two, and every fraction one divided by an integer. So all amounts of a field are integers
in some unit, which becomes finer when an amount asks for it; their sums are sums of integers, and
what cancels is gone without residue. A sum is rounded once, when it is read as a float.
"""

from array import array
from copy import copy
from fractions import Fraction
from itertools import accumulate, repeat
from math import fsum, inf, lcm, nan
from numbers import Integral, Rational
from operator import countOf, mul
from sys import maxsize
from typing import Any, Self, TypeAlias, cast

#: Numbers of many beats: a typed array where all are alike.
Values: TypeAlias = "array[Any] | list[Any]"
#: What a sum may turn out to be. Fractions are as welcome as the two that are named.
Number = int | float

_LARGEST_SCALE_BITS = 1_000
"""2.0 to the power of so many is a float, and so is its inverse."""


class Unit:
    """
    What a count stands for: one divided by *denominator*, and the kind of number that sums are.

    As in plain addition, sums are integers until a fraction comes, and floats from the first float
    on.

    Args:
        denominator: So many units are 1.
        kind: What sums are, as of the newest beats: int, Fraction or float.
        since: The first beat for which they are.
        first_fraction: The first beat with a fraction.

    Attributes:
        scale: The denominator as a float by which floats are multiplied without rounding, or NaN.
        inverse: What makes a count a number of *kind*; None if it is not as simple as that.
    """

    __slots__ = ("denominator", "first_fraction", "inverse", "kind", "scale", "since")

    def __init__(
        self,
        denominator: int = 1,
        kind: type = int,
        since: int = 0,
        first_fraction: int = maxsize,
    ) -> None:
        self.denominator = denominator
        self.kind = kind
        self.since = since
        self.first_fraction = first_fraction
        bits = denominator.bit_length() - 1
        is_exact = bits <= _LARGEST_SCALE_BITS and denominator == 1 << bits
        self.scale = 2.0**bits if is_exact else nan
        self.inverse: Any = 1
        if kind is float:
            self.inverse = 2.0**-bits if is_exact else None
        elif kind is Fraction:
            self.inverse = Fraction(1, denominator)

    def number(self, count: int, ident: int) -> Number:
        """
        Make a count the number that a sum is as of beat *ident*.

        Infinity stands for what is beyond all floats.
        """
        if ident >= self.since:
            try:
                # Rounded where the integer becomes a float; a power of two changes no bit.
                return cast("Number", count * self.inverse)
            except (OverflowError, TypeError):
                return ratio(count, self.denominator)
        if ident >= self.first_fraction:
            return cast("Number", Fraction(count, self.denominator))
        return count // self.denominator

    def numbers(self, counts: list[int], idents: range) -> list[Number]:
        """
        The same for many beats.
        """
        if idents.start >= self.since and self.inverse is not None:
            try:
                return list(map(mul, counts, repeat(self.inverse)))
            except OverflowError:
                pass
        return list(map(self.number, counts, idents))

    def counts(self, amounts: Values) -> list[int] | None:
        """
        Tell how many units each of *amounts* is; None if one of them asks for a finer unit.
        """
        kind = common_type(amounts)
        if kind is int:
            return list(map(mul, amounts, repeat(self.denominator)))
        if kind is float:
            scaled = list(map(mul, amounts, repeat(self.scale)))
            if all(map(float.is_integer, scaled)):
                return list(map(int, scaled))
        ratios = list(map(_ratio, amounts))
        if any(self.denominator % denominator for _, denominator in ratios):
            return None
        return [part * (self.denominator // denominator) for part, denominator in ratios]

    def adapted(self, ident: int, amounts: Values) -> "Unit":
        """
        Make a unit that suits *amounts*, too, the first of which is that of beat *ident*.
        """
        denominator = lcm(self.denominator, *{_ratio(amount)[1] for amount in amounts})
        kind, since, first_fraction = self.kind, self.since, self.first_fraction
        for at, amount in enumerate(amounts, ident):
            if kind is float:
                break
            if isinstance(amount, float) or not isinstance(amount, Rational):
                kind, since = float, at
            elif kind is int and not isinstance(amount, Integral):
                kind, since, first_fraction = Fraction, at, at
        return Unit(denominator, kind, since, first_fraction)


class RunningSums:
    """
    Sums of one amount a beat, as they were before each beat, as far as somebody has asked.

    Attributes:
        first: Number of the first beat that is kept.
        counts: The sum before that beat, and the sums before those that follow, in units.
        unit: The unit.
        next_step: What it takes to add just one amount: the last beat that is in the sums; the sum
            of all beats up to it; where in ``counts`` the sum before its window is; ``counts``;
            and of the unit its scale for floats, its inverse, and its denominator.
    """

    __slots__ = ("_window", "counts", "first", "next_step", "unit")

    def __init__(self, window: int) -> None:
        self._window = window
        self.first = 0
        self.counts = [0]
        self.unit = Unit()
        self.step_from(-1, 0)

    @property
    def next(self) -> int:
        """
        The first beat whose amount is not in ``counts`` yet.
        """
        return self.first + len(self.counts) - 1

    def add(self, amount: Any) -> None:  # noqa: ANN401 - any real number
        """
        Go on, with the *amount* of the next beat.
        """
        counts, unit = self.counts, self.unit
        if type(amount) is int:
            counts.append(counts[-1] + amount * unit.denominator)
        elif type(amount) is float is unit.kind and (scaled := amount * unit.scale).is_integer():
            counts.append(counts[-1] + int(scaled))
        else:
            self.extend([amount])

    def extend(self, amounts: Values) -> None:
        """
        Go on, with the *amounts* of the next beats.
        """
        added = self._counts_of(amounts)
        self.counts[-1:] = accumulate(added, initial=self.counts[-1])

    def from_beat(self, first: int, skipped: Values) -> Self:
        """
        Make the same sums without those before beat *first*.

        Args:
            first: Its number.
            skipped: The amounts of the beats before it that are not in ``counts`` yet.
        """
        if self.unit.kind is not float and common_type(skipped) is float:
            self._counts_of(skipped)  # sees where the first float is
        total = sum(self._counts_of(compacted(skipped)))
        later = copy(self)
        later.first = first
        later.counts = self.counts[first - self.first :] or [self.counts[-1] + total]
        ident, count, *_, denominator = self.next_step
        if denominator == self.unit.denominator:
            later.step_from(ident, count)
        return later

    def _counts_of(self, amounts: Values) -> list[int]:
        counts = None
        if self.unit.kind is float or common_type(amounts) is int:
            counts = self.unit.counts(amounts)
        if counts is None:
            unit = self.unit.adapted(self.next, amounts)
            finer = unit.denominator // self.unit.denominator
            self.counts, self.unit = [count * finer for count in self.counts], unit
            counts = unit.counts(amounts)
        return cast("list[int]", counts)

    def prepare_step(self, ident: int) -> None:
        """
        Let the next step be that from beat *ident*, which is in ``counts``.
        """
        self.step_from(ident, self.counts[ident + 1 - self.first])

    def step_from(self, ident: int, count: int) -> None:
        """
        Let the next step be that from beat *ident*, up to which the sum is *count*.
        """
        unit = self.unit
        before = ident + 1 - self.first - self._window
        scale = unit.scale if unit.kind is float else nan
        self.next_step = (
            *(ident, count, before, self.counts),
            *(scale, unit.inverse, unit.denominator),
        )


def exact_sum(values: Values) -> Number:
    """
    Add up *values*, and round once if there are floats among them.
    """
    sums = RunningSums(1).from_beat(len(values), values)
    return sums.unit.number(sums.counts[0], len(values))


def ratio(amount: Number, divisor: Number) -> float:
    """
    Divide, with infinity where the result is beyond all floats.
    """
    try:
        return amount / divisor
    except (OverflowError, ZeroDivisionError):
        # Integers beyond all floats, or a fraction of time so short that as a float it is 0.
        return inf if amount > 0 else -inf if amount < 0 else 0.0


def common_type(values: Values) -> type | None:
    """
    Tell the one type that all *values* have, if there is one. Typed arrays know theirs.
    """
    if isinstance(values, array):
        return float if values.typecode == "d" else int
    if not values:
        return None
    kind = type(values[0])
    return kind if countOf(map(type, values), kind) == len(values) else None


def compacted(values: Values) -> Values:
    """
    Make a few numbers that have exactly the sum of *values*, if these are floats.

    (The idea: J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997.)
    """
    if common_type(values) is not float:
        return values
    terms = list(values)
    parts: list[float] = []
    try:
        # The first part may be off by some rounding, which the next make up for, and ``sum`` is
        # faster. Where it is off by everything there is a rest all the same.
        rest = sum(terms) or fsum(terms)
        while rest:
            parts.append(rest)
            terms.append(-rest)
            rest = fsum(terms)
    except (OverflowError, ValueError):
        return values  # on the way, the sum is beyond all floats
    return parts


def _ratio(value: Any) -> tuple[int, int]:  # noqa: ANN401 - any real number
    """
    Make *value*, which is finite, a numerator and a denominator.
    """
    if isinstance(value, Integral):
        return int(value), 1
    if isinstance(value, Rational):
        return int(value.numerator), int(value.denominator)
    return float(value).as_integer_ratio()
