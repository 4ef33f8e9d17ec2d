"""Redis itself: whether it answers, and how full it is."""

from collections.abc import Iterator
from typing import Any

import redis
from prometheus_client.core import GaugeMetricFamily, Metric

from vitalrig.bus import AWAY


class RedisSource:
    """
    Answers even when Redis does not: then `vitalrig_redis_up` is 0.

    Args:
        client: Redis.
    """

    name = "redis"

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def collect(self) -> Iterator[Metric]:
        """
        Yield whether Redis answers, and its memory.
        """
        try:
            memory: Any = self._client.info("memory")
        except AWAY:
            memory = None
        yield GaugeMetricFamily(
            "vitalrig_redis_up",
            "1 if Redis answers the exporter, 0 if not.",
            value=0 if memory is None else 1,
        )
        if memory is None:
            return
        yield GaugeMetricFamily(
            "vitalrig_redis_memory_used_bytes",
            "Memory that Redis uses.",
            value=memory["used_memory"],
        )
        yield GaugeMetricFamily(
            "vitalrig_redis_memory_max_bytes",
            "Memory that Redis may use; 0 is without limit.",
            value=memory["maxmemory"],
        )
