"""
Processes of a local rig, found by a variable that all of them inherit (Linux's /proc).

supervisord ends its programs itself. This is for the day when supervisord was killed and its
programs were not.
"""

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from rig.shell import wait_for

_GRACE_S = 35.0  # the collector's own grace, and a little


@dataclass(frozen=True)
class Process:
    """One process: its number and its name."""

    pid: int
    name: str


def of_rig(run_folder: Path) -> list[Process]:
    """
    Return every live process that was started for the rig with this run folder.
    """
    mark = f"RIG_RUN={run_folder}".encode()
    found: list[Process] = []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            environ = (folder / "environ").read_bytes().split(b"\0")
            if pid != os.getpid() and mark in environ and is_alive(pid):
                name = (folder / "comm").read_text(encoding="utf-8").strip()
                found.append(Process(pid, name))
    return found


def is_alive(pid: int) -> bool:
    """
    Whether a process is there and not merely unburied.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        if Path("/proc/self").exists():
            return False
        return _answers_signals(pid)  # a system without /proc
    return status.rpartition(")")[2].split()[0] != "Z"


def _answers_signals(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(run_folder: Path, grace_s: float = _GRACE_S) -> list[Process]:
    """
    End what is left of a rig: kindly, then by force, and return what there was.
    """
    left = of_rig(run_folder)
    for process in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    if left and not wait_for(lambda: not of_rig(run_folder), grace_s):
        for process in of_rig(run_folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: not of_rig(run_folder), grace_s)
    return left
