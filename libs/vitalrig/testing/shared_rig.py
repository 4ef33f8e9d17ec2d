"""One rig for all workers of a run of pytest-xdist: the first that needs it has it started."""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.rig import Rig
from vitalrig.testing.rig_description import RigDescription

START_S = 120.0
"""In how many seconds a rig has to be ready; one whose service ends fails at once."""

_LOOK_EVERY_S = 0.05
_CONTROLLER = "vitalrig_controller"


def is_a_worker(config: pytest.Config) -> bool:
    """
    Tell whether this process is one of several that share the tests.
    """
    return hasattr(config, "workerinput")


class Controller:
    """
    Tells each worker which process has started it.

    A worker cannot see it for itself: its parent is another one as soon as pytest was killed.
    """

    NAME = "vitalrig-controller"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401  pytest-xdist's
        """Say it before the worker runs anything."""
        node.workerinput[_CONTROLLER] = os.getpid()


class FailedElsewhere(HarnessError):
    """
    Another worker could not start the rig. The error is there.

    Attributes:
        worker: Which one.
    """

    def __init__(self, worker: str, text: str) -> None:
        self.worker = worker
        super().__init__(text)


class SharedRig:
    """
    A rig of all workers, which ends when their pytest has ended.

    Args:
        folder: A folder that all workers of this run have, and nobody else.
        workerinput: What pytest-xdist and `Controller` have told this worker.
        keep: It goes on when pytest has ended.
    """

    def __init__(self, folder: Path, workerinput: dict[str, Any], *, keep: bool) -> None:
        self._worker = str(workerinput["workerid"])
        self._controller = workerinput.get(_CONTROLLER)
        self._keep = keep
        self._lock = folder / "vitalrig_rig.lock"
        self._address = folder / "vitalrig_rig.json"
        self._trouble = folder / "vitalrig_rig.error"

    def take(self) -> Rig:
        """
        Take it; if nobody has yet, start it.

        Raises:
            HarnessError: If it cannot be started.
            FailedElsewhere: If another worker could not start it.
        """
        with self._locked():
            if self._trouble.exists():
                worker, _, text = self._trouble.read_text("utf-8").partition("\n")
                raise FailedElsewhere(worker, text)
            if not self._address.exists():
                try:
                    if self._keep:
                        return self._kept()
                    self._serve()
                except HarnessError as exc:
                    self._trouble.write_text(f"{self._worker}\n{exc}", "utf-8")
                    raise
        return Rig.attach(RigDescription.parse(self._address.read_text("utf-8")))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _kept(self) -> Rig:
        rig = ready(Rig.start_rig(keep=True))
        self._address.write_text(rig.description.to_json(), "utf-8")
        return rig

    def _serve(self) -> None:
        """Start it in a process that ends with the workers' controller, not with this worker."""
        log = self._lock.with_suffix(".log")
        with log.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603  our own
                [
                    sys.executable, "-P", "-m", "vitalrig.testing", "serve",
                    f"--while-pid={self._controller}", f"--address-file={self._address}",
                    f"--timeout={START_S}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )  # fmt: skip
        while not self._address.exists():
            if process.poll() is not None:
                said = log.read_text("utf-8", errors="replace").strip()
                raise HarnessError(
                    said.removeprefix("vitalrig.testing: ") or "the shared rig has ended"
                )
            time.sleep(_LOOK_EVERY_S)


def ready(rig: Rig) -> Rig:
    """
    Wait until a rig is ready; one that does not become so is ended.

    Raises:
        NotReady: If it does not.
    """
    try:
        rig.wait_ready(START_S)
    except BaseException:
        rig.stop()
        raise
    return rig
