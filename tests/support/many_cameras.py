"""Many cameras at once: streams that hold a recording, and whether it was recorded."""

from collections.abc import Sequence
from pathlib import Path

import redis

from tests.support.publishing import Publishing


def prefixes_of(count: int) -> list[str]:
    return [f"camera{number}" for number in range(count)]


def behind(
    client: redis.Redis, prefixes: Sequence[str], count: int, *, stopped: bool = False
) -> list[bytes]:
    """Put the start of a recording and *count* more envelopes into each stream; give them."""
    published: list[bytes] = []
    for prefix in prefixes:
        pipe = client.pipeline(transaction=False)
        publishing = Publishing(pipe, prefix)
        publishing.start()
        publishing.edge(count)
        if stopped:
            publishing.stop()
        pipe.execute()
        published = publishing.published
    return published


def recorded(sessions: Path, prefixes: Sequence[str], published: Sequence[bytes]) -> bool:
    """Whether each camera's file holds exactly *published*."""
    whole = b"".join(line + b"\n" for line in published)
    paths = [sessions / prefix / "metrics_first.jsonl" for prefix in prefixes]
    return all(
        path.exists() and path.stat().st_size >= len(whole) and path.read_bytes() == whole
        for path in paths
    )
