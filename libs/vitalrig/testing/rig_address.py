"""Where the Redis of a rig is: a URL, understood once."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, unquote, urlsplit

from vitalrig.testing.harness_errors import HarnessError

if TYPE_CHECKING:
    import redis

_SHAPE = "redis://[user:password@]host:port"
_USUAL_PORT = 6379


@dataclass(frozen=True, slots=True)
class RigAddress:
    """
    Where a Redis is, and who asks.

    Attributes:
        host: Its host.
        port: Its port.
        username: Who asks; empty where there are no users.
        password: Empty where none is wanted.
        database: Number of the database.
    """

    host: str = "127.0.0.1"
    port: int = _USUAL_PORT
    username: str = ""
    password: str = field(default="", repr=False)
    database: int = 0

    @classmethod
    def parse(cls, url: str) -> Self:
        """
        Understand a URL such as `redis://user:password@host:6379/0`.

        Raises:
            HarnessError: If it is none of Redis's; the text does not repeat a password.
        """
        if "://" not in url:
            raise HarnessError(f"the rig's URL has no scheme: write {_SHAPE}")
        parts = urlsplit(url)
        if parts.scheme != "redis":
            raise HarnessError(f"the rig's URL begins with {parts.scheme}://: write {_SHAPE}")
        try:
            port, database = parts.port or _USUAL_PORT, int(parts.path.strip("/") or 0)
        except ValueError as exc:
            raise HarnessError(f"the rig's URL has no number where one belongs: {exc}") from exc
        if not parts.hostname:
            raise HarnessError(f"the rig's URL names no host: write {_SHAPE}")
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, username, password, database)

    @property
    def url(self) -> str:
        """
        The same as a URL, with the password.
        """
        user = ""
        if self.username or self.password:
            user = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"redis://{user}{host}:{self.port}" + (f"/{self.database}" if self.database else "")

    @property
    def shown(self) -> str:
        """
        Host and port, to be shown to people.
        """
        return f"{self.host}:{self.port}"

    def client(self) -> "redis.Redis":
        """
        Make a client, which connects when it is first used.
        """
        from vitalrig.redis_client import RedisAddress, connect  # noqa: PLC0415  slow to import

        return connect(
            RedisAddress(self.host, self.port, self.database, self.username, self.password)
        )
