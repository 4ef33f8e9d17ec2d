"""
Where a rig without Docker keeps its things, and the variables its programs are given.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig import addresses, grpc_door, redis_memory
from rig.environment import Environment
from rig.fleet import Fleet
from rig.grpc_door import GrpcDoor
from rig.local import supervisord_conf
from rig.local.redis_program import RedisProgram
from rig.redis_memory import RedisMemory
from rig.sessions_folder import make_private

# What a rig was started with and cannot change while it runs.
_DECISIVE = (
    "BIND_ADDRESS",
    "GRPC_PORT",
    "EXPORTER_PORT",
    "TELEMETRY_PORT",
    "PROMETHEUS_PORT",
    "ALERTMANAGER_PORT",
    "GRAFANA_PORT",
    "REDIS_PORT",
    "RIG_PREFIXES",
    "RIG_REDIS_MAXMEMORY",
    "RIG_STREAM_MIB",
    "SECRETS_DIR",
)
# Debian's package calls it otherwise; its own name is the other.
_ALERTMANAGERS = ("prometheus-alertmanager", "alertmanager")
_NOBODY = "targets: []  # there is no Alertmanager here"
_GRAFANA_HOMES = ("/usr/share/grafana", "/usr/local/share/grafana", "/opt/homebrew/share/grafana")


@dataclass(frozen=True)
class Layout:
    """
    Folders and files of a local rig.

    Attributes:
        environment: The rig's variables.
        fleet: Its cameras.
    """

    environment: Environment
    fleet: Fleet

    @property
    def data(self) -> Path:
        """What is kept."""
        return self.environment.path("DATA_DIR")

    @property
    def run(self) -> Path:
        """What is only of use while it runs, and its logs."""
        return self.data / "run"

    @property
    def logs(self) -> Path:
        """One log file a program."""
        return self.run / "logs"

    @property
    def socket(self) -> Path:
        """Where supervisord listens."""
        return self.run / "supervisor.sock"

    @property
    def pid_file(self) -> Path:
        """Where supervisord writes its process number."""
        return self.run / "supervisord.pid"

    @property
    def started_with(self) -> Path:
        """What the variables were when it was started."""
        return self.run / "started_with.json"

    @property
    def supervisord_conf(self) -> Path:
        """What supervisord reads: that of config/, with a program a camera."""
        return self.run / "supervisord.conf"

    @property
    def prometheus(self) -> Path:
        """Prometheus's configuration, with this machine's addresses."""
        return self.run / "prometheus"

    @property
    def door(self) -> GrpcDoor:
        """What protects the servers."""
        return grpc_door.of_rig(self.environment)

    @property
    def redis_memory(self) -> RedisMemory:
        """What Redis gets."""
        return redis_memory.of_rig(self.environment, len(self.fleet.cameras), "local")

    def health(self, service: str) -> Path:
        """The health file of a service."""
        return self.run / "health" / f"{service}.json"

    def log(self, program: str) -> Path:
        """The log file of a program."""
        return self.logs / f"{program}.log"

    def make(self, redis: RedisProgram) -> None:
        """
        Make the folders, without health files of an earlier run.
        """
        shutil.rmtree(self.run / "health", ignore_errors=True)
        folders = (self.run, self.logs, self.run / "health", self.data / redis.folder)
        kept = (self.data / name for name in ("prometheus", "alertmanager", "grafana"))
        sessions, spool = self.environment.sessions, self.environment.spool
        telemetry = self.environment.telemetry
        of_cameras = (camera.sessions(sessions) for camera in self.fleet.cameras)
        for folder in (*folders, *kept):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (sessions, spool, telemetry, *of_cameras):
            make_private(folder)
        (self.data / redis.folder).chmod(0o700)

    def write_prometheus(self, *, alertmanager: bool) -> None:
        """
        Write Prometheus's configuration: that of config/, with addresses on this machine.

        Args:
            alertmanager: Whether there is one; without it no alert is sent and none is scraped.
        """
        environment = self.environment
        shutil.copytree(
            environment.root / "config" / "prometheus", self.prometheus, dirs_exist_ok=True
        )
        path = self.prometheus / "prometheus.yml"
        text = path.read_text(encoding="utf-8")
        host = environment.host
        text = text.replace("exporter:8317", f"{host}:{environment['EXPORTER_PORT']}")
        text = text.replace("telemetry:6562", f"127.0.0.1:{environment['TELEMETRY_PORT']}")
        text = text.replace("localhost:9090", f"{host}:{environment['PROMETHEUS_PORT']}")
        manager = f"{host}:{environment['ALERTMANAGER_PORT']}"
        text = (
            text.replace("alertmanager:9093", manager)
            if alertmanager
            else text.replace('targets: ["alertmanager:9093"]', _NOBODY)
        )
        path.write_text(text, encoding="utf-8")

    def variables(self, python: Path, redis: RedisProgram) -> dict[str, str]:
        """
        Return the environment that config/supervisord.conf is written for.
        """
        environment = self.environment
        root = environment.root
        prometheus = f"{environment.host}:{environment['PROMETHEUS_PORT']}"
        homes = (home for home in _GRAFANA_HOMES if Path(home).is_dir())
        return {
            **environment.for_programs(),
            **self.fleet.variables(),
            **supervisord_conf.variables(self.fleet, self.door),
            **self.redis_memory.variables(),
            "PYTHONUNBUFFERED": "1",
            "RIG_ROOT": str(root),
            "RIG_PYTHON": str(python),
            "RIG_RUN": str(self.run),
            # supervisord puts the values of variables in twice where a log file is named.
            "RIG_LOGS": str(self.logs).replace("%", "%%"),
            "RIG_BIND_HOST": addresses.before_port(environment["BIND_ADDRESS"]),
            "RIG_HOST": environment.host,
            "RIG_ALLOW_INSECURE": "true" if self.door.said_twice else "false",
            "RIG_SESSIONS": str(environment.sessions),
            "RIG_SPOOL": str(environment.spool),
            "RIG_TELEMETRY": str(environment.telemetry),
            "RIG_SECRETS": str(environment.path("SECRETS_DIR")),
            "RIG_REDIS_SERVER": redis.path,
            "RIG_REDIS_DATA": str(self.data / redis.folder),
            "RIG_PROMETHEUS": shutil.which("prometheus") or "prometheus",
            "RIG_PROMETHEUS_DATA": str(self.data / "prometheus"),
            "RIG_PROMETHEUS_URL": f"http://{prometheus}",
            "RIG_ALERTMANAGER": find_alertmanager() or "alertmanager",
            "RIG_ALERTMANAGER_DATA": str(self.data / "alertmanager"),
            "RIG_GRAFANA": shutil.which("grafana") or "grafana",
            "RIG_GRAFANA_HOME": next(homes, _GRAFANA_HOMES[0]),
            "RIG_GRAFANA_DATA": str(self.data / "grafana"),
            "RIG_DASHBOARDS_FOLDER": str(root / "config" / "grafana" / "dashboards"),
        }

    def remember(self, variables: Mapping[str, str]) -> None:
        """
        Note what the rig is started with.
        """
        text = json.dumps(_decisive(variables), indent=2)
        self.started_with.write_text(text + "\n", encoding="utf-8")

    def changes(self) -> list[str]:
        """
        Return what is set otherwise now than when the rig was started, as ``NAME old -> new``.
        """
        try:
            before = json.loads(self.started_with.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        ours = self.fleet.variables() | supervisord_conf.variables(self.fleet, self.door)
        ours |= self.redis_memory.variables()
        now = _decisive(self.environment.for_programs() | dict(os.environ) | ours)
        names = sorted(before.keys() | now.keys())
        return [
            f"{name} {before.get(name, 'unset')} -> {now.get(name, 'unset')}"
            for name in names
            if before.get(name) != now.get(name)
        ]


def find_alertmanager() -> str | None:
    """
    Return where Alertmanager is, under either of its names, or None.
    """
    return next((path for name in _ALERTMANAGERS if (path := shutil.which(name))), None)


def _decisive(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if name in _DECISIVE or name.startswith(("VITALRIG_", "RIG_CAMERA_"))
    }
