"""The rig's processes: started, killed and started again by a test rather than by a supervisor."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.patience import PATIENCE_S
from tests.support.redis_server import binary

ROOT = Path(__file__).parents[3]


class Program:
    """
    One process, and those that follow it.
    """

    def __init__(self, name: str, command: Sequence[object], folder: Path) -> None:
        self.name = name
        self._command = [str(word) for word in command]
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        assert not self.is_running, f"{self.name} runs already"
        with self.log.open("ab") as log:
            log.write(f'{{"test": "{time.time():.3f} {self.name} is started"}}\n'.encode())
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | {"PYTHONPATH": "libs:."},
            )  # fmt: skip

    def kill(self) -> None:
        """As kill -9 does, wherever it is in its work."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)

    def end(self) -> int:
        """As a supervisor ends it; gives its status."""
        self._process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended by itself."""
        return self._process.wait(PATIENCE_S)

    def signal(self, number: int) -> None:
        self._process.send_signal(number)


def service(
    name: str, module: str, folder: Path, *, clock: Path | None = None, **settings: object
) -> Program:
    """A service with settings of a test's own; *clock* says by how much its wall clock is off."""
    keys = {"config": "/dev/null", "health_file": folder / f"{name}.health"} | settings
    stepped = [] if clock is None else ["tests.support.chaos.stepped", clock]
    arguments = [f"--{key}={value}" for key, value in keys.items() if value is not None]
    return Program(name, [sys.executable, "-m", *stepped, module, *arguments], folder)


def redis(port: int, folder: Path) -> Program:
    """As in the rig: every write is in the log of writes before it is answered."""
    data = folder / "redis"
    data.mkdir()
    command = [
        binary(), "--port", port, "--bind", "127.0.0.1", "--dir", data, "--save", "",
        "--appendonly", "yes", "--appendfsync", "everysec",
    ]  # fmt: skip
    return Program("redis", command, folder)
