"""A session as CSV: a row a sample, numbers with all their digits."""

from pathlib import Path

from vitalrig.harmless import harmless_cell
from vitalrig.sessions.errors import extra
from vitalrig.sessions.exports import long_table
from vitalrig.sessions.reading.series import RecordedSession
from vitalrig.sessions.store.atomic_output import atomic_output
from vitalrig.sessions.store.lines import Advance, no_progress

with extra("export"):
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import csv


def export(
    session: RecordedSession, path: Path, *, force: bool = False, advance: Advance = no_progress
) -> None:
    """
    Write the samples of all series to *path*.

    Times are whole microseconds since 1970, or nothing where there is none; values are given
    exactly. Text that a spreadsheet would run has an apostrophe before it. Events are not in
    it; the column ``source`` says on every row what the numbers are made of.

    Raises:
        BadRequest: If *path* exists and *force* is not given.
        Unreadable: If the session's summary is damaged.
        OSError: If it cannot be written.
    """
    columns = long_table.schema(stamp=pa.int64())
    options = csv.WriteOptions(quoting_style="needed")
    with (
        atomic_output(path, force=force) as partial,
        csv.CSVWriter(partial, columns, write_options=options) as out,
    ):
        for batch in long_table.batches(session, columns, advance, word=harmless_cell):
            out.write_batch(batch)
