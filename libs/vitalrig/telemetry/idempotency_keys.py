"""What was posted with a key, so that it is kept once, however often it is sent."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from vitalrig.telemetry.event_line import parsed

MAX_KEYS = 50_000
_MAX_CACHED_BYTES = 8 << 20

KEY, BATCH_KEY = "key", "batch_key"
"""Where a line has its event's key, and where the first line of a batch has the batch's."""

_MARKS = (b',"key":[', b',"batch_key":[')

FindLines = Callable[[Sequence[int]], dict[int, bytes]]
"""Finds lines in the files, by their numbers."""


@dataclass(slots=True)
class KeyEntry:
    """
    What was posted with one key.

    Attributes:
        key: The key.
        digest: What tells the content from another's.
        seqs: The numbers that were answered.
        unstored: Those of them that are in no file.
        lines: Their lines, as far as they are in memory.
    """

    key: str
    digest: str
    seqs: list[int]
    unstored: list[int] = field(default_factory=list)
    lines: dict[int, bytes] = field(default_factory=dict)


class IdempotencyKeys:
    """
    The newest keys: the oldest leave.

    Args:
        find: Finds lines that are not in memory.
        max_keys: How many are known.
    """

    def __init__(self, find: FindLines, max_keys: int = MAX_KEYS) -> None:
        self._find = find
        self._max_keys = max_keys
        self._entries: dict[str, KeyEntry] = {}
        self._cached: dict[str, int] = {}
        self._cached_bytes = 0

    def get(self, key: str) -> KeyEntry | None:
        """
        Give what was posted with a key.
        """
        return self._entries.get(key)

    def put(self, entry: KeyEntry) -> None:
        """
        Note what was posted with a key.
        """
        self._drop_lines(entry.key)
        self._entries[entry.key] = entry
        if entry.lines:
            size_bytes = sum(map(len, entry.lines.values()))
            self._cached[entry.key] = size_bytes
            self._cached_bytes += size_bytes
        while len(self._entries) > self._max_keys:
            oldest = next(iter(self._entries))
            self._drop_lines(oldest)
            del self._entries[oldest]
        while self._cached_bytes > _MAX_CACHED_BYTES:
            self._drop_lines(next(iter(self._cached)))

    def lines(self, entry: KeyEntry) -> list[bytes | None]:
        """
        Give the lines that were answered first; None for one that is nowhere any more.

        Raises:
            OSError: If the files cannot be read.
        """
        missing = [seq for seq in entry.seqs if seq not in entry.lines]
        found = entry.lines | (self._find(missing) if missing else {})
        return [found.get(seq) for seq in entry.seqs]

    def all(self) -> list[KeyEntry]:
        """
        Give all that are known, the oldest first.
        """
        return list(self._entries.values())

    def _drop_lines(self, key: str) -> None:
        if size_bytes := self._cached.pop(key, 0):
            self._cached_bytes -= size_bytes
            self._entries[key].lines = {}


def batch_mark(key: str, digest: str, seqs: Iterable[int]) -> list[object]:
    """
    Give what the first line of a batch says of the batch's key.
    """
    return [key, digest, _spans(seqs)]


def keys_in(seq: int, line: bytes) -> list[KeyEntry]:
    """
    Give the keys that a line from a file tells of.
    """
    if not any(mark in line for mark in _MARKS):
        return []
    event = parsed(line) or {}
    entries: list[KeyEntry] = []
    match event.get(KEY):
        case [str(key), str(digest)]:
            entries.append(KeyEntry(key, digest, [seq], lines={seq: line}))
    match event.get(BATCH_KEY):
        case [str(key), str(digest), list(spans)]:
            seqs = [n for first, last in spans for n in range(first, last + 1)]
            entries.append(KeyEntry(key, digest, seqs))
    return entries


def _spans(seqs: Iterable[int]) -> list[list[int]]:
    spans: list[list[int]] = []
    for seq in seqs:
        if spans and spans[-1][1] + 1 == seq:
            spans[-1][1] = seq
        else:
            spans.append([seq, seq])
    return spans
