"""All that a scrape wants from Redis, in one round trip."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from vitalrig import keys
from vitalrig.bus import AWAY, explain
from vitalrig.errors import Unavailable

TIMEOUT_S = 1.0
"""Shorter than any scrape's: the page still answers while Redis hangs."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What Redis answered; where it refused one question, the refusal stands for the answer.

    Attributes:
        cameras: The collector's report of each camera, as it stands there.
        heartbeats: Each service's report.
        info: Redis's own figures.
    """

    cameras: Mapping[bytes, bytes] | RedisError
    heartbeats: Mapping[bytes, bytes] | RedisError
    info: Mapping[str, Any] | RedisError


def answered(answer: T | RedisError) -> T:
    """
    Give an answer that is none of Redis's refusals.

    Raises:
        Unavailable: If it is one.
    """
    if isinstance(answer, RedisError):
        raise Unavailable(f"Redis refuses: {answer}") from answer
    return answer


class RedisReader:
    """
    Asks one Redis.

    Args:
        client: Its client.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def read(self) -> Reading:
        """
        Ask for all of it at once.

        Raises:
            Unavailable: If Redis is away.
        """
        try:
            pipe = self._client.pipeline(transaction=False)
            pipe.hgetall(keys.CAMERAS)
            pipe.hgetall(keys.HEARTBEATS)
            pipe.info()
            return Reading(*pipe.execute(raise_on_error=False))
        except AWAY as exc:
            raise Unavailable(explain(exc)) from exc


def reader_at(host: str, port: int, database: int, password: str | None) -> RedisReader:
    """
    Make a reader with a client of its own, whose patience is a scrape's.
    """
    return RedisReader(
        redis.Redis(
            host=host,
            port=port,
            db=database,
            password=password,
            protocol=2,  # the shape of answers depends on it
            socket_connect_timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
    )


def password_in(path: Path) -> str:
    """
    Read the first line of a password file.

    Raises:
        OSError: If it cannot be read.
        IndexError: If it is empty.
    """
    return path.read_text(encoding="utf-8").splitlines()[0].strip()
