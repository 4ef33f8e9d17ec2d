"""Takes a rig that was there before, or says in one line why that cannot be."""

from urllib.parse import urlsplit

from redis.exceptions import (
    AuthenticationError,
    InvalidResponse,
    NoPermissionError,
    ResponseError,
)

from vitalrig.redis_client import REDIS_ERRORS, describe_error
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.rig_owner import RigOwner


def taken(address: RigAddress) -> RigOwner:
    """
    Take the rig with this Redis.

    Raises:
        HarnessError: If it does not answer or refuses, or somebody else uses it.
    """
    owner = RigOwner(address)
    try:
        owner.take()
    except REDIS_ERRORS as exc:
        raise HarnessError(f"the rig at {address.shown}: {_why(exc, address)}") from exc
    return owner


def check_exporter_url(url: str) -> None:
    """
    See that a URL, if there is one, can be an exporter's.

    Raises:
        HarnessError: If it cannot.
    """
    if not url:
        return
    if "://" not in url:
        raise HarnessError("the exporter's URL has no scheme: write http://host:port")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HarnessError(f"the exporter's URL is {url!r}: write http://host:port")


def _why(error: BaseException, address: RigAddress) -> str:
    user = address.username or "default"
    if isinstance(error, NoPermissionError):
        return f"user {user} may not do what a test needs ({error}); give one that may write"
    if isinstance(error, AuthenticationError) or "NOAUTH" in str(error):
        if address.password:
            return f"Redis refuses the password of user {user}"
        return "Redis wants a password: write redis://user:password@host:port"
    if isinstance(error, InvalidResponse | ResponseError):
        return f"what answers there is no Redis that can be used: {error}"
    return describe_error(error)
