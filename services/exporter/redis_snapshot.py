"""Connections to a Redis with a scrape's patience, and what Redis says of itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import redis
from redis.exceptions import NoPermissionError

from vitalrig.errors import Unavailable
from vitalrig.redis_client import REDIS_ERRORS, RedisAddress, connect, describe_error

TIMEOUT_S = 1.0
"""Shorter than any scrape's: the page still answers while Redis hangs."""

Info = Mapping[str, Any]
"""Redis's own figures; none where it answers and does not want to say more."""


def redis_info(client: redis.Redis) -> Info:
    """
    Ask Redis for its own figures.

    Raises:
        Unavailable: If it is away.
    """
    try:
        info: Info = client.info()
    except NoPermissionError:
        return {}
    except REDIS_ERRORS as exc:
        raise Unavailable(describe_error(exc)) from exc
    return info


def scrape_client(address: RedisAddress) -> redis.Redis:
    """
    Make a client whose patience is a scrape's.
    """
    return connect(replace(address, connect_timeout_s=TIMEOUT_S, operation_timeout_s=TIMEOUT_S))
