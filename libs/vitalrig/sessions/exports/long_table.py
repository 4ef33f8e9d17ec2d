"""A session as one long table: a row a sample, in batches of a bounded size."""

from collections.abc import Callable, Iterator

import numpy as np

from vitalrig.sessions.errors import extra
from vitalrig.sessions.reading.series import Floats, RecordedSeries, RecordedSession, Samples
from vitalrig.sessions.store.lines import Advance, no_progress

with extra("export"):
    import pyarrow as pa  # type: ignore[import-untyped]

BATCH_ROWS = 1 << 18

_MOST = 2.0**63

_WORD = pa.dictionary(pa.int32(), pa.string())


def schema(*, stamp: pa.DataType) -> pa.Schema:
    """
    The columns of the table.

    Args:
        stamp: How times are held: whole microseconds, or a type that says so.
    """
    name = "timestamp" if pa.types.is_timestamp(stamp) else "timestamp_us"
    return pa.schema(
        [
            ("channel", _WORD),
            ("series", _WORD),
            ("unit", _WORD),
            (name, stamp),
            ("value", pa.float64()),
            ("relative_us", pa.int64()),
            ("source", _WORD),
        ]
    )


def batches(
    session: RecordedSession,
    columns: pa.Schema,
    advance: Advance = no_progress,
    word: Callable[[str], str] = str,
) -> Iterator[pa.RecordBatch]:
    """
    The rows, series by series, in the order in which they were sampled.

    Args:
        session: What to take them from.
        columns: What :func:`schema` gave.
        advance: Told of samples done.
        word: What becomes of each text.
    """
    for series in session.series:
        samples = series.load()
        for start in range(0, len(samples), BATCH_ROWS):
            rows = Samples(
                samples.timestamps_us[start : start + BATCH_ROWS],
                samples.values[start : start + BATCH_ROWS],
                samples.relative_us[start : start + BATCH_ROWS],
            )
            yield _batch(session, series, rows, columns, word)
            advance(len(rows))


def _batch(
    session: RecordedSession,
    series: RecordedSeries,
    rows: Samples,
    columns: pa.Schema,
    word: Callable[[str], str],
) -> pa.RecordBatch:
    def always(text: str) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(_zeros(len(rows)), pa.array([word(text)]))

    return pa.record_batch(
        [
            always(series.channel),
            always(series.name),
            always(series.unit),
            _whole(rows.timestamps_us).cast(columns.field(3).type),
            pa.array(rows.values),
            _whole(rows.relative_us),
            always(session.source),
        ],
        schema=columns,
    )


def _whole(numbers: Floats) -> pa.Array:
    """Whole numbers; null for what is none."""
    is_none = ~(np.abs(numbers) < _MOST)
    return pa.array(np.rint(np.where(is_none, 0, numbers)).astype("int64"), mask=is_none)


def _zeros(count: int) -> pa.Array:
    return pa.Array.from_buffers(pa.int32(), count, [None, pa.py_buffer(bytes(4 * count))])
