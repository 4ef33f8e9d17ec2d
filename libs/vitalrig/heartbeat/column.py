"""
One column of a ring: the newest values of one kind, at the lowest cost in memory.

Values that are all floats or all small integers lie in a typed array, 8 bytes each. Anything else
lies in a list, and goes back to an array once it is all alike again.
"""

from array import array
from typing import Any

from vitalrig.heartbeat.sums import Values, common_type

_TYPECODES = {float: "d", int: "q"}


class Column:
    """
    Values by beat number. Old ones are dropped from the front.

    Attributes:
        start: Number of the oldest beat that is kept.
    """

    __slots__ = ("_data", "start")

    def __init__(self) -> None:
        self._data: Values = []
        self.start = 0

    def write(self, ident: int, values: list[Any], kind: type | None) -> None:
        """
        Let *values* follow beat ``ident - 1``, over anything that is there already.

        Writing the same values twice is the same as once: an interrupted writer starts again.
        """
        at = ident - self.start
        if at < len(self._data):
            del self._data[at:]
        new = _packed(values, kind)
        if not self._data:
            self._data = new
        elif isinstance(self._data, array):
            if isinstance(new, array) and new.typecode == self._data.typecode:
                self._data.extend(new)
            else:
                self._data = [*self._data, *values]
        else:
            self._data.extend(values)

    def drop_before(self, ident: int) -> None:
        """
        Forget what is older than beat *ident*.
        """
        count = ident - self.start
        if count <= 0:
            return
        data = self._data[count:]
        if isinstance(data, list) and data and type(data[0]) is type(data[-1]):
            data = _packed(data, common_type(data))
        self._data, self.start = data, ident

    def __getitem__(self, ident: int) -> Any:  # noqa: ANN401 - a column holds what callers gave
        return self._data[ident - self.start]

    def between(self, start: int, stop: int) -> Values:
        """
        The values of beats *start* to *stop*, without the latter.
        """
        return self._data[start - self.start : stop - self.start]


def _packed(values: list[Any], kind: type | None) -> Values:
    code = _TYPECODES.get(kind) if kind else None
    if code is None:
        return values
    try:
        return array(code, values)
    except OverflowError:  # an integer of more than 64 bits
        return values
