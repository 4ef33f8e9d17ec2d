"""
One column of a ring: the newest values of one kind, at the lowest cost in memory.

Values that are all floats or all small integers lie in a typed array, 8 bytes each. Anything else
lies in a list, and goes back to an array once it is all alike again.
"""

from array import array
from typing import Any

from vitalrig.heartbeat._engine.sums import Values, common_type

_TYPECODES: dict[type | None, str] = {float: "d", int: "q"}


_SLACK = 512
"""Values beyond those to keep that may stay: to drop them costs a copy of the rest."""


class Column:
    """
    The newest values, by beat number.

    Args:
        keep: How many values must stay within reach.
    """

    __slots__ = ("_data", "_keep", "_longest", "_start")

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._longest = keep + max(keep // 16, _SLACK)
        self._data: Values = []
        self._start = 0

    def write(self, ident: int, values: list[Any], kind: type | None) -> None:
        """
        Let *values* follow beat ``ident - 1``, over anything that is there already.

        Writing the same values twice is the same as once: an interrupted writer starts again.

        Args:
            ident: Number of the beat with the first of *values*.
            values: One for each beat.
            kind: Type of all the values; None if there are several.
        """
        if len(values) == 1 and self._append(ident, values[0], kind):
            return
        surplus = len(values) - self._keep
        if surplus > 0:
            ident += surplus
            values = values[surplus:]
            self._data, self._start = [], ident
        del self._data[ident - self._start :]
        new = _packed(values, kind)
        if not self._data:
            self._data = new
        elif isinstance(self._data, list):
            self._data.extend(values)
        elif isinstance(new, array) and new.typecode == self._data.typecode:
            self._data.extend(new)
        else:
            self._data = [*self._data, *values]
        if len(self._data) > self._longest:
            self._drop(len(self._data) - self._keep)

    def _append(self, ident: int, value: Any, kind: type | None) -> bool:  # noqa: ANN401
        """
        Add one value at the end, if that is all it takes.

        A loop that reads a rate after each beat brings its beats one by one.
        """
        data = self._data
        if not data or not ident - self._start == len(data) < self._longest:
            return False
        if isinstance(data, array) and data.typecode != _TYPECODES.get(kind):
            return False
        try:
            data.append(value)
        except OverflowError:  # an integer of more than 64 bits
            return False
        return True

    def _drop(self, count: int) -> None:
        data = self._data[count:]
        if isinstance(data, list) and type(data[0]) is type(data[-1]):
            data = _packed(data, common_type(data))
        self._data, self._start = data, self._start + count

    def __getitem__(self, ident: int) -> Any:  # noqa: ANN401 - a column holds what callers gave
        return self._data[ident - self._start]

    def between(self, start: int, stop: int) -> Values:
        """
        The values of beats *start* to *stop*, without the latter.
        """
        return self._data[start - self._start : stop - self._start]


def _packed(values: list[Any], kind: type | None) -> Values:
    code = _TYPECODES.get(kind)
    if code is None:
        return values
    try:
        return array(code, values)
    except OverflowError:  # an integer of more than 64 bits
        return values
