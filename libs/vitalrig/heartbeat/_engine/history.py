"""
Many beats at once, at a fraction of what they cost one by one.
"""

from collections.abc import Iterable
from itertools import repeat
from operator import truediv
from typing import Any

from vitalrig.heartbeat._engine.exact import ratio
from vitalrig.heartbeat._engine.kept_beats import KeptBeats
from vitalrig.heartbeat.records import HeartbeatFieldRecord, HeartbeatRecord


def numbers_of(kept: KeptBeats, idents: range) -> list[list[Iterable[Any]]]:
    """
    Work out, for each field, six columns: global, window and instant sums, and their rates.
    """
    if not idents:
        return [[[]] * 6 for _ in kept.fields]
    time, *others = [kept.sums_of_many(field, idents) for field in kept.fields]
    counts = range(idents.start + 1, idents.stop + 1)
    beats: list[Iterable[int]] = [counts, [min(count, kept.window) for count in counts], repeat(1)]
    amounts: list[list[Any]] = [beats, *others]
    return [
        [*sums, *map(_ratios, rated, time)]
        for sums, rated in zip([time, *others], amounts, strict=True)
    ]


def records_of(kept: KeptBeats, idents: range) -> list[HeartbeatRecord]:
    """
    Make records of many beats.
    """
    rows = [kept.row(ident) for ident in idents]
    columns = [
        map(HeartbeatFieldRecord, map(field.value, rows), *numbers)
        for field, numbers in zip(kept.fields, numbers_of(kept, idents), strict=True)
    ]
    return [
        HeartbeatRecord(ident, tag, time, list(others))
        for ident, tag, time, *others in zip(idents, kept.tags(idents), *columns, strict=True)
    ]


def _ratios(amounts: Iterable[Any], times: Iterable[Any]) -> list[float]:
    try:
        return list(map(truediv, amounts, times))
    except (OverflowError, ZeroDivisionError):
        return list(map(ratio, amounts, times))
