"""Reports that services leave in Redis: read them all, keep those that are fresh."""

import json
from collections.abc import Iterator
from typing import Any

import redis

from vitalrig.bus import AWAY, explain
from vitalrig.clock import Clock
from vitalrig.errors import Unavailable


def fresh_reports(
    client: redis.Redis, key: str, clock: Clock, stale_after_s: float
) -> Iterator[tuple[str, dict[str, Any]]]:
    """
    Give the name and the document of each report in the hash *key* that is fresh.

    A report that cannot be read counts as none: its writer will leave a better one.

    Raises:
        Unavailable: If Redis is away.
    """
    try:
        raw: Any = client.hgetall(key)
    except AWAY as exc:
        raise Unavailable(explain(exc)) from exc
    oldest_us = clock.wall_us() - stale_after_s * 1_000_000
    for name, text in sorted(raw.items()):
        try:
            document = json.loads(text)
            fresh = document["updated_us"] >= oldest_us
        except (ValueError, KeyError, TypeError):
            continue
        if fresh:
            yield name.decode(errors="replace"), document
