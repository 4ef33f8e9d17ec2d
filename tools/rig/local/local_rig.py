"""
The rig without Docker: supervisord, started, asked and ended.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rig import preflight, secrets_files, shell
from rig.cameras import Camera
from rig.environment import Environment
from rig.errors import RigError
from rig.fleet import Fleet
from rig.local import processes, supervisord_conf
from rig.local.layout import Layout, find_alertmanager
from rig.local.program_health import LocalHealth
from rig.local.redis_program import RedisProgram, choose
from rig.local.supervisor import Exits, Supervisor
from rig.preflight import Check
from rig.services import MONITORING
from rig.shell import wait_for

_HEALTHY_WITHIN_S = 60.0
_ENDED_WITHIN_S = 45.0  # above every stopwaitsecs in config/supervisord.conf


class LocalRig:
    """
    The rig under one supervisord.
    """

    name = "local"

    def __init__(self, environment: Environment, fleet: Fleet, *, monitoring: bool) -> None:
        self._environment = environment
        self._fleet = fleet
        self._monitoring = monitoring
        self._layout = Layout(environment, fleet)
        self._supervisor = Supervisor(self._layout.socket)
        self.without: dict[str, str] = {}

    def is_running(self) -> bool:
        """
        Whether its supervisord answers.
        """
        return self._supervisor.answers()

    def checks(self, *, with_ports: bool = True) -> Iterator[Check]:
        """
        Look at all that is needed to start; the ports can be left out.
        """
        environment = self._environment
        need_mb = environment.number("MIN_FREE_MB")
        yield preflight.check_python()
        yield preflight.check_disk(environment.path("DATA_DIR"), need_mb, "all data")
        yield preflight.check_writable(environment.sessions)
        yield preflight.check_socket_path(self._layout.socket)
        yield from preflight.check_cameras(self._fleet, environment, self.name)
        yield preflight.check_redis_memory(self._layout.redis_memory)
        yield from preflight.check_door(self._layout.door, environment)
        if self.is_running():
            return
        yield self._check_leftovers()
        if with_ports:
            wanted = preflight.published_ports(
                environment, self._fleet, self.name, monitoring=self._monitoring
            )
            yield from preflight.check_ports(wanted)

    def up(self) -> list[str]:
        """
        Start what does not run, and wait until all is healthy.

        Returns:
            The services that run.

        Raises:
            RigError: If something is in the way, or a service does not become healthy.
        """
        preflight.insist(self.checks())
        services = [*self._fleet.services, *self._monitoring_programs()]
        health = LocalHealth(
            self._layout, self._python_of_rig(), Exits(self._layout.log("supervisord"))
        )
        if self.is_running():
            self._refuse_changes()
            print("It runs already; only what is stopped is started.", flush=True)
        else:
            python = self._python()
            redis = choose(self._environment["REDIS_SERVER"], python)
            print(f"Redis: {redis.path} ({redis.why})", flush=True)
            self._start_supervisord(python, redis)
        if self._monitoring:
            self._layout.write_prometheus(alertmanager="alertmanager" in services)
        for program in self._supervisor.programs():
            if program.name in services and program.state in {"STOPPED", "EXITED", "FATAL"}:
                print(f"Starting {program.name}", flush=True)
                self._supervisor.start(program.name)
        self._wait_until_healthy(services, health)
        return services

    def down(self) -> None:
        """
        End supervisord with all its programs, and whatever else is left of the rig.

        Raises:
            RigError: If a process does not end.
        """
        pid = self._supervisor_pid()
        if pid is not None:
            print("Ending all programs; the collector closes an open session.", flush=True)
            try:
                self._supervisor.shut_down()
            except RigError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not processes.is_alive(pid), _ENDED_WITHIN_S)
        left = processes.end(self._layout.run)
        if left:
            names = ", ".join(f"{process.name} ({process.pid})" for process in left)
            print(f"Ended what supervisord had left: {names}", flush=True)
        if pid is not None and processes.is_alive(pid):
            raise RigError(f"supervisord ({pid}) is still there after {_ENDED_WITHIN_S:g} s.")
        self._layout.socket.unlink(missing_ok=True)

    def purge(self) -> None:
        """
        End the rig; its data are in folders, which the caller deletes.
        """
        self.down()

    def ps(self) -> int:
        """
        Show the programs.
        """
        exits = Exits(self._layout.log("supervisord"), from_start=True)
        health = LocalHealth(self._layout, self._python_of_rig(), exits)
        programs = self._supervisor.programs()
        width = max(len(program.name) for program in programs)
        for program in programs:
            how = (health.sickness(program) or "healthy") if program.state == "RUNNING" else ""
            row = f"{program.name:<{width}} {program.state:<10} {program.description:<30} {how}"
            print(row.rstrip())
        return 0

    def logs(self, service: str | None, *, follow: bool) -> int:
        """
        Show the last log lines, of one program or of all.

        Raises:
            RigError: If there is no such log.
        """
        files = [self._layout.log(service)] if service else sorted(self._layout.logs.glob("*.log"))
        if not files or not all(file.is_file() for file in files):
            known = ", ".join(sorted(path.stem for path in self._layout.logs.glob("*.log")))
            raise RigError(f"There is no such log in {self._layout.logs}; there are: {known}.")
        options = ["-n", "100", *(["-F"] if follow else [])]
        sys.stdout.flush()
        return shell.stream(["tail", *options, *map(str, files)])

    def record(self, camera: Camera, seconds: str, session: str) -> int:
        """
        Record a session with the command line tool.
        """
        environment = self._environment
        sys.stdout.flush()
        return shell.stream(
            [
                *(str(self._python_of_rig()), "-m", "vitalrig.cli", "record"),
                *("--server", f"{environment.host}:{self._fleet.port(camera)}"),
                *("--sessions-folder", str(camera.sessions(environment.sessions))),
                *("--seconds", seconds, "--session", session),
            ],
            cwd=environment.root,
            env={**os.environ, **self._layout.door.client_variables(in_container=False)},
        )

    def _check_leftovers(self) -> Check:
        left = processes.of_rig(self._layout.run)
        if not left:
            return Check("leftovers", "none")
        names = ", ".join(f"{process.name} ({process.pid})" for process in left)
        return Check("leftovers", f"{names}, of a rig whose supervisord is gone", "make down")

    def _refuse_changes(self) -> None:
        if changes := self._layout.changes():
            raise RigError(
                "The rig runs with other settings than there are now: "
                + "; ".join(changes)
                + ". `make down`, then `make up`."
            )

    def _monitoring_programs(self) -> list[str]:
        started = []
        for name in MONITORING if self._monitoring else ():
            if _is_installed(name):
                started.append(name)
            else:
                self.without[name] = f"it is not in PATH; install it ({_HOW[name]})"
        return started

    def _python_of_rig(self) -> Path:
        asked = os.environ.get("RIG_PYTHON")
        return Path(asked) if asked else self._environment.root / ".venv" / "bin" / "python"

    def _python(self) -> Path:
        """Have an environment with all that the services need, and return its interpreter."""
        python = self._python_of_rig()
        if "RIG_PYTHON" in os.environ:
            return python
        root = self._environment.root
        # A make inside a make must not take over the outer one's jobs.
        env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        command = ["make", "--silent", ".venv/.rig", f"PYTHON={sys.executable}"]
        sys.stdout.flush()
        if shell.stream(command, cwd=root, env=env) != 0:
            raise RigError(
                "The environment .venv could not be made; the message is above. Without a network, "
                "fill wheelhouse/ on another machine first (docs/guides/proxy-and-offline.md)."
            )
        return python

    def _start_supervisord(self, python: Path, redis: RedisProgram) -> None:
        environment, layout = self._environment, self._layout
        secrets_files.ensure(environment.path("SECRETS_DIR"))
        layout.make(redis)
        variables = layout.variables(python, redis)
        layout.remember(variables)
        self._fleet.remember(environment)
        program = python.parent / "supervisord"
        conf = supervisord_conf.write(
            self._fleet, layout.door, environment.root, layout.supervisord_conf
        )
        started = shell.run(
            [str(program), "--configuration", str(conf)], env=variables, cwd=environment.root
        )
        if not started.ok:
            raise RigError(f"supervisord did not start: {started.err or started.out}")
        if not wait_for(self._supervisor.answers, timeout_s=10):
            raise RigError(f"supervisord does not answer; see {layout.logs / 'supervisord.log'}.")

    def _supervisor_pid(self) -> int | None:
        with contextlib.suppress(RigError):
            return self._supervisor.pid()
        try:
            pid = int(self._layout.pid_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        ours = {process.pid for process in processes.of_rig(self._layout.run)}
        return pid if pid in ours else None

    def _wait_until_healthy(self, services: Sequence[str], health: LocalHealth) -> None:
        began_s = time.monotonic()
        while True:
            programs = [p for p in self._supervisor.programs() if p.name in services]
            sick = {p: why for p in programs if (why := health.sickness(p))}
            if not sick:
                return
            waited_s = time.monotonic() - began_s
            broken = [p for p in sick if health.is_broken(p, waited_s)]
            if broken or waited_s >= _HEALTHY_WITHIN_S:
                accounts = [health.account(p, sick[p]) for p in broken or sick]
                accounts.append("What did start is still running: make logs, make down.")
                raise RigError("\n".join(accounts))
            time.sleep(0.2)


def _is_installed(name: str) -> bool:
    return find_alertmanager() is not None if name == "alertmanager" else bool(shutil.which(name))


_HOW = {
    "prometheus": "Debian: apt-get install prometheus",
    "alertmanager": "Debian: apt-get install prometheus-alertmanager",
    "grafana": "from grafana.com; Debian has no package of it",
}
