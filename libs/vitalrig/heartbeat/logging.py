"""
Headers and rows for logs.
"""

from collections.abc import Sequence

from vitalrig.heartbeat._engine.rows import Norms, row_of
from vitalrig.heartbeat.heartbeat import Heartbeat
from vitalrig.heartbeat.records import (
    HeartbeatFieldCount,
    HeartbeatFieldRate,
    HeartbeatRecord,
    HeartbeatRecordData,
    zero_record,
)


def get_log_header(
    hbt: Heartbeat,
    time_name: str = "Time",
    heartrate_name: str = "Heart Rate",
    field_names: Sequence[str] | None = None,
    field_rate_names: Sequence[str] | None = None,
) -> list[str]:
    """
    Name the entries of a log row.

    First come ``Heartbeat``, the beat's number, and ``Tag``. Then for each field, time first: the
    value, or its start and end; global, window and instant sum; global, window and instant rate.

    Args:
        hbt: The heartbeat.
        time_name: Name of the time field, perhaps with a unit.
        heartrate_name: Name of its rates.
        field_names: Names of the other fields; ``Field 1`` and so on where there are too few.
        field_rate_names: Names of their rates; the field's name and ``Rate`` where too few.
    """
    shapes = (hbt.time_shape, *hbt.fields_shape)
    names = [str(time_name), *(field_names or ())]
    names += [f"Field {at}" for at in range(len(names), len(shapes))]
    rate_names = [str(heartrate_name), *(field_rate_names or ())]
    rate_names += [name + " Rate" for name in names[len(rate_names) :]]
    header = ["Heartbeat", "Tag"]
    for shape, name, rate_name in zip(shapes, names, rate_names, strict=False):
        header += [str(name)] if shape == 1 else [f"Start {name}", f"End {name}"]
        header += [f"{scope} {name}" for scope in ("Global", "Window", "Instant")]
        header += [f"{scope} {rate_name}" for scope in ("Global", "Window", "Instant")]
    return header


def get_log_record(
    hbr: HeartbeatRecord,
    time_norm: HeartbeatFieldCount | None = None,
    heartrate_norm: HeartbeatFieldRate | None = None,
    field_norms: Sequence[HeartbeatFieldCount | None] | None = None,
    field_rate_norms: Sequence[HeartbeatFieldRate | None] | None = None,
) -> list[HeartbeatRecordData]:
    """
    Make one log row of a record.

    Args:
        hbr: The record.
        time_norm: Multiplies the time field's value and sums.
        heartrate_norm: Multiplies its rates.
        field_norms: Multiply the other fields' values and sums; all or some may be None.
        field_rate_norms: Multiply their rates; all or some may be None.
    """
    if (
        time_norm is None
        and heartrate_norm is None
        and field_norms is None
        and field_rate_norms is None
    ):
        return row_of(hbr)
    return row_of(hbr, Norms(time_norm, heartrate_norm, field_norms, field_rate_norms))


def get_log_records(
    hbt: Heartbeat,
    count: int | None = None,
    time_norm: HeartbeatFieldCount | None = None,
    heartrate_norm: HeartbeatFieldRate | None = None,
    field_norms: Sequence[HeartbeatFieldCount | None] | None = None,
    field_rate_norms: Sequence[HeartbeatFieldRate | None] | None = None,
) -> list[list[HeartbeatRecordData]]:
    """
    Make log rows of the last *count* beats, oldest first; None means the whole window.

    Where the window is not full yet, rows of zeros come first, unless the heartbeat is strict.
    ``Heartbeat.get_rows`` never has such rows.

    Raises:
        ValueError: If *count* is out of range: ``0 <= count <= window_size``.
    """
    if count is None:
        count = hbt.window_size
    if count < 0 or count > hbt.window_size:
        raise ValueError("count must be in range: 0 <= count <= window_size")
    norms = Norms(time_norm, heartrate_norm, field_norms, field_rate_norms)
    rows = hbt.get_rows(norms, last=range(count + 1)[count])
    if hbt.strict:
        return rows
    zero = zero_record(len(hbt.fields_shape))
    return [*(row_of(zero, norms) for _ in range(count - len(rows))), *rows]
