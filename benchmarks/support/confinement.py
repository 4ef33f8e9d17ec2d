"""The limits that a container has, for a process of a benchmark: Linux's control groups."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
NAME = "vitalrig-benchmark"


class Confinement:
    """
    A group of processes with so much memory and so many tasks.

    Attributes:
        is_real: Whether the system holds to it; who may not make groups gets figures alone.
    """

    def __init__(self, memory_mib: int, tasks: int) -> None:
        self._folders = _folders()
        self.is_real = bool(self._folders)
        for folder, (file, limit) in self._folders.items():
            value = limit(memory_mib, tasks)
            for name in file:
                with suppress(OSError):
                    (folder / name).write_text(str(value[name]))

    def take(self, pid: int) -> None:
        """Put a process under the limits."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Remove the group, whose processes have ended."""
        for folder in self._folders:
            with suppress(OSError):
                folder.rmdir()


def _limits(memory_mib: int, tasks: int) -> dict[str, int]:
    memory = memory_mib * 2**20
    return {
        "memory.max": memory,
        "memory.swap.max": 0,
        "memory.limit_in_bytes": memory,
        "pids.max": tasks,
    }


def _folders():
    """The folders of a new group, each with the files that say its limits."""
    own = dict(
        line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines()
    )
    if (ROOT / "cgroup.controllers").exists():
        wanted = {ROOT / NAME: ("memory.max", "memory.swap.max", "pids.max")}
    else:
        wanted = {
            ROOT / "memory" / own.get("memory", "/").strip("/") / NAME: ("memory.limit_in_bytes",),
            ROOT / "pids" / own.get("pids", "/").strip("/") / NAME: ("pids.max",),
        }
    made = {}
    for folder, files in wanted.items():
        try:
            folder.mkdir(exist_ok=True)
        except OSError:
            return {}
        made[folder] = (files, _limits)
    return made


@contextmanager
def confined(memory_mib: int, tasks: int) -> Iterator[Confinement]:
    """Limits for the block's time."""
    confinement = Confinement(memory_mib, tasks)
    try:
        yield confinement
    finally:
        confinement.remove()
