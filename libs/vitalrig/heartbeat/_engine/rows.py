"""
Log rows: beats as flat lists of numbers, in the caller's units.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from vitalrig.heartbeat._engine.history import numbers_of
from vitalrig.heartbeat._engine.kept_beats import KeptBeats
from vitalrig.heartbeat.records import HeartbeatRecord, HeartbeatRecordData


class Norms(NamedTuple):
    """
    Factors that turn the units of beats into those of a log. None leaves a number as it is.

    Attributes:
        time: For the time field's value and sums.
        heartrate: For its rates.
        fields: For the other fields' values and sums; may be shorter or longer than these.
        field_rates: For their rates.
    """

    time: float | None = None
    heartrate: float | None = None
    fields: Sequence[float | None] | None = None
    field_rates: Sequence[float | None] | None = None

    def pairs(self, fields: int) -> list[tuple[float | None, float | None]]:
        """
        Two factors for time, and two for each of so many *fields*.
        """
        if self.fields is self.field_rates is None:
            return [(self.time, self.heartrate), *[(None, None)] * fields]
        norms = [self.time, *_padded(self.fields, fields)]
        return list(zip(norms, [self.heartrate, *_padded(self.field_rates, fields)], strict=True))


def row_of(record: HeartbeatRecord, norms: Norms | None = None) -> list[HeartbeatRecordData]:
    """
    One beat as a row.
    """
    row: list[Any] = [record.ident, record.tag]
    fields = [record.time, *record.field_records]
    if norms is None:
        for field in fields:
            row += field.val
            row += (field.glbl, field.wndw, field.inst)
            row += (field.glbl_rate, field.wndw_rate, field.inst_rate)
        return row
    for field, (norm, rate_norm) in zip(fields, norms.pairs(len(fields) - 1), strict=True):
        counts = (*field.val, field.glbl, field.wndw, field.inst)
        rates = (field.glbl_rate, field.wndw_rate, field.inst_rate)
        row += counts if norm is None else [count * norm for count in counts]
        row += rates if rate_norm is None else [rate * rate_norm for rate in rates]
    return row


def rows_of(kept: KeptBeats, idents: range, norms: Norms) -> list[list[HeartbeatRecordData]]:
    """
    Beats as rows.
    """
    columns: list[Iterable[Any]] = [idents, kept.tags(idents)]
    fields = zip(kept.fields, numbers_of(kept, idents), norms.pairs(len(kept.others)), strict=True)
    for field, numbers, (norm, rate_norm) in fields:
        values = [kept.entries(field.column + part, idents) for part in range(field.shape)]
        columns += _times([*values, *numbers[:3]], norm)
        columns += _times(numbers[3:], rate_norm)
    return list(map(list, zip(*columns, strict=True)))


def _times(columns: list[Iterable[Any]], norm: float | None) -> list[Iterable[Any]]:
    if norm is None:
        return columns
    return [[number * norm for number in column] for column in columns]


def _padded(norms: Sequence[float | None] | None, length: int) -> list[float | None]:
    given = list(islice(norms or (), length))
    return [*given, *[None] * (length - len(given))]
