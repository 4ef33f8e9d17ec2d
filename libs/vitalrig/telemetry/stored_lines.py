"""Stored events, as a query wants them, from all files of a log."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from vitalrig.telemetry.event_query import EventQuery
from vitalrig.telemetry.event_sources import SourcedLine, all_sources, falling, rising
from vitalrig.telemetry.line_filter import LineFilter

_NO_END = 1 << 62


def read_lines(site_dir: Path, query: EventQuery) -> Iterator[bytes]:
    """
    Give the lines of stored events, each with its newline, in the order of their numbers.

    Raises:
        OSError: If a file cannot be read.
    """
    count = 0
    wanted = LineFilter(query)
    with closing(_candidates(site_dir, query)) as candidates:  # type: ignore[type-var]
        for line in candidates:
            if count == query.limit or _is_past(line.seq, query):
                return
            if wanted.wants(line.text):
                count += 1
                yield line.text.rstrip() + b"\n"


def _candidates(site_dir: Path, query: EventQuery) -> Iterator[SourcedLine]:
    sources = all_sources(site_dir)
    if query.run is not None:
        sources = [each for each in sources if any(run.run_id == query.run for run in each.runs)]
    if query.backwards:
        return falling(sources, _NO_END if query.until_seq is None else query.until_seq + 1)
    return rising(sources, query.after_seq)


def _is_past(seq: int, query: EventQuery) -> bool:
    if query.backwards:
        return seq <= query.after_seq
    return query.until_seq is not None and seq > query.until_seq
