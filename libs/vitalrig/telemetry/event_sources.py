"""All files that hold events of one log, and their events in one order."""

import heapq
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from vitalrig.telemetry.line_reader import Line, LineReader
from vitalrig.telemetry.log_files import ENDING, SITE_PREFIX
from vitalrig.telemetry.packed_file import PACKED, SeqSpan, packed_span
from vitalrig.telemetry.run_registry import Run, read_runs

log = logging.getLogger(__name__)


@dataclass(eq=False)
class EventSource:
    """
    A file that holds events.

    Attributes:
        path: The file.
        day: The day of the site that it is for, YYYYMMDD; empty for a run's.
        runs: The runs whose events it holds, the oldest first; none for the site.
    """

    path: Path
    day: str = ""
    runs: list[Run] = field(default_factory=list)

    def run_at(self, seq: int) -> Run | None:
        """
        Give the run that an event in this file belongs to.
        """
        return next((run for run in reversed(self.runs) if run.after_seq < seq), None)

    def span(self) -> SeqSpan | None:
        """
        Give the numbers that it has, or may have; None if it holds no event, or is gone.

        Of a file whose runs are all over, the list of runs says that, and it need not be opened.

        Raises:
            OSError: If it cannot be read.
        """
        if self.runs and all(run.last_seq is not None for run in self.runs):
            first_seq = min(run.after_seq for run in self.runs) + 1
            return SeqSpan(first_seq, max(run.last_seq or 0 for run in self.runs))
        if self.path.suffix == PACKED and (span := packed_span(self.path)) is not None:
            return span
        reader = self.reader()
        if reader is None:
            return None
        with reader:
            first, last = reader.first(), reader.last()
        return None if first is None or last is None else SeqSpan(first.seq, last.seq)

    def reader(self) -> LineReader | None:
        """
        Open it; None if it is gone.

        Raises:
            OSError: If it cannot be read.
        """
        try:
            return LineReader(self.path)
        except FileNotFoundError:
            return None


class SourcedLine(NamedTuple):
    """
    An event, and the file that it is from.

    Attributes:
        seq: Its number.
        text: The line, without its newline.
        source: The file.
    """

    seq: int
    text: bytes
    source: EventSource


def site_sources(site_dir: Path) -> list[EventSource]:
    """
    Give the files of the site, by their days; a day may have a compressed one and another one.
    """
    return [
        EventSource(path, day=path.name.removeprefix(SITE_PREFIX).partition(".")[0])
        for path in sorted(site_dir.glob(f"{SITE_PREFIX}*"))
        if path.name.endswith((ENDING, ENDING + PACKED)) and path.is_file()
    ]


def run_sources(runs: Iterable[Run]) -> list[EventSource]:
    """
    Give the files of runs, each once.
    """
    found: dict[Path, EventSource] = {}
    for run in runs:
        found.setdefault(run.path, EventSource(run.path)).runs.append(run)
    return [source for path, source in found.items() if path.is_file()]


def all_sources(site_dir: Path) -> list[EventSource]:
    """
    Give all files that hold events.

    Raises:
        OSError: If the list of runs cannot be read.
    """
    return site_sources(site_dir) + run_sources(read_runs(site_dir))


def rising(sources: Iterable[EventSource], after_seq: int) -> Iterator[SourcedLine]:
    """
    Give the events of several files that have greater numbers, rising.

    A file is open while its numbers come, and no longer.

    Raises:
        OSError: If a file cannot be read.
    """
    waiting = []
    for source, span in _with_spans(sources):
        if span.last > after_seq:
            waiting.append((max(span.first, after_seq + 1), source))
    return _merged(waiting, 1, lambda reader: reader.after(after_seq))


def falling(sources: Iterable[EventSource], before_seq: int) -> Iterator[SourcedLine]:
    """
    Give the events of several files that have lesser numbers, falling.

    Raises:
        OSError: If a file cannot be read.
    """
    waiting = []
    for source, span in _with_spans(sources):
        if span.first < before_seq:
            waiting.append((-min(span.last, before_seq - 1), source))
    return _merged(waiting, -1, lambda reader: reader.before(before_seq))


def _with_spans(sources: Iterable[EventSource]) -> Iterator[tuple[EventSource, SeqSpan]]:
    """Leave out what holds no events, and a compressed file of which nothing can be told."""
    for source in sources:
        try:
            span = source.span()
        except OSError as exc:
            if source.path.suffix != PACKED:
                raise
            log.error("%s is left out: %s", source.path, exc)
            continue
        if span is not None:
            yield source, span


def _merged(
    waiting: list[tuple[int, EventSource]],
    sign: int,
    begin: Callable[[LineReader], Iterator[Line]],
) -> Iterator[SourcedLine]:
    """
    Merge files, each of which is opened when the numbers come to its first.

    Args:
        waiting: The files, each with a number that none of its own goes before.
        sign: 1 for rising numbers, -1 for falling ones, which are then negative in *waiting*.
        begin: Reads a file.
    """
    ahead = deque(sorted(waiting, key=lambda each: each[0]))
    heap: list[tuple[int, int, _Cursor]] = []
    before = b""
    try:
        while ahead or heap:
            while ahead and (not heap or ahead[0][0] <= heap[0][0]):
                _, source = ahead.popleft()
                if (reader := source.reader()) is not None:
                    _advance(heap, sign, len(ahead), _Cursor(source, reader, begin(reader)))
            if not heap:
                continue
            _, order, cursor = heapq.heappop(heap)
            line = cursor.line
            if line.text != before:  # a day that is being compressed may be there twice
                yield SourcedLine(line.seq, line.text, cursor.source)
            before = line.text
            _advance(heap, sign, order, cursor)
    finally:
        for _, _, cursor in heap:
            cursor.reader.close()


_NO_LINE = Line(0, b"")


@dataclass(eq=False)
class _Cursor:
    """Where one file is at."""

    source: EventSource
    reader: LineReader
    lines: Iterator[Line]
    line: Line = _NO_LINE


def _advance(heap: list[tuple[int, int, _Cursor]], sign: int, order: int, cursor: _Cursor) -> None:
    line = next(cursor.lines, None)
    if line is None:
        cursor.reader.close()
    else:
        cursor.line = line
        heapq.heappush(heap, (sign * line.seq, order, cursor))
