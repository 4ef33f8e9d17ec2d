"""Redis itself: whether it answers, and how full it is."""

import redis

from services.exporter.redis_refusals import refused, refusing
from services.exporter.redis_snapshot import Info, redis_info
from services.exporter.scrape import Scrape
from vitalrig.errors import Unavailable
from vitalrig.metrics.families import Families

_FIGURES = {
    "used_memory": "vitalrig_redis_memory_used_bytes",
    "maxmemory": "vitalrig_redis_memory_max_bytes",
    "connected_clients": "vitalrig_redis_connected_clients",
    "evicted_keys": "vitalrig_redis_evicted_keys_total",
    "rejected_connections": "vitalrig_redis_rejected_connections_total",
    "client_output_buffer_limit_disconnections": "vitalrig_redis_slow_clients_dropped_total",
}
"""Redis's own names of its figures; an older Redis has not all of them."""

_WRITES = ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")


class RedisSource:
    """
    Answers even when Redis does not: then `vitalrig_redis_up` is 0.

    Args:
        client: Redis, with a scrape's patience.
    """

    name = "redis"

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def collect(self, scrape: Scrape, families: Families) -> None:  # noqa: ARG002  every source's
        """
        Add whether Redis answers, and its figures.
        """
        try:
            info = redis_info(self._client)
        except Unavailable:
            families.add("vitalrig_redis_up", 0)
            return
        families.add("vitalrig_redis_up", 1)
        _figures(info, families)


def _figures(info: Info, families: Families) -> None:
    for key, metric in _FIGURES.items():
        families.add_known(metric, info.get(key))
    if info:
        for reason, now in refusing(info).items():
            families.add("vitalrig_redis_refusing", now, reason)
        for reason, count in refused(info).items():
            families.add("vitalrig_redis_refused_commands_total", count, reason)
    told = [info[key] for key in _WRITES if key in info]
    if told:
        families.add("vitalrig_redis_write_failing", any(status != "ok" for status in told))
