"""
Key prefixes for cameras, and the collectors that record them.

A collector is told its cameras when it starts. So it is given a pool of prefixes in advance, and a
new camera costs no further process than its own server.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

from vitalrig.sessions_folder import camera_folder
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.managed_process import ManagedProcess
from vitalrig.testing.rig_checks import wait_well
from vitalrig.testing.rig_processes import RigProcesses
from vitalrig.testing.service_flags import as_flags

POOL_SIZE = 32


class PrefixPools:
    """
    The prefixes of one rig; safe to use from several threads.

    Args:
        processes: The rig's processes.
        prompt: A pool's collector is started with its first prefix; otherwise, when its sessions
            are first asked for.
    """

    def __init__(self, processes: RigProcesses, *, prompt: bool) -> None:
        self._processes = processes
        self._prompt = prompt
        self._taken = 0
        self._collected: dict[int, Path] = {}
        self._lock = threading.Lock()

    def pool(self, number: int) -> list[str]:
        """
        Give the prefixes of a pool; 0 is the first.
        """
        first = number * POOL_SIZE + 1
        token = self._processes.folder.token
        return [f"t{token}-{place:02d}" for place in range(first, first + POOL_SIZE)]

    def start_collector(self, number: int, name: str, more: Sequence[str] = ()) -> ManagedProcess:
        """
        Start the collector of a pool, and of further prefixes.

        Raises:
            HarnessError: If it cannot be started.
        """
        folder = self._processes.folder.path / "sessions" / (name if number else "")
        settings: dict[str, object] = {
            "prefixes": ",".join([*more, *self.pool(number)]),
            "sessions_folder": folder,
            "transport": "stream",
            "instance": "" if more else self.pool(number)[0],
        }
        process = self._processes.spawn("collector", name, *as_flags(settings))
        self._collected[number] = folder
        return process

    def take(self) -> str:
        """
        Give a prefix that nobody has had in this rig.

        Raises:
            NotReady: If the next pool's collector does not come up.
        """
        with self._lock:
            number, place = divmod(self._taken, POOL_SIZE)
            self._taken += 1
            if self._prompt:
                self._collect(number)
            return self.pool(number)[place]

    def sessions_folder(self, prefix: str) -> Path:
        """
        Give the folder of a camera's sessions.

        Raises:
            HarnessError: If the prefix is none of this rig's.
            NotReady: If its collector does not come up.
        """
        with self._lock:
            for number in range(self._taken // POOL_SIZE + 1):
                if prefix in self.pool(number):
                    return camera_folder(prefix, self._collect(number))
        raise HarnessError(f"{prefix!r} is no camera of this rig")

    def _collect(self, number: int) -> Path:
        if number not in self._collected:
            # A rig that was there before may have a collector of its own, with that name.
            wait_well(self.start_collector(number, f"collector-{number + 1}"))
        return self._collected[number]
