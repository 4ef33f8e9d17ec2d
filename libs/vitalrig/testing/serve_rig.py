"""Runs a rig for another program, until that has ended or says so."""

import contextlib
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from vitalrig.atomic_files import replace_bytes
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.listen_address import THIS_MACHINE, ListenAddress
from vitalrig.testing.readiness import require_running
from vitalrig.testing.rig import Rig
from vitalrig.testing.rig_description import Parts
from vitalrig.testing.run_folder import is_alive, start_ticks

LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class ServedRig:
    """
    What is wanted.

    Attributes:
        parts: What the rig has.
        scenario: What happens to its camera's subject: a shipped name or a path; empty for nothing.
        seed: The same seed gives the same signals.
        speed: 1 is real time.
        listen: Where its services listen.
    """

    parts: Parts = "rig"
    scenario: str = ""
    seed: int = 1
    speed: float = 1.0
    listen: ListenAddress = THIS_MACHINE

    def start(self) -> Rig:
        """
        Start it.

        Raises:
            BadSettings: If there is no such scenario.
            HarnessError: If it cannot be started.
        """
        settings: dict[str, Any] = {"seed": self.seed, "speed": self.speed}
        if self.scenario:
            settings["scenario"] = self.scenario
        return Rig.start(self.parts, settings, listen=self.listen)


def serve(
    wanted: ServedRig, *, while_pid: int = 0, address_file: Path | None = None, timeout_s: float
) -> int:
    """
    Run a rig, and print where it is when it is ready, as one line of JSON.

    Args:
        wanted: What is to run.
        while_pid: End with this process; 0: with standard input.
        address_file: Where the line is written as well.
        timeout_s: In how many seconds it has to be ready.

    Returns:
        The exit status.

    Raises:
        HarnessError: If it cannot be started, does not become ready, a service of it ends, or the
            process has ended with which it was to end.
    """
    _end_on_signals()
    if not while_pid:
        threading.Thread(target=_end_with_input, name="standard input", daemon=True).start()
    started = start_ticks(while_pid)
    if while_pid and not is_alive(while_pid, started):
        raise HarnessError(f"process {while_pid} has ended, so nobody wants the rig")
    with wanted.start() as rig:
        rig.wait_ready(timeout_s)
        line = rig.description.to_json()
        if address_file is not None:
            replace_bytes(address_file.absolute(), f"{line}\n".encode())
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        while not while_pid or is_alive(while_pid, started):
            require_running(rig.processes)
            time.sleep(LOOK_EVERY_S)
    return 0


def _end_on_signals() -> None:
    def handle(_signum: int, _frame: FrameType | None) -> None:
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, signal.SIG_IGN)  # it ends already
        raise SystemExit(0)

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, handle)


def _end_with_input() -> None:
    """Read standard input until it ends, and end this process as SIGTERM does."""
    # Not by sys.stdin, whose lock a thread may not have when the interpreter ends.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
