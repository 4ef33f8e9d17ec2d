"""Processes of a test's own, also our services: the harness's, with the patience of tests."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.installation import command_of
from vitalrig.testing.managed_process import ManagedProcess
from vitalrig.testing.service_flags import as_flags, child_environment

_STEPPED = Path(__file__).with_name("chaos") / "stepped.py"


class OwnProcess(ManagedProcess):
    """One process, and those that follow it; its log is in *folder*."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, **variables: str) -> None:
        environment = child_environment(f"tests-{os.getpid()}", **variables)
        super().__init__(name, command, folder / f"{name}.log", environment)

    def stop(self, grace_s: float = PATIENCE_S) -> None:
        super().stop(grace_s)

    @contextmanager
    def until(self, is_ready: Callable[[], bool]) -> Iterator[None]:
        """Run it, from when it is ready until the block ends."""
        self.start()
        try:
            eventually(lambda: is_ready() or self._goes_on())
            yield
        finally:
            self.stop()

    def ended(self) -> int:
        """Wait until it has ended by itself; gives its status."""
        return self.wait_end(PATIENCE_S)

    def says(self, words: str) -> bool:
        """Wait until it is in the log."""
        return eventually(lambda: words in self.log_text() or self._goes_on())

    def _goes_on(self) -> bool:
        assert self.is_running, self.log_text()
        return False


class OwnService(OwnProcess):
    """A service with settings of a test's own; *clock* says by how much its wall clock is off."""

    def __init__(
        self,
        service: str,
        folder: Path,
        name: str = "",
        *,
        clock: Path | None = None,
        variables: dict[str, str] | None = None,
        **settings: object,
    ) -> None:
        name = name or service
        keys = {"config": os.devnull, "health_file": folder / f"{name}.health"} | settings
        command = command_of(service, *as_flags(keys))
        if clock is not None:
            command = [sys.executable, "-P", str(_STEPPED), str(clock), *command[3:]]
        super().__init__(name, command, folder, **(variables or {}))
