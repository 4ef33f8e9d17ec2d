"""The newest event of each type."""

from collections.abc import Iterable
from itertools import chain

MAX_TYPES = 10_000
_SLACK = 1_000
"""By so many types more a view may grow before those that are too many leave, all at once."""

Entry = tuple[int, bytes]
"""An event's number, and its line."""


class CurrentView:
    """
    One line a type. One thread writes; any may read.

    It holds lines, not what they were made of: whoever changes his data afterwards changes
    nothing here.

    Args:
        max_types: Most types; the least recently written leave.
    """

    def __init__(self, max_types: int = MAX_TYPES) -> None:
        self._max_types = max_types
        self._entries: dict[str, Entry] = {}
        self._evicted = 0

    @property
    def evicted(self) -> int:
        """How many types left so far because there were too many."""
        return self._evicted + max(0, len(self._entries) - self._max_types)

    def put(self, kind: str, seq: int, line: bytes) -> None:
        """
        Note the newest event of a type.
        """
        self._entries[kind] = (seq, line)
        if len(self._entries) > self._max_types + _SLACK:
            kept = self.entries()
            self._evicted += len(self._entries) - len(kept)
            self._entries = kept

    def get(self, kind: str) -> Entry | None:
        """
        Give the newest event of a type.
        """
        entry = self._entries.get(kind)
        if entry is None or len(self._entries) <= self._max_types:
            return entry
        return self.entries().get(kind)

    def entries(self) -> dict[str, Entry]:
        """
        Give all types, at most as many as are allowed, in the order in which they first came.
        """
        return newest_of([self._entries], self._max_types)


def newest_of(layers: Iterable[dict[str, Entry]], most: int = MAX_TYPES) -> dict[str, Entry]:
    """
    Lay views over one another, and give the *most* types of them that were written last.
    """
    merged = dict(chain.from_iterable(tuple(layer.items()) for layer in layers))
    if len(merged) > most:
        oldest_kept = sorted((seq for seq, _ in merged.values()), reverse=True)[most - 1]
        merged = {kind: entry for kind, entry in merged.items() if entry[0] >= oldest_kept}
    return merged
