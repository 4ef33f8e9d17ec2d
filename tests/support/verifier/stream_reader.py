"""A record of the durable stream, by a reader of the tests' own."""

import threading
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.eventually import eventually
from tests.support.verifier import entries
from tests.support.verifier.entries import Entry

BEFORE_ALL = b"0-0"
BLOCK_MS = 100


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
                self._read()
            except redis.RedisError:
                self._stop_wanted.wait(0.05)

    def _read(self) -> None:
        answer: Any = self._client.xread({self._stream: self._after}, 1_000, BLOCK_MS)
        for _, found in answer:
            self.entries += [Entry.parse(entry_id, fields) for entry_id, fields in found]
            self._after = found[-1][0]

    def catch_up(self) -> None:
        """Wait until all is read that is there now."""
        newest = eventually(self._newest)
        eventually(lambda: _order(self._after) >= _order(newest))

    def _newest(self) -> bytes:
        try:
            found: Any = self._client.xrevrange(self._stream, count=1)
        except redis.RedisError:
            return b""
        return found[0][0] if found else b""

    def stop(self) -> None:
        self._stop_wanted.set()
        self.join()
        self._client.close()

    def save(self, path: Path) -> None:
        entries.write(path, self.entries)


def _order(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition(b"-")
    return int(milliseconds), int(number)
