"""
Beats in columns, and the sums of their fields.

Sums are worked out when somebody reads, and no further than to where somebody reads. Whoever reads
after every beat adds one amount each time; whoever looks back finds what is there already.
"""

from array import array
from itertools import repeat
from operator import sub
from threading import Lock
from typing import Any

from vitalrig.heartbeat._engine.arguments import Marked
from vitalrig.heartbeat._engine.exact import RunningSums, Values, common_type, ratio
from vitalrig.heartbeat.records import HeartbeatFieldRecord, HeartbeatRecord

_new = object.__new__

_TYPECODES: dict[type | None, str] = {float: "d", int: "q"}

#: Of a field, as of a beat: the sum of all beats up to it, that of its window, its own amount.
Sums = tuple[Any, Any, Any]
GLOBAL, WINDOW, INSTANT = range(3)


class Field(RunningSums):
    """
    Time, or another field of all beats.

    Args:
        index: 0 for time.
        shape: 1 for totals, 2 for start and end.
        column: Where its values begin in a row.
        window: Beats in a window.
    """

    __slots__ = ("_index", "column", "shape")

    def __init__(self, index: int, shape: int, column: int, window: int) -> None:
        super().__init__(window)
        self._index = index
        self.shape = shape
        self.column = column

    def amount(self, row: list[Any]) -> Any:  # noqa: ANN401 - any real number
        """
        The amount that was reported in *row*.
        """
        return row[self.column] if self.shape == 1 else row[self.column + 1] - row[self.column]

    def value(self, row: list[Any]) -> Any:  # noqa: ANN401 - tuple or list
        """
        What was reported in *row*, in the form in which it came.
        """
        value = row[self.column : self.column + self.shape]
        tag = row[0]
        return value if type(tag) is Marked and tag.lists >> self._index & 1 else tuple(value)


class KeptBeats:
    """
    All beats from number *first* on.

    Nothing is ever let go of here: a ring that wants to keep fewer makes another one ``from_beat``.
    So what is read of a beat later is what could be read at once.

    Args:
        window: Beats in a window.
        first: Number of the first beat.
        fields: Time first.
        columns: The entries of the beats' rows, column by column.
        rows: Entries of beats that follow, one row after the other, until they settle in columns.

    Attributes:
        settled: Number of the first beat that is not in the columns yet.
    """

    def __init__(
        self, window: int, first: int, fields: list[Field], columns: list[Values], rows: list[Any]
    ) -> None:
        self.window = window
        self.first = first
        self.fields = fields
        self.time, *self.others = fields
        self.settled = first + len(columns[0])
        self._columns = columns
        self._rows = rows

    def settle(self) -> None:
        """
        Bring waiting beats into the columns.

        An interrupt (Ctrl-C, no memory) at any point loses no beat and counts none twice: columns
        are written first and may be written again; then what counts changes in one statement that
        calls nothing, so that nothing comes in between.
        """
        rows, width = self._rows[:], len(self._columns)
        length, kept = len(rows), self.settled - self.first
        if not length:
            return
        columns = [
            _joined(column, kept, rows[at::width]) for at, column in enumerate(self._columns)
        ]
        settled = self.settled + length // width
        self._columns, self.settled, self._rows[:length] = columns, settled, ()

    def from_beat(self, first: int) -> "KeptBeats":
        """
        The same without the beats before number *first*.
        """
        fields = [
            field.from_beat(first, self.amounts(field, range(field.next, first)))
            for field in self.fields
        ]
        columns = [_packed(column[first - self.first :]) for column in self._columns]
        return KeptBeats(self.window, first, fields, columns, self._rows)

    @property
    def count(self) -> int:
        """
        Beats so far.
        """
        return self.settled + len(self._rows) // len(self._columns)

    def field(self, number: int | None) -> Field:
        """
        Time if *number* is None, and otherwise that one of the other fields.
        """
        return self.time if number is None else self.others[number]

    def row(self, ident: int) -> list[Any]:
        """
        All entries of beat *ident*.
        """
        if ident < self.settled:
            return [column[ident - self.first] for column in self._columns]
        width = len(self._columns)
        start = (ident - self.settled) * width
        return self._rows[start : start + width]

    def entries(self, column: int, idents: range) -> Values:
        """
        One entry of the row of each of some beats.
        """
        first, settled, width = self.first, self.settled, len(self._columns)
        entries = self._columns[column][idents.start - first : min(idents.stop, settled) - first]
        if idents.stop <= settled:
            return entries
        start = max(idents.start - settled, 0) * width
        stop = (idents.stop - settled) * width
        return [*entries, *self._rows[start + column : stop : width]]

    def tags(self, idents: range) -> list[Any]:
        """
        The callers' names of some beats.
        """
        return [tag.tag if type(tag) is Marked else tag for tag in self.entries(0, idents)]

    def amounts(self, field: Field, idents: range) -> Values:
        """
        The amounts of *field* of some beats.
        """
        values = self.entries(field.column, idents)
        if field.shape == 1:
            return values
        return list(map(sub, self.entries(field.column + 1, idents), values))

    def sums(self, field: Field, ident: int, row: list[Any]) -> Sums:
        """
        The sums of *field* as of beat *ident*.
        """
        amount = row[field.column] if field.shape == 1 else field.amount(row)
        at = ident + 1 - field.first
        missing = at + 1 - len(field.counts)
        if missing == 1:
            field.add(amount)
        elif missing > 0:
            field.extend(self.amounts(field, range(field.next, ident + 1)))
        counts, unit, before = field.counts, field.unit, at - self.window
        count = counts[at]
        in_window = count - counts[before] if before > 0 else count - counts[0]
        if ident >= unit.since:
            try:
                return count * unit.inverse, in_window * unit.inverse, amount
            except (OverflowError, TypeError):
                pass
        return unit.number(count, ident), unit.number(in_window, ident), amount

    def sums_of_many(self, field: Field, idents: range) -> list[Values]:
        """
        The same of some beats, each of the three for all of them.
        """
        if idents.stop > field.next:
            field.extend(self.amounts(field, range(field.next, idents.stop)))
        start, stop = idents.start + 1 - field.first, idents.stop + 1 - field.first
        counts = field.counts[start:stop]
        before = field.counts[max(start - self.window, 0) : max(stop - self.window, 0)]
        in_windows = list(map(sub, counts, [*repeat(0, len(counts) - len(before)), *before]))
        numbers = field.unit.numbers
        return [
            numbers(counts, idents),
            numbers(in_windows, idents),
            self.amounts(field, idents),
        ]

    def record(self, ident: int, row: list[Any], lock: Lock) -> HeartbeatRecord:
        """
        All there is to read of beat *ident*, of other fields when somebody looks at them.
        """
        sums = self.sums(self.time, ident, row)
        beats = ident + 1, min(ident + 1, self.window), 1
        record = _new(HeartbeatRecord)
        record.ident, record.tag = ident, row[0].tag if type(row[0]) is Marked else row[0]
        record.time = filled_record(self.time.value(row), sums, beats, sums)
        if self.others:
            record._unread = lock, self, ident, row, sums  # type: ignore[attr-defined]  # noqa: SLF001
        return record

    def other_records(self, ident: int, row: list[Any], times: Sums) -> list[HeartbeatFieldRecord]:
        """
        All there is to read of the other fields of beat *ident*; *times* are the sums of time.
        """
        simple = type(row[0]) is not Marked
        records = []
        for field in self.others:
            sums = self.sums(field, ident, row)
            value = sums[INSTANT:] if simple and field.shape == 1 else field.value(row)
            records.append(filled_record(value, sums, sums, times))
        return records


def filled_record(value: Any, sums: Sums, amounts: Sums, times: Sums) -> HeartbeatFieldRecord:  # noqa: ANN401
    """
    Make a record of *sums*, whose rates are *amounts* per unit of time.
    """
    # Filled by hand: that takes half as long as a call of the class.
    record = _new(HeartbeatFieldRecord)
    record.val = value
    record.glbl, record.wndw, record.inst = sums
    in_all, in_window, instant = amounts
    time_in_all, time_in_window, time = times
    try:
        record.glbl_rate = in_all / time_in_all
        record.wndw_rate = in_window / time_in_window
        record.inst_rate = instant / time
    except (OverflowError, ZeroDivisionError):
        record.glbl_rate, record.wndw_rate, record.inst_rate = map(ratio, amounts, times)
    return record


def _joined(column: Values, length: int, values: list[Any]) -> Values:
    """
    Let *values* follow the first *length* values of *column*, over anything that is there already.
    """
    del column[length:]
    if isinstance(column, list) and column:
        column.extend(values)
        return column
    new = _packed(values)
    if isinstance(new, array) and isinstance(column, array) and new.typecode == column.typecode:
        column.extend(new)
        return column
    return [*column, *values] if column else new


def _packed(values: Values) -> Values:
    code = _TYPECODES.get(common_type(values))
    if code is None or isinstance(values, array):
        return values
    try:
        return array(code, values)
    except OverflowError:  # an integer of more than 64 bits
        return values
