"""
The records a heartbeat leaves behind, and the names of their types.

Both classes are plain dataclasses, compared by value. A record that a ``Heartbeat`` hands out is a
snapshot: no later beat changes it, and changing it changes no later beat.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Self, cast

#: What ``HeartbeatFieldRecord.val`` holds: a total, or a start and an end.
HeartbeatFieldValue = tuple[int | float] | tuple[int | float, int | float]
#: What ``glbl``, ``wndw`` and ``inst`` hold.
HeartbeatFieldCount = int | float
#: What the three rates are.
HeartbeatFieldRate = float
#: What ``ident`` and ``tag`` hold.
HeartbeatIdentifier = int | str
#: Anything a field record holds.
HeartbeatFieldRecordData = HeartbeatFieldValue | HeartbeatFieldCount | HeartbeatFieldRate
#: Anything a log row holds.
HeartbeatRecordData = HeartbeatFieldRecordData | HeartbeatIdentifier


@dataclass
class HeartbeatFieldRecord:
    """
    One field of one beat: the value as reported, and what follows from it.

    Attributes:
        val: The reported value: ``(total,)`` or ``(start, end)``.
        glbl: Sum since the first beat.
        wndw: Sum over the window that ends with this beat.
        inst: This beat's own amount.
        glbl_rate: ``glbl`` per unit of time; for the time field, beats per unit of time.
        wndw_rate: The same over the window.
        inst_rate: The same for this beat alone.
    """

    val: HeartbeatFieldValue = (0,)
    glbl: HeartbeatFieldCount = 0
    wndw: HeartbeatFieldCount = 0
    inst: HeartbeatFieldCount = 0
    glbl_rate: HeartbeatFieldRate = 0
    wndw_rate: HeartbeatFieldRate = 0
    inst_rate: HeartbeatFieldRate = 0

    def copy(
        self,
        norm: HeartbeatFieldCount | None = None,
        rate_norm: HeartbeatFieldRate | None = None,
    ) -> Self:
        """
        Copy this record, in other units if wanted.

        Args:
            norm: Multiplies the elements of ``val``, and ``glbl``, ``wndw`` and ``inst``.
            rate_norm: Multiplies the three rates.
        """
        other = replace(self)
        if norm is not None:
            other.val = cast("HeartbeatFieldValue", tuple(part * norm for part in self.val))
            other.glbl = self.glbl * norm
            other.wndw = self.wndw * norm
            other.inst = self.inst * norm
        if rate_norm is not None:
            other.glbl_rate = self.glbl_rate * rate_norm
            other.wndw_rate = self.wndw_rate * rate_norm
            other.inst_rate = self.inst_rate * rate_norm
        return other


@dataclass
class HeartbeatRecord:
    """
    One beat.

    Attributes:
        ident: The beat's number, from 0.
        tag: The caller's own name for it.
        time: The time field, whose rates are heart rates: beats per unit of time.
        field_records: The other fields, whose rates are amounts per unit of time.
    """

    ident: HeartbeatIdentifier = 0
    tag: HeartbeatIdentifier = 0
    time: HeartbeatFieldRecord = field(default_factory=HeartbeatFieldRecord)
    field_records: list[HeartbeatFieldRecord] = field(default_factory=list)

    def __getstate__(self) -> dict[str, Any]:
        self.field_records  # noqa: B018 - is read now, if it was not before
        return self.__dict__


class _FieldRecords:
    """
    Reads the other fields of a record when somebody first looks at them, which few do.
    """

    def __get__(self, record: HeartbeatRecord | None, owner: type) -> Any:  # noqa: ANN401
        if record is None:
            raise AttributeError("field_records")
        known = record.__dict__
        if (unread := known.get("_unread")) is None:
            return known.setdefault("field_records", [])
        lock, kept, ident, row, times = unread
        with lock:
            fields = known.setdefault("field_records", kept.other_records(ident, row, times))
        known.pop("_unread", None)
        return fields


HeartbeatRecord.field_records = _FieldRecords()  # type: ignore[assignment]


def zero_record(fields: int) -> HeartbeatRecord:
    """
    What is there where no beat has been: a record of zeros with *fields* fields.
    """
    return HeartbeatRecord(field_records=[HeartbeatFieldRecord() for _ in range(fields)])
