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
        is_real: Whether the system holds to both; who may not make groups gets figures alone.
    """

    def __init__(self, memory_mib: int, tasks: int) -> None:
        self._folders: list[Path] = []
        self.is_real = False
        with suppress(OSError):
            for path, limit in _limits(memory_mib * 2**20, tasks).items():
                path.parent.mkdir(exist_ok=True)
                if path.parent not in self._folders:
                    self._folders.append(path.parent)
                path.write_text(str(limit))
            self.is_real = True

    def take(self, pid: int) -> None:
        """Put a process under the limits."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Remove the group, whose processes have ended."""
        for folder in self._folders:
            with suppress(OSError):
                folder.rmdir()


def _limits(memory_bytes: int, tasks: int) -> dict[Path, int]:
    """The files of a new group that say its limits, in either version of control groups."""
    if (ROOT / "cgroup.controllers").exists():
        return {ROOT / NAME / "memory.max": memory_bytes, ROOT / NAME / "pids.max": tasks}
    own = dict(
        line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines()
    )
    memory, pids = (
        ROOT / name / own.get(name, "/").strip("/") / NAME for name in ("memory", "pids")
    )
    return {memory / "memory.limit_in_bytes": memory_bytes, pids / "pids.max": tasks}


@contextmanager
def confined(memory_mib: int, tasks: int) -> Iterator[Confinement]:
    """Limits for the block's time."""
    confinement = Confinement(memory_mib, tasks)
    try:
        yield confinement
    finally:
        confinement.remove()
