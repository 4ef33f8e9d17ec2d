"""A record of the durable stream, by a reader of the tests' own."""

import threading
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.verifier import entries
from tests.support.verifier.entries import Entry

BEFORE_ALL = b"0-0"


class StreamReader(threading.Thread):
    """
    Reads one stream from its beginning, through any absence of Redis, until it is stopped.

    Attributes:
        entries: What was read, in order; what was added again is there again.
    """

    def __init__(self, port: int, prefix: str = "physiology") -> None:
        super().__init__(daemon=True)
        self._client = redis.Redis(
            port=port, protocol=2, retry=Retry(NoBackoff(), 0), socket_timeout=5
        )
        self._stream = f"{prefix}:envelopes"
        self._after = BEFORE_ALL
        self._stop_wanted = threading.Event()
        self.entries: list[Entry] = []

    def run(self) -> None:
        while not self._stop_wanted.is_set():
            try:
                self._read(block_ms=100)
            except redis.RedisError:
                self._stop_wanted.wait(0.05)

    def _read(self, block_ms: int | None) -> bool:
        answer: Any = self._client.xread({self._stream: self._after}, 1_000, block_ms)
        for _, found in answer:
            self.entries += [Entry.parse(entry_id, fields) for entry_id, fields in found]
            self._after = found[-1][0]
        return bool(answer)

    def stop(self) -> list[Entry]:
        """Read what there is, with a Redis that answers, and end."""
        self._stop_wanted.set()
        self.join()
        while self._read(block_ms=None):
            pass
        self._client.close()
        return self.entries

    def save(self, path: Path) -> None:
        entries.write(path, self.entries)
