"""Connections to a Redis with a scrape's patience, and what Redis says of itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from vitalrig.errors import Unavailable
from vitalrig.redis_client import REDIS_ERRORS, describe_error

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


def client_of(
    host: str, port: int, database: int, password: str | None, username: str = ""
) -> redis.Redis:
    """
    Make a client whose patience is a scrape's.
    """
    return redis.Redis(
        host=host,
        port=port,
        db=database,
        username=username or None,
        password=password,
        protocol=2,  # the shape of answers depends on it
        socket_connect_timeout=TIMEOUT_S,
        socket_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


def password_in(path: Path) -> str:
    """
    Read the first line of a password file.

    Raises:
        OSError: If it cannot be read.
        IndexError: If it is empty.
    """
    return path.read_text(encoding="utf-8").splitlines()[0].strip()
