"""Connections to Redis, configured once for all services."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.retry import Retry

if TYPE_CHECKING:
    from vitalrig.service.service_settings import ServiceSettings

OPERATION_TIMEOUT_S = 2.0

REDIS_ERRORS = (RedisError, OSError, EOFError)
"""Errors raised when Redis cannot serve us: it is away, hangs or refuses. Retry later."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """
    Where a Redis is, who asks, and how long it may take.

    Attributes:
        host: Its host.
        port: Its port.
        database: Number of the database.
        username: Who asks; empty for the user that has a password alone.
        password: None or empty where none is wanted.
        connect_timeout_s: How long a connection may take to come about.
        operation_timeout_s: How long an answer may take.
    """

    host: str = "127.0.0.1"
    port: int = 6379
    database: int = 0
    username: str = ""
    password: str | None = field(default=None, repr=False)
    connect_timeout_s: float = 5.0
    operation_timeout_s: float = OPERATION_TIMEOUT_S

    @classmethod
    def of(cls, settings: "ServiceSettings") -> Self:
        """
        What a service was told.

        Raises:
            BadSettings: If the password file cannot be read.
        """
        return cls(
            settings.redis_host,
            settings.redis_port,
            settings.redis_database,
            settings.redis_username,
            settings.redis_password(),
        )

    def options(self) -> dict[str, Any]:
        """
        The same in the library's words.
        """
        return {
            "host": self.host,
            "port": self.port,
            "db": self.database,
            "username": self.username or None,
            "password": self.password or None,
            "protocol": 2,  # the shape of answers depends on it
            "socket_connect_timeout": self.connect_timeout_s,
            "socket_timeout": self.operation_timeout_s,
        }


def connect(address: RedisAddress) -> redis.Redis:
    """
    Make a client. It connects when first used, and anew after every failure.

    The library's own retries are off: a command that is sent twice may be done twice, so whoever
    sends decides.
    """
    return redis.Redis(**address.options(), retry=Retry(NoBackoff(), 0))


def connect_async(address: RedisAddress) -> redis.asyncio.Redis:
    """
    Make the same for an event loop.
    """
    return redis.asyncio.Redis(**address.options(), retry=AsyncRetry(NoBackoff(), 0))


Refusal = Literal["oom", "misconf", "readonly", "loading"]
"""Why a Redis that answers takes no writes."""

REFUSALS: dict[Refusal, str] = {
    "oom": "Redis is full (OOM) and refuses writes: something has to be removed from it, or its"
    " maxmemory raised",
    "misconf": "Redis cannot write to its disk (MISCONF) and refuses writes: make room there",
    "readonly": "Redis is a replica (READONLY) and refuses writes: redis_host has to name the"
    " primary",
    "loading": "Redis is loading its data (LOADING) and will answer when it has done so",
}
"""What to do about each."""

_CLASSES: dict[type[BaseException], Refusal] = {
    OutOfMemoryError: "oom",
    ReadOnlyError: "readonly",
    BusyLoadingError: "loading",
}


_WORD = re.compile("[A-Z]+")
_CAUSE = "of pipeline caused error: "


def refusal(error: BaseException) -> Refusal | None:
    """
    Say why a Redis that answers refuses; None if it does not answer, or for another reason.
    """
    for known, reason in _CLASSES.items():
        if isinstance(error, known):
            return reason
    # A transaction that was given up names the code in its text, behind the command and between
    # quotes, and MISCONF has no class.
    words = set(_WORD.findall(str(error).rpartition(_CAUSE)[2]))
    return next((reason for reason in REFUSALS if reason.upper() in words), None)


def describe_error(error: BaseException) -> str:
    """
    Say in one line why Redis cannot be used, and what to do where that is known.
    """
    if isinstance(error, AuthenticationError):
        return "Redis refuses the password; check redis_password_file and redis_username"
    if (reason := refusal(error)) is not None:
        return REFUSALS[reason]
    return f"Redis is away: {error}" if str(error) else f"Redis is away: {type(error).__name__}"
