"""A Redis of our own, on a free port: really started, stopped and frozen."""

from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.eventually import eventually
from tests.support.own_process import OwnProcess
from tests.support.ports import free_port
from vitalrig.testing.installed_redis import find_redis, redis_command


class RedisServer(OwnProcess):
    """One server; its data outlive a stop, as in the rig."""

    def __init__(self, folder: Path, program: Path | None = None, *, port: int = 0) -> None:
        self.port = port or free_port()
        self._usual = redis_command(program or find_redis(), self.port, folder)
        super().__init__("redis", self._usual, folder)

    def start(
        self,
        *options: str,
        login: Callable[[], redis.Redis] | None = None,
        may_load: bool = False,
    ) -> None:
        """Start it, and wait until it answers; *may_load*: also that it is still loading."""
        self.command = [*self._usual, *options]
        super().start()
        with (login or self.client)() as client:
            eventually(lambda: _answers(client, may_load) or self._goes_on(), every_s=0.005)

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, protocol=2, retry=Retry(NoBackoff(), 0))


def _answers(client: redis.Redis, may_load: bool) -> bool:
    try:
        return bool(client.ping())
    except redis.BusyLoadingError:
        return may_load
    except redis.RedisError:
        return False


@pytest.fixture
def redis_server(tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    yield server
    server.kill()
