"""Which files of events may go: the oldest, and never one that is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitalrig.telemetry.event_sources import EventSource


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """
    What is kept; what is None does not matter. By default all is kept.

    Attributes:
        max_age_s: Files are removed in which nothing was written for so long.
        max_bytes: All files of events together have at most so many bytes.
        min_free_bytes: So much room is left on the disk.
    """

    max_age_s: float | None = None
    max_bytes: int | None = None
    min_free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ClosedFile:
    """
    A file of events that nobody writes.

    Attributes:
        source: The file.
        size_bytes: Its size.
        written_at_s: When something was last written to it, in seconds of the Unix epoch.
    """

    source: EventSource
    size_bytes: int
    written_at_s: float

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.source.path

    def as_dict(self) -> dict[str, Any]:
        """
        Give it as JSON data, with the first and the last number in it if there are any.
        """
        span = self.source.span()
        numbers = {} if span is None else {"first": span.first, "last": span.last}
        return {"file": str(self.path), "bytes": self.size_bytes} | numbers


def closed_files(sources: Iterable[EventSource], wanted: set[Path]) -> list[ClosedFile]:
    """
    Give the files that are not among those *wanted*, which are resolved, the oldest first.
    """
    found = []
    for source in sources:
        if source.path.resolve() not in wanted:
            status = source.path.stat()
            found.append(ClosedFile(source, status.st_size, status.st_mtime))
    return sorted(found, key=lambda file: (file.written_at_s, file.path))


def too_old_or_too_much(
    files: Sequence[ClosedFile],
    policy: RetentionPolicy,
    *,
    now_s: float,
    other_bytes: int,
    free_bytes: int,
) -> list[ClosedFile]:
    """
    Give the files that go, the oldest first.

    Args:
        files: Those that may go, the oldest first.
        policy: What is kept.
        now_s: The present time, in seconds of the Unix epoch.
        other_bytes: How many bytes the files have that stay.
        free_bytes: How much room is left on the disk.
    """
    left_bytes = other_bytes + sum(file.size_bytes for file in files)
    going: list[ClosedFile] = []
    for file in files:
        is_old = policy.max_age_s is not None and now_s - file.written_at_s > policy.max_age_s
        is_much = policy.max_bytes is not None and left_bytes > policy.max_bytes
        is_tight = policy.min_free_bytes is not None and free_bytes < policy.min_free_bytes
        if not (is_old or is_much or is_tight):
            break
        going.append(file)
        left_bytes -= file.size_bytes
        free_bytes += file.size_bytes
    return going
