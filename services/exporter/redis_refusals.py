"""Whether a Redis that answers takes writes, and how often it refused, from its own figures."""

from collections.abc import Mapping
from typing import Any

from vitalrig.redis_client import REFUSALS, Refusal


def refusing(info: Mapping[str, Any]) -> dict[Refusal, bool]:
    """
    Say for each reason whether Redis refuses for it now.
    """
    limit, used = info.get("maxmemory", 0), info.get("used_memory", 0)
    counted = used - info.get("mem_not_counted_for_evict", 0)
    return {
        "oom": 0 < limit < counted and info.get("maxmemory_policy") == "noeviction",
        "misconf": info.get("aof_enabled") == 1 and info.get("aof_last_write_status") == "err",
        "readonly": info.get("role") == "slave" and info.get("slave_read_only") == 1,
        "loading": info.get("loading") == 1,
    }


def refused(info: Mapping[str, Any]) -> dict[Refusal, float]:
    """
    Count the commands that Redis has refused since its start, by reason.
    """
    return {reason: _count(info.get(f"errorstat_{reason.upper()}")) for reason in REFUSALS}


def _count(figure: Any) -> float:  # noqa: ANN401
    count = figure.get("count") if isinstance(figure, dict) else None
    return float(count) if isinstance(count, int) else 0.0
