"""
The two ways to run the rig: which one to take, and which one runs.
"""

from collections.abc import Iterator
from typing import Protocol

from rig import docker
from rig.cameras import Camera
from rig.compose import ComposeRig
from rig.environment import Environment
from rig.errors import RigError
from rig.fleet import Fleet
from rig.local.local_rig import LocalRig
from rig.preflight import Check

MODES = ("compose", "local")


class Rig(Protocol):
    """What both ways to run the rig can do."""

    name: str
    without: dict[str, str]  # services that could not be started, and why

    def is_running(self) -> bool:
        """Whether it runs."""
        ...

    def checks(self, *, with_ports: bool = True) -> Iterator[Check]:
        """Look at all that is needed to start; the ports can be left out."""
        ...

    def up(self) -> list[str]:
        """Start it, wait until it is healthy, and return its services."""
        ...

    def down(self) -> None:
        """End it and keep all data."""
        ...

    def purge(self) -> None:
        """End it and delete what is not in folders."""
        ...

    def ps(self) -> int:
        """Show what runs."""
        ...

    def logs(self, service: str | None, *, follow: bool) -> int:
        """Show the last log lines."""
        ...

    def record(self, camera: Camera, seconds: str, session: str) -> int:
        """Record a session of one camera."""
        ...


def make(mode: str, environment: Environment, fleet: Fleet) -> Rig:
    """
    Return the rig of *mode* with the cameras of *fleet*.
    """
    monitoring = environment.flag("MONITORING")
    if mode == "compose":
        return ComposeRig(environment, fleet, monitoring=monitoring)
    return LocalRig(environment, fleet, monitoring=monitoring)


def choose(environment: Environment) -> tuple[str, str]:
    """
    Return the mode to start, and why.

    Raises:
        RigError: If MODE is neither of the two.
    """
    asked = environment["MODE"].lower()
    if asked in MODES:
        return asked, "MODE asks for it"
    if asked:
        raise RigError(f"MODE is {asked}; it can be compose or local, or empty to choose.")
    version = docker.engine_version()
    if version is not None:
        return "compose", f"a Docker engine answers, version {version}"
    return "local", "no Docker engine answers"


def running(environment: Environment, fleet: Fleet) -> list[Rig]:
    """
    Return the rigs that run; more than one is possible only by going round `make up`.
    """
    return [rig for mode in MODES if (rig := make(mode, environment, fleet)).is_running()]
