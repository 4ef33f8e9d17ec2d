"""A process of a rig: it is started, stopped, killed, frozen and thawed, and its log is read."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from vitalrig.testing import process_parent
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.log_file import LogFile

GRACE_S = 10.0
"""How long a process may take to stop before it is killed."""

_LIFELINE = Path(__file__).with_name("lifeline.py")


class ManagedProcess(LogFile):
    """
    One process of a rig; started again, it has the same command and adds to the same log.

    Args:
        name: What it is called in the rig.
        command: Its command.
        log_path: Where what it prints is added.
        environment: Its whole environment.
        outlives_us: It goes on when this process ends.

    Attributes:
        command: Its command.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log_path: Path,
        environment: Mapping[str, str],
        *,
        outlives_us: bool = False,
    ) -> None:
        super().__init__(name, log_path)
        self.command = list(command)
        self._environment = dict(environment)
        self._outlives_us = outlives_us
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = False

    @property
    def pid(self) -> int:
        """
        Its process id; 0 before it was started.
        """
        return 0 if self._process is None else self._process.pid

    @property
    def is_running(self) -> bool:
        """
        Whether it was started and has not ended.
        """
        return self._process is not None and self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """
        How it ended: its status, or minus the signal; None if it runs or was never started.
        """
        return None if self._process is None else self._process.poll()

    @property
    def ended_by_itself(self) -> bool:
        """
        Whether it has ended and was neither stopped nor killed through this.
        """
        return self._is_wanted and self.exit_status is not None

    def start(self) -> None:
        """
        Start it. A process that runs already goes on.

        Raises:
            HarnessError: If the command cannot be run.
        """
        if self.is_running:
            return
        self._is_wanted = True
        lifeline = [sys.executable, "-I", "-S", str(_LIFELINE), str(os.getpid()), "--"]
        command = self.command if self._outlives_us else [*lifeline, *self.command]
        try:
            self._process = process_parent.start(
                command, self.log_path, self._environment, self.log_path.parent
            )
        except OSError as exc:
            raise HarnessError(f"{self.name} cannot be started: {exc}") from exc

    def ask_to_stop(self) -> None:
        """
        Send SIGTERM, and wait for nothing.
        """
        self._is_wanted = False
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)

    def stop(self, grace_s: float = GRACE_S) -> None:
        """
        End it with SIGTERM, and with SIGKILL if it has not ended after *grace_s* seconds.
        """
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """
        End it with SIGKILL.
        """
        self._is_wanted = False
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def wait_end(self, timeout: float = GRACE_S) -> int:
        """
        Wait until it has ended by itself, such as a service that refuses to start.

        Args:
            timeout: How long, in seconds.

        Returns:
            Its exit status, or minus the signal that ended it.

        Raises:
            HarnessError: If it goes on, or was never started.
        """
        if self._process is None:
            raise HarnessError(f"{self.name} was never started")
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired as exc:
            raise HarnessError(f"{self.name} has not ended within {timeout:g} s") from exc

    def freeze(self) -> None:
        """
        Stop it where it is, with SIGSTOP: it keeps its connections and answers nobody.
        """
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """
        Let a frozen process go on.
        """
        self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        """
        Send a signal; to a process that does not run, nothing.
        """
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
