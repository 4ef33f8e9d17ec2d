"""Who has a lease, and whether that process is known to have ended."""

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from vitalrig.machine_boot import this_boot

_PIDS = Path("/proc/self/ns/pid")


@dataclass(frozen=True, slots=True)
class LeaseOwner:
    """
    Who has a lease.

    Attributes:
        run: The server's run.
        host: The host's name; in a container the container's.
        pid: The process.
        since_us: When the server started, on the wall clock.
        pids_of: The boot and the container in which *pid* counts; empty if that is not known.
    """

    run: str
    host: str
    pid: int
    since_us: int
    pids_of: str

    @classmethod
    def this(cls, run: str, since_us: int) -> Self:
        """
        This process.
        """
        return cls(run, socket.gethostname(), os.getpid(), since_us, _pids_of())

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """
        Understand what is in Redis. What is missing stays empty: somebody has the lease.
        """
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        known: dict[str, Any] = document if isinstance(document, dict) else {}
        pid, since_us = known.get("pid"), known.get("since_us")
        return cls(
            run=str(known.get("run", "")),
            host=str(known.get("host", "")),
            pid=pid if isinstance(pid, int) else 0,
            since_us=since_us if isinstance(since_us, int) else 0,
            pids_of=str(known.get("pids_of", "")),
        )

    def __str__(self) -> str:
        return f"run {self.run} on host {self.host}, process {self.pid}"

    def is_gone(self) -> bool:
        """
        Whether its process is known to have ended.
        """
        if not self.pids_of or self.pids_of != _pids_of() or self.pid <= 0:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False


def _pids_of() -> str:
    try:
        return f"{boot}/{_PIDS.readlink()}" if (boot := this_boot()) else ""
    except OSError:
        return ""
