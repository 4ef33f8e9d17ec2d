"""The collector as a process of its own, watched from outside."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.support.confinement import Confinement
from tests.support.own_process import OwnService
from vitalrig.service.health import probe

LOOK_EVERY_S = 0.1
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class CollectorProcess:
    """
    A collector of many cameras.

    Args:
        folder: Where its files are.
        port: Redis's.
        prefixes: The cameras.
        cores: The cores that it may use; None for all.
        confinement: Limits of memory and tasks; None for none.
        settings: Settings that differ from the defaults.

    Attributes:
        most_threads: The most threads that were seen.
        unhealthy_s: How long the container's own probe would have failed, once it was ready.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        prefixes: Sequence[str],
        cores: set[int] | None = frozenset({0}),
        confinement: Confinement | None = None,
        **settings,
    ) -> None:
        self.sessions = folder / "sessions"
        config = folder / "collector.yml"
        config.write_text(f"prefixes: [{', '.join(prefixes)}]\n")
        self._health = folder / "health.json"
        given = {"transport": "stream", "health_file": self._health} | settings
        self.process = OwnService(
            "collector", folder, config=config, redis_port=port,
            sessions_folder=self.sessions, **given,
        )  # fmt: skip
        self.process.start()
        if cores is not None:
            os.sched_setaffinity(self.process.pid, cores)
        if confinement is not None:
            confinement.take(self.process.pid)
        self.most_threads = 0
        self.unhealthy_s = 0.0
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        was_ready = False
        while not self._ended.wait(LOOK_EVERY_S):
            try:
                self.most_threads = max(self.most_threads, int(self._status("Threads")))
            except (OSError, StopIteration):
                return
            failing = probe(f"file:{self._health}?max_age_s=15")
            was_ready = was_ready or not failing
            if was_ready and failing:
                self.unhealthy_s += LOOK_EVERY_S

    def _status(self, name: str) -> str:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(row.split()[1] for row in text.splitlines() if row.startswith(f"{name}:"))

    def cpu_s(self) -> float:
        """Seconds of CPU so far."""
        text = Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def peak_bytes(self) -> int:
        """The most memory that it had resident."""
        return int(self._status("VmHWM")) * 1024

    def stop(self) -> float:
        """Stop it as a supervisor does; give how long that took, in seconds."""
        began_s = time.monotonic()
        self.process.stop(120)
        self._ended.set()
        if status := self.process.exit_status:
            raise SystemExit(f"the collector ended with status {status}")
        return time.monotonic() - began_s

    def check(self) -> None:
        """Stop the benchmark if the process is gone."""
        if (status := self.process.exit_status) is not None:
            last = self.process.log_text()[-2_000:]
            raise SystemExit(f"the collector ended with status {status}:\n{last}")


@contextmanager
def collecting(
    folder: Path, port: int, prefixes: Sequence[str], **settings
) -> Iterator[CollectorProcess]:
    """Run a collector until the block ends."""
    collector = CollectorProcess(folder, port, prefixes, **settings)
    try:
        yield collector
    finally:
        collector.process.kill()
