"""What retention has taken, so that readers are told what they miss."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from smartspectra.ipc.storage.append_file import AppendOnlyFile
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import finish_now
from vitalrig.telemetry.event_line import ENCODER, parsed
from vitalrig.telemetry.packed_file import SeqSpan

REMOVED_FILE = "removed.jsonl"
"""A line for each file of events that was removed."""


def note_removed(site_dir: Path, disk: Disk, notes: Iterable[dict[str, Any]]) -> None:
    """
    Write down what is about to be removed; each note has `first` and `last`, its numbers.

    Raises:
        OSError: If that cannot be done now.
    """
    file = AppendOnlyFile(site_dir / REMOVED_FILE, disk)
    try:
        file.append(b"".join(ENCODER.encode(note).encode("ascii") + b"\n" for note in notes))
        finish_now(file.syncing(), disk)
    finally:
        file.close()


def removed_after(site_dir: Path, seq: int) -> list[SeqSpan]:
    """
    Give the spans of numbers behind *seq* of which some or all were removed, rising and apart.

    Raises:
        OSError: If the notes are there and cannot be read.
    """
    spans: list[SeqSpan] = []
    for span in sorted(_spans(site_dir / REMOVED_FILE)):
        if span.last <= seq:
            continue
        first = max(span.first, seq + 1)
        if spans and first <= spans[-1].last + 1:
            spans[-1] = SeqSpan(spans[-1].first, max(spans[-1].last, span.last))
        else:
            spans.append(SeqSpan(first, span.last))
    return spans


def _spans(path: Path) -> Iterator[SeqSpan]:
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                match parsed(line):
                    case {"first": int(first), "last": int(last)}:
                        yield SeqSpan(first, last)
