"""What the log knew when it ended, however it ended, from its files."""

import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from smartspectra.ipc.storage.append_file import end_of_last_line, set_end_aside
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.platform_calls import OPEN_FLAGS
from vitalrig.telemetry.current_view import CurrentView
from vitalrig.telemetry.event_line import batch_goes_on, is_current, type_json_of
from vitalrig.telemetry.event_sources import (
    EventSource,
    SourcedLine,
    falling,
    rising,
    run_sources,
    site_sources,
)
from vitalrig.telemetry.idempotency_keys import KeyEntry, keys_in
from vitalrig.telemetry.line_reader import LineReader
from vitalrig.telemetry.log_checkpoint import Checkpoint, view_of
from vitalrig.telemetry.packed_file import PACKED, packed_span
from vitalrig.telemetry.run_registry import Run

log = logging.getLogger(__name__)


@dataclass
class Recovered:
    """
    What was found.

    Attributes:
        seq: The last number that was given.
        site_view: The site's current view.
        keys: The keys that events were posted with, the oldest first.
        torn_ends: How many files ended with half a line, or with a batch that was not whole.
        events: How many events were read for it.
    """

    seq: int
    site_view: CurrentView
    keys: list[KeyEntry] = field(default_factory=list)
    torn_ends: int = 0
    events: int = 0


def recover(
    site_dir: Path, runs: list[Run], checkpoint: Checkpoint, floor_seq: int, disk: Disk
) -> Recovered:
    """
    Find out where the log was, and set aside what is not whole.

    Runs that go on have their current view afterwards.

    Args:
        site_dir: The site folder.
        runs: All runs there ever were.
        checkpoint: What was known at some moment; what came later is read.
        floor_seq: The last number that is known to have been given.
        disk: How files are cut.

    Raises:
        OSError: If the files cannot be read, or cut.
    """
    late_runs = [run for run in runs if run.last_seq is None or run.last_seq >= checkpoint.seq]
    sources = site_sources(site_dir) + run_sources(late_runs)
    packed_seqs = [span.last for each in sources if (span := packed_span(each.path)) is not None]
    sources = [each for each in sources if _is_sound(each, checkpoint.seq)]
    torn_ends = sum(_set_torn_end_aside(source.path, disk) for source in sources)
    torn_ends += _set_half_a_batch_aside(sources, disk)
    seqs = [checkpoint.seq, floor_seq, *packed_seqs, *(run.after_seq for run in runs)]
    seqs += [run.last_seq for run in runs if run.last_seq is not None]
    found = Recovered(max(seqs), view_of(checkpoint.site), checkpoint.keys, torn_ends)
    for run in late_runs:
        run.view = view_of(checkpoint.runs.get(run.number, {}))
    _read(rising(sources, checkpoint.seq), found)
    return found


def _is_sound(source: EventSource, checkpoint_seq: int) -> bool:
    """Tell whether a file can be read; a day that was compressed and is damaged stops no log."""
    if source.path.suffix == PACKED:
        try:
            span = source.span()
            if span is not None and span.last > checkpoint_seq:
                with LineReader(source.path) as reader:
                    reader.verify()
        except OSError as exc:
            log.error("%s cannot be read, and is left out: %s", source.path, exc)
            return False
    return True


def _read(lines: Iterable[SourcedLine], found: Recovered) -> None:
    kinds: dict[bytes, str] = {}
    for seq, text, source in lines:
        found.events += 1
        found.seq = max(found.seq, seq)
        if b'"key":[' in text or b'"batch_key":[' in text:
            found.keys += keys_in(seq, text)
        kind_json = type_json_of(text)
        if kind_json is None or not is_current(text):
            continue
        kind = kinds.get(kind_json)
        if kind is None:
            kind = kinds[kind_json] = json.loads(kind_json)
        run = source.run_at(seq) if source.runs else None
        (found.site_view if run is None else run.view).put(kind, seq, text)


def _set_torn_end_aside(path: Path, disk: Disk) -> bool:
    if path.suffix == PACKED:
        return False
    descriptor = os.open(path, os.O_RDONLY | OPEN_FLAGS)
    try:
        size_bytes = os.fstat(descriptor).st_size
        whole_bytes = end_of_last_line(descriptor, size_bytes)
    finally:
        os.close(descriptor)
    if whole_bytes == size_bytes:
        return False
    log.warning("%s: half a line is set aside", path)
    set_end_aside(path, whole_bytes, disk)
    return True


def _set_half_a_batch_aside(sources: list[EventSource], disk: Disk) -> int:
    """Set aside what there is of a batch that was being written last; gives in how many files."""
    first_seq: int | None = None
    for line in _rest_of_batch(falling(sources, _BEYOND)):
        first_seq = line.seq
    if first_seq is None:
        return 0
    cut = 0
    for source in sources:
        if source.path.suffix != PACKED and (reader := source.reader()) is not None:
            with reader:
                offset, size_bytes = reader.offset_of_end_from(first_seq), reader.size_bytes
            if offset < size_bytes:
                log.warning("%s: a batch that is not whole is set aside", source.path)
                set_end_aside(source.path, offset, disk)
                cut += 1
    return cut


_BEYOND = 1 << 63
"""Greater than any number."""


def _rest_of_batch(lines: Iterator[SourcedLine]) -> Iterator[SourcedLine]:
    for line in lines:
        if not batch_goes_on(line.text):
            return
        yield line
