"""
The rig in containers: docker compose, asked and listened to.
"""

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from rig import (
    compose_cameras,
    docker,
    grpc_door,
    preflight,
    redis_memory,
    secrets_files,
    sessions_folder,
    shell,
)
from rig.cameras import SERVER, Camera
from rig.compose_state import ServiceState, states
from rig.environment import Environment
from rig.errors import RigError
from rig.fleet import Fleet
from rig.preflight import Check
from rig.redis_memory import RedisMemory
from rig.services import MONITORING

_WAIT_S = 180  # a first start from a slow disk; a failing health check ends it earlier
_ENDED_WITHIN_S = 20.0
_LOG_LINES = 20
_BUILT = (SERVER, "collector", "exporter", "telemetry")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class ComposeRig:
    """
    The rig of one compose project.
    """

    name = "compose"

    def __init__(self, environment: Environment, fleet: Fleet, *, monitoring: bool) -> None:
        self._environment = environment
        self._fleet = fleet
        self._monitoring = monitoring
        self.without: dict[str, str] = {}

    def is_running(self) -> bool:
        """
        Whether any container of the project runs.
        """
        return bool(self._containers())

    def checks(self, *, with_ports: bool = True) -> Iterator[Check]:
        """
        Look at all that is needed to start; the ports can be left out.
        """
        environment = self._environment
        yield (engine := preflight.check_engine())
        yield (compose := preflight.check_compose())
        if not (engine.ok and compose.ok):
            return
        need_mb = environment.number("MIN_FREE_MB")
        yield preflight.check_disk(environment.sessions, need_mb, "session files")
        if (folder := docker.data_folder()) is not None:
            yield preflight.check_disk(folder, need_mb, "images and volumes")
        yield from preflight.check_cameras(self._fleet, environment, self.name)
        yield preflight.check_redis_memory(self._memory)
        yield from preflight.check_door(grpc_door.of_rig(environment), environment)
        if with_ports:
            ours = {port for container in self._containers() for port in container.ports}
            wanted = preflight.published_ports(
                environment, self._fleet, self.name, monitoring=self._monitoring
            )
            yield from preflight.check_ports([port for port in wanted if port.number not in ours])
        yield self._check_checkout()
        yield from self._check_leavers()

    def up(self) -> list[str]:
        """
        Build what changed, start what does not run, and wait until all is healthy.

        Returns:
            The services that run.

        Raises:
            RigError: If something is in the way, or a service does not become healthy.
        """
        preflight.insist(self.checks())
        environment = self._environment
        secrets_files.ensure(
            environment.path("SECRETS_DIR"),
            prefix=self._fleet.cameras[0].name,
            vendors_server=bool(environment["PHYSIOLOGY_IMAGE"]),
        )
        uid, gid = environment.number("RIG_UID"), environment.number("RIG_GID")
        of_cameras = (camera.sessions(environment.sessions) for camera in self._fleet.cameras)
        for folder in (
            environment.sessions,
            *of_cameras,
            environment.spool,
            environment.telemetry,
        ):
            sessions_folder.make(folder, uid, gid)
        compose_cameras.write(self._fleet, environment)
        self._fleet.remember(environment)
        services = [*self._fleet.services, *self._images()]
        # Built by themselves: the containers of further cameras share the first one's image.
        built = [name for name in _BUILT if name != SERVER or not environment["PHYSIOLOGY_IMAGE"]]
        print(f"Building {', '.join(built)}; the first time takes some minutes.", flush=True)
        if self._compose("build", *built) != 0:
            raise RigError("docker compose could not build the images; its message is above.")
        code = self._compose(
            *("up", "--detach", "--remove-orphans", "--wait", "--wait-timeout", str(_WAIT_S)),
            *services,
        )
        if code != 0:
            raise RigError(self._what_failed(services))
        return services

    def down(self) -> None:
        """
        End and remove the containers and networks. Volumes and files stay.

        Raises:
            RigError: If compose cannot.
        """
        if self._compose("--profile", "monitoring", "down", "--remove-orphans") != 0:
            raise RigError("docker compose down did not work; its message is above.")

    def purge(self) -> None:
        """
        End the rig and delete all volumes.

        Raises:
            RigError: If compose cannot.
        """
        arguments = ("--profile", "monitoring", "down", "--volumes", "--remove-orphans")
        if self._compose(*arguments) != 0:
            raise RigError("docker compose down --volumes did not work; its message is above.")

    def ps(self) -> int:
        """
        Show the containers.
        """
        return self._compose("--profile", "monitoring", "ps", "--all")

    def logs(self, service: str | None, *, follow: bool) -> int:
        """
        Show the last log lines, of one service or of all.
        """
        options = ["--tail", "100", *(["--follow"] if follow else [])]
        named = [service] if service else []
        return self._compose("--profile", "monitoring", "logs", *options, *named)

    def record(self, camera: Camera, seconds: str, session: str) -> int:
        """
        Record a session from a container of its own, beside the collector's.

        Should the collector be restarted meanwhile, the recording is still stopped in time.
        """
        terminal = [] if sys.stdin.isatty() and sys.stdout.isatty() else ["--no-TTY"]
        door = grpc_door.of_rig(self._environment)
        told = door.client_variables(in_container=True).items()
        files = door.container_files().items()
        return self._compose(
            *("run", "--rm", "--no-deps", *terminal, "--entrypoint", "python"),
            *(word for name, value in told for word in ("--env", f"{name}={value}")),
            *(
                word
                for name, path in files
                for word in ("--volume", f"{path}:/run/secrets/{name}:ro")
            ),
            *("collector", "-m", "vitalrig.cli", "record"),
            *("--server", f"{camera.service}:50051"),
            *("--sessions-folder", str(camera.sessions(Path("/sessions")))),
            *("--seconds", seconds, "--session", session),
        )

    @cached_property
    def _memory(self) -> RedisMemory:
        return redis_memory.of_rig(self._environment, len(self._fleet.cameras), self.name)

    def _containers(self) -> list[docker.Container]:
        return docker.running(self._environment["COMPOSE_PROJECT_NAME"])

    def _check_checkout(self) -> Check:
        """Two checkouts with one project name would take turns in replacing each other's rig."""
        project = self._environment["COMPOSE_PROJECT_NAME"]
        root = self._environment.root
        others = {
            container.checkout
            for container in self._containers()
            if container.checkout and Path(container.checkout).resolve() != root
        }
        if not others:
            return Check("project", project)
        return Check(
            "project",
            f"{project} runs already, from {', '.join(sorted(others))}",
            "Stop it there (make down), or set another COMPOSE_PROJECT_NAME in .env.",
        )

    def _check_leavers(self) -> Iterator[Check]:
        """A camera that runs is not ended because a list has become shorter."""
        running = [container.service for container in self._containers()]
        leavers = [
            service
            for service in running
            if service.partition("-")[0] == SERVER and service not in self._fleet.servers
        ]
        if leavers:
            yield Check(
                "cameras",
                f"{', '.join(sorted(leavers))} runs, and its camera is not asked for",
                "Ask for it (CAMERAS, config/cameras.yml), or end the rig first: make down.",
            )

    def _images(self) -> list[str]:
        """Have the images that are not built here, and return the monitoring services to start."""
        environment = self._environment
        base = "REDIS_IMAGE", "PYTHON_IMAGE"
        vendor = ("PHYSIOLOGY_IMAGE",) if environment["PHYSIOLOGY_IMAGE"] else ()
        for variable in (*base, *vendor):
            if (why := self._fetch(environment[variable])) is not None:
                raise RigError(
                    f"The image {environment[variable]} ({variable}) is not on this machine and "
                    f"cannot be fetched: {why}\n"
                    "Where no registry can be reached, load it from a file (docker load), or, for "
                    "the base images on Debian, make it from packages as root: make bases"
                )
        started = []
        for service in MONITORING if self._monitoring else ():
            variable = f"{service.upper()}_IMAGE"
            if (why := self._fetch(environment[variable])) is None:
                started.append(service)
            else:
                self.without[service] = (
                    f"its image {environment[variable]} is not on this machine and cannot be "
                    f"fetched ({why}); load it with docker load, or set {variable} in .env"
                )
        # Grafana shows what Prometheus holds; compose would start Prometheus for it anyway.
        if started and "prometheus" not in started:
            self.without |= dict.fromkeys(started, "it is nothing without Prometheus")
            return []
        return started

    @staticmethod
    def _fetch(image: str) -> str | None:
        if docker.has_image(image):
            return None
        print(f"Fetching {image} ...", flush=True)
        return docker.pull(image)

    def _what_failed(self, services: Sequence[str]) -> str:
        failing = self._failing(services)
        # Caught while it was being started again, a service cannot say how it ended.
        deadline_s = time.monotonic() + _ENDED_WITHIN_S
        while any(s.is_between_ends for s in failing) and time.monotonic() < deadline_s:
            failing = self._failing(services)
        if not failing:
            return "docker compose could not build or start the rig; its message is above."
        # A service that was never started only waits for one that failed.
        culprits = [state for state in failing if state.was_started] or failing
        parts = [self._account(state) for state in culprits]
        parts += [f"{s.service} waits for it." for s in failing if s not in culprits]
        parts.append("What did start is still running: make logs, make down.")
        return "\n".join(parts)

    def _failing(self, services: Sequence[str]) -> list[ServiceState]:
        found = states(self._command(), self._variables())
        return [state for state in found if state.service in services and not state.is_healthy]

    def _account(self, state: ServiceState) -> str:
        logs = shell.run(
            [*self._command(), "logs", "--no-log-prefix", "--tail", str(_LOG_LINES), state.service],
            env=self._variables(),
        )
        plain = _ANSI.sub("", logs.out + logs.err)
        lines = "\n".join(f"    {line}" for line in plain.splitlines())
        return f"{state.service} {state.complaint()}\n  its last log lines:\n{lines}"

    def _command(self) -> list[str]:
        root = self._environment.root
        files = ["docker-compose.yml"]
        if self._environment["PHYSIOLOGY_IMAGE"]:
            files.append("docker-compose.vendor.yml")
        if (root / "docker-compose.override.yml").is_file():
            files.append("docker-compose.override.yml")
        paths = [root / file for file in files]
        if (cameras := compose_cameras.where(self._environment)).is_file():
            paths.insert(1, cameras)
        named = [argument for path in paths for argument in ("--file", str(path))]
        # All variables are in the environment by now; a second reading of .env could differ.
        return [
            *("docker", "compose", "--project-directory", str(root), "--env-file", os.devnull),
            *named,
        ]

    def _variables(self) -> dict[str, str]:
        environment = self._environment
        users = secrets_files.fingerprint(environment.path("SECRETS_DIR"))
        ours = {"RIG_REDIS_USERS": users, **self._fleet.variables(), **self._memory.variables()}
        return {**environment.for_programs(), **ours}

    def _compose(self, *arguments: str) -> int:
        sys.stdout.flush()
        command = [*self._command(), *arguments]
        return shell.stream(command, env=self._variables(), cwd=self._environment.root)
