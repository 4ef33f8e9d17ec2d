"""Connections to Redis, configured once for all services."""

import re
from typing import Literal

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.retry import Retry

from vitalrig.service.service_settings import ServiceSettings

CONNECT_TIMEOUT_S = 5.0
OPERATION_TIMEOUT_S = 2.0

REDIS_ERRORS = (RedisError, OSError, EOFError)
"""What a Redis that is away, hung, full or refusing raises. Wait, then try again."""


def connect(settings: ServiceSettings) -> redis.Redis:
    """
    Make a client. It connects when first used, and anew after every failure.

    The library's own retries are off: a command that is sent twice may be done twice, so whoever
    sends decides.

    Raises:
        BadSettings: If the password file cannot be read.
    """
    return redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        db=settings.redis_database,
        username=settings.redis_username or None,
        password=settings.redis_password(),
        protocol=2,  # the shape of answers depends on it
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=OPERATION_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


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
