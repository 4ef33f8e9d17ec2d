"""A session as Parquet: a row a sample, with what is known of the session in the file."""

import json
from dataclasses import asdict
from pathlib import Path

from vitalrig.sessions.errors import extra
from vitalrig.sessions.exports import long_table
from vitalrig.sessions.reading.series import RecordedSession
from vitalrig.sessions.store.atomic_output import atomic_output
from vitalrig.sessions.store.lines import Advance, no_progress
from vitalrig.version import VERSION

with extra("export"):
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet


def export(
    session: RecordedSession, path: Path, *, force: bool = False, advance: Advance = no_progress
) -> None:
    """
    Write the samples of all series to *path*.

    Times are of a type that says microseconds in UTC, values are exact. The file's
    metadata holds, under ``vitalrig``, a JSON object with the session's ``meta``,
    ``manifest``, ``source`` and ``events``.

    Raises:
        BadRequest: If *path* exists and *force* is not given.
        Unreadable: If the session's summary is damaged.
        OSError: If it cannot be written.
    """
    columns = long_table.schema(stamp=pa.timestamp("us", tz="UTC"))
    about = {
        "software": f"vitalrig {VERSION}",
        "source": session.source,
        "meta": session.meta,
        "manifest": session.files.facts,
        "events": [asdict(event) for event in session.events()],
    }
    columns = columns.with_metadata({"vitalrig": json.dumps(about)})
    with (
        atomic_output(path, force=force) as partial,
        parquet.ParquetWriter(partial, columns, compression="zstd") as out,
    ):
        for batch in long_table.batches(session, columns, advance):
            out.write_batch(batch)
