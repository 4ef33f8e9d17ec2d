"""
How much memory Redis and each stream get, from the number of cameras and the memory at hand.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig import docker
from rig.environment import Environment

_MIB = 1024 * 1024

# Of a camera with everything switched on, as MEMORY USAGE says it: benchmarks/redis_memory.py.
_STREAM_MIB_A_MINUTE = 1.82
# What the server holds by itself: half an hour.
_WANTED_MIB = 64
# A little above the five minutes that a stream never goes under.
_LEAST_MIB = 12
# Redis by itself, its connections, and what waits for a subscriber that does not keep up.
_BESIDES_MIB = 64
# A stream is trimmed in blocks and every few seconds, and memory is fragmented.
_SLACK = 1.25
# Redis is started anew with another number, so that grows in steps.
_STEP_MIB = 256
# While Redis writes its file anew, what changes is there twice; the other half is for others.
_SHARE = 4

_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True)
class RedisMemory:
    """
    What Redis gets.

    Attributes:
        cameras: For how many cameras.
        stream_mib: What each camera's stream may take.
        redis_mib: What Redis takes before it refuses to write.
        most_mib: What it may have at most.
    """

    cameras: int
    stream_mib: int
    redis_mib: int
    most_mib: int

    @property
    def needed_mib(self) -> int:
        """What so many streams of that size need."""
        return _needed_mib(self.cameras, self.stream_mib)

    @property
    def is_enough(self) -> bool:
        """Whether every stream holds five minutes, and Redis all streams."""
        return self.stream_mib >= _LEAST_MIB and self.needed_mib <= self.redis_mib

    @property
    def least_mib(self) -> int:
        """The least that so many cameras need."""
        return _needed_mib(self.cameras, _LEAST_MIB)

    @property
    def stream_minutes(self) -> float:
        """How long a stream holds what a camera gives with everything switched on."""
        return self.stream_mib / _STREAM_MIB_A_MINUTE

    def variables(self) -> dict[str, str]:
        """What the programs are told."""
        return {
            "RIG_REDIS_MAXMEMORY": f"{self.redis_mib}mb",
            "RIG_REDIS_LIMIT": f"{2 * self.redis_mib + 128}m",
            "RIG_STREAM_MIB": str(self.stream_mib),
        }


def plan(at_hand_mib: int, cameras: int, redis_mib: int = 0, stream_mib: int = 0) -> RedisMemory:
    """
    Share out the memory.

    Args:
        at_hand_mib: What the machine has.
        cameras: How many cameras there are.
        redis_mib: What Redis may have; 0 for a share of what is at hand.
        stream_mib: What each stream gets; 0 for as much as is wanted and fits.
    """
    most_mib = redis_mib or at_hand_mib // _SHARE
    fitting_mib = int((most_mib - _BESIDES_MIB) / _SLACK / cameras)
    stream_mib = stream_mib or max(1, min(_WANTED_MIB, fitting_mib))
    steps = -(-_needed_mib(cameras, stream_mib) // _STEP_MIB)
    return RedisMemory(cameras, stream_mib, min(most_mib, steps * _STEP_MIB), most_mib)


def of_rig(environment: Environment, cameras: int, mode: str) -> RedisMemory:
    """
    Share out the memory of this machine, or what the environment says.

    Raises:
        RigError: If a variable holds no number.
    """
    at_hand_mib = (docker.memory_bytes() if mode == "compose" else None) or memory_bytes()
    asked = {
        name: environment.number(name) if environment[name] else 0
        for name in ("REDIS_MEMORY_MIB", "STREAM_MIB")
    }
    return plan(at_hand_mib // _MIB, cameras, asked["REDIS_MEMORY_MIB"], asked["STREAM_MIB"])


def memory_bytes(limits: Mapping[str, str] | None = None) -> int:
    """
    Return the memory that processes of this machine or container can have.

    Args:
        limits: What files of control groups hold, for tests.
    """
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CGROUPS:
        text = _read(path) if limits is None else limits.get(path, "")
        if text.isdigit():
            found = min(found, int(text))
    return found


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _needed_mib(cameras: int, stream_mib: int) -> int:
    return round(_BESIDES_MIB + cameras * stream_mib * _SLACK)
