"""All that a JSONL holds, found in one pass over its bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from vitalrig.sessions.reading.aggregate import Aggregate
from vitalrig.sessions.store.lines import Advance, no_progress, whole_lines


@dataclass(frozen=True, slots=True)
class JsonlScan:
    """
    What is in a JSONL.

    Attributes:
        whole_bytes: Its size up to the last newline.
        torn_bytes: How much follows that.
        sound_bytes: Its size up to the end of the last line that holds an envelope.
        sha256: The hash of the whole lines.
        agrees_at_promised_size: Whether its first bytes, as many as the manifest says, have
            the hash that the manifest gives.
        aggregate: What its lines amount to.
    """

    whole_bytes: int
    torn_bytes: int
    sound_bytes: int
    sha256: str
    agrees_at_promised_size: bool
    aggregate: Aggregate

    @property
    def size_bytes(self) -> int:
        """The whole file's size."""
        return self.whole_bytes + self.torn_bytes


class _Hash:
    """Hashes what it is shown, and remembers the hash at one size."""

    def __init__(self, promised_bytes: int) -> None:
        self._hash = hashlib.sha256()
        self._promised_bytes = promised_bytes
        self.size_bytes = 0
        self.at_promised_size = ""

    def see(self, block: bytes) -> None:
        left = self._promised_bytes - self.size_bytes
        if 0 <= left <= len(block):
            until = self._hash.copy()
            until.update(memoryview(block)[:left])
            self.at_promised_size = until.hexdigest()
        self._hash.update(block)
        self.size_bytes += len(block)

    def at(self, path: Path, size_bytes: int) -> str:
        """The hash of the first *size_bytes*."""
        if size_bytes == self.size_bytes:
            return self._hash.hexdigest()
        again = _Hash(size_bytes)
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                again.see(block)
        return again.at_promised_size


def scan_jsonl(
    jsonl: Path,
    prefix: str,
    *,
    promised_bytes: int = -1,
    promised_sha256: object = None,
    advance: Advance = no_progress,
) -> JsonlScan:
    """
    Read a JSONL.

    Args:
        jsonl: The file.
        prefix: The key prefix it was recorded under.
        promised_bytes: The size that the manifest gives.
        promised_sha256: The hash that the manifest gives.
        advance: Told of bytes read.

    Raises:
        OSError: If it cannot be read.
    """
    hashed = _Hash(promised_bytes)
    aggregate = Aggregate(prefix)
    whole_bytes = sound_bytes = 0
    for line in whole_lines(jsonl, advance, hashed.see):
        whole_bytes += len(line) + 1
        if aggregate.add(line):
            sound_bytes = whole_bytes
    return JsonlScan(
        whole_bytes=whole_bytes,
        torn_bytes=hashed.size_bytes - whole_bytes,
        sound_bytes=sound_bytes,
        sha256=hashed.at(jsonl, whole_bytes),
        agrees_at_promised_size=hashed.at_promised_size == promised_sha256,
        aggregate=aggregate,
    )
