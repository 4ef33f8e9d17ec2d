"""A whole rig of a test's own: its ports, project and folders are nobody else's."""

import json
import os
import subprocess
import sys
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rig import compose_state
from rig.environment import Environment, load
from rig.fleet import started
from rig.local import processes
from rig.local.layout import Layout
from rig.local.supervisor import Supervisor
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
MONITORING_PORTS = ("PROMETHEUS_PORT", "ALERTMANAGER_PORT", "GRAFANA_PORT")
PORTS = ("GRPC_PORT", "EXPORTER_PORT", "TELEMETRY_PORT", "REDIS_PORT", *MONITORING_PORTS)
SERVICES = ("redis", "physiology_server", "collector", "exporter", "telemetry")

# Run where Redis can be reached. The rig's promise is about what was published, and the durable
# stream is the record of that.
READ_STREAM = """
import json, sys, redis
host, port, user, password_file = sys.argv[1:]
password = open(password_file).read().strip()
client = redis.Redis(host, int(port), username=user, password=password, protocol=2)
entries = client.xrange("physiology:envelopes")
keys = (b"channel", b"envelope", b"run", b"seq")
print(json.dumps([[fields[key].decode() for key in keys] for _, fields in entries]))
"""


@dataclass(frozen=True)
class Published:
    """One entry of the durable stream."""

    channel: str
    envelope: str
    run: str
    seq: int


class RigHandle(ABC):
    """One rig, driven as people drive it: by the verbs behind make."""

    mode = ""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self._variables = {
            **{name: str(free_port()) for name in PORTS},
            "MODE": self.mode,
            "COMPOSE_PROJECT_NAME": f"vitalrig-test-{os.getpid()}",
            "RIG_TAG": "test",
            "CAMERAS": "1",
            "DATA_DIR": str(folder / "data"),
            "SECRETS_DIR": str(folder / "secrets"),
            "RIG_ENV_FILE": str(folder / ".env"),
            "RIG_PYTHON": sys.executable,
            **variables,
        }

    @property
    def variables(self) -> dict[str, str]:
        """This process's environment, without what a developer's own rig is set to."""
        ours = load(ROOT, {"RIG_ENV_FILE": os.devnull}).values.keys()
        keep = {"CA_BUNDLE", "PIP_CONF", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in keep or (name not in ours and not name.startswith("VITALRIG_"))
        }
        return {**inherited, **self._variables}

    @property
    def environment(self) -> Environment:
        return load(ROOT, self.variables)

    @property
    def sessions(self) -> Path:
        return self.environment.sessions

    @property
    def server(self) -> str:
        return f"127.0.0.1:{self._variables['GRPC_PORT']}"

    def verb(
        self, *arguments: str, check: bool = True, **changes: str
    ) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [sys.executable, str(ROOT / "tools" / "rig"), *arguments],
            env={**self.variables, **changes},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and ended.returncode != 0:
            raise AssertionError(f"{arguments}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
        return ended

    def metrics(self) -> str:
        url = f"http://127.0.0.1:{self._variables['EXPORTER_PORT']}/metrics"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
            return page.read().decode()

    def get_telemetry(self, path: str) -> str:
        url = f"http://127.0.0.1:{self._variables['TELEMETRY_PORT']}{path}"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return answer.read().decode()

    def stream(self) -> list[Published]:
        rows = json.loads(self._read_stream())
        return [Published(channel, text, run, int(seq)) for channel, text, run, seq in rows]

    @abstractmethod
    def identities(self) -> Mapping[str, str]:
        """What tells each service's process from the next one of the same name."""

    @abstractmethod
    def identity(self, service: str) -> str:
        """The same of one service, be it a camera's."""

    @abstractmethod
    def unhealthy(self) -> Mapping[str, str]:
        """What is not healthy now, and why."""

    @abstractmethod
    def kill(self, service: str) -> None:
        """As kill -9, or the system when memory is short, would end it."""

    @abstractmethod
    def stop(self, service: str) -> None: ...

    @abstractmethod
    def start(self, service: str) -> None: ...

    @abstractmethod
    def _read_stream(self) -> str: ...


class LocalHandle(RigHandle):
    """The rig under supervisord."""

    mode = "local"

    @property
    def layout(self) -> Layout:
        return Layout(self.environment, started(self.environment))

    @property
    def _supervisor(self) -> Supervisor:
        return Supervisor(self.layout.socket)

    def _pids(self) -> dict[str, int]:
        return {p.name: p.pid for p in self._supervisor.programs()}

    def identities(self) -> Mapping[str, str]:
        return {name: str(pid) for name, pid in self._pids().items() if name in SERVICES}

    def identity(self, service: str) -> str:
        return str(self._pids()[service])

    def unhealthy(self) -> Mapping[str, str]:
        lines = self.verb("ps").stdout.splitlines()
        rows = {line.split()[0]: line for line in lines}
        return {name: rows[name] for name in SERVICES if not rows[name].endswith("healthy")}

    def kill(self, service: str) -> None:
        os.kill(self._pids()[service], 9)

    def stop(self, service: str) -> None:
        self._supervisor.stop(service)

    def start(self, service: str) -> None:
        self._supervisor.start(service)

    def left(self) -> Sequence[processes.Process]:
        return processes.of_rig(self.layout.run)

    def _read_stream(self) -> str:
        password = Path(self._variables["SECRETS_DIR"]) / "redis_password"
        arguments = ("127.0.0.1", self._variables["REDIS_PORT"], "client", str(password))
        return _said([sys.executable, "-c", READ_STREAM, *arguments])


class ComposeHandle(RigHandle):
    """The rig in containers."""

    mode = "compose"

    @property
    def _compose(self) -> list[str]:
        project = self._variables["COMPOSE_PROJECT_NAME"]
        # `ps`, `exec`, `stop` and `start` find containers by their project; no file is read.
        return ["docker", "compose", "--project-name", project]

    @property
    def _programs(self) -> dict[str, str]:
        return {**self.environment.for_programs(), "RIG_REDIS_USERS": "known"}

    def compose(self, *arguments: str, check: bool = True) -> str:
        return _said([*self._compose, *arguments], self._programs, check=check)

    def states(self) -> dict[str, compose_state.ServiceState]:
        found = compose_state.states(self._compose, self._programs)
        return {state.service: state for state in found}

    def identities(self) -> Mapping[str, str]:
        return {name: self.identity(name) for name in SERVICES}

    def identity(self, service: str) -> str:
        return self.inspect(service, "{{.State.Pid}}")

    def inspect(self, service: str, question: str) -> str:
        container = self.container(service)
        return _said(["docker", "inspect", "--format", question, container]).strip()

    @staticmethod
    def network(name: str, question: str) -> str:
        return _said(["docker", "network", "inspect", "--format", question, name]).strip()

    def container(self, service: str) -> str:
        return self.compose("ps", "--all", "--quiet", service).strip()

    def unhealthy(self) -> Mapping[str, str]:
        states = self.states()
        return {
            name: f"{states.get(name)}"
            for name in SERVICES
            if name not in states or not states[name].is_healthy
        }

    def kill(self, service: str) -> None:
        # `docker kill` would count as stopped by hand, and the restart policy would not act.
        module = service.partition("-")[0]  # a camera's name stands behind it
        kill = (
            "import os, pathlib\n"
            "for p in pathlib.Path('/proc').glob('[0-9]*'):\n"
            f"    words = (p / 'cmdline').read_bytes().split(b'\\0')\n"
            f"    if words[1:3] == [b'-m', b'services.{module}']:\n"
            "        os.kill(int(p.name), 9)\n"
        )
        # The container may be gone before exec has its answer.
        _run([*self._compose, "exec", "--no-TTY", service, "python", "-c", kill])

    def stop(self, service: str) -> None:
        self.compose("stop", service)

    def start(self, service: str) -> None:
        self.compose("start", service)

    def left(self) -> Sequence[str]:
        project = f"label=com.docker.compose.project={self._variables['COMPOSE_PROJECT_NAME']}"
        return _said(["docker", "ps", "--all", "--quiet", "--filter", project]).split()

    def _read_stream(self) -> str:
        arguments = ("redis", "6379", "collector", "/run/secrets/redis_password_collector")
        return self.compose(
            "exec", "--no-TTY", "collector", "python", "-c", READ_STREAM, *arguments
        )


def _run(
    command: Sequence[str], env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def _said(
    command: Sequence[str], env: Mapping[str, str] | None = None, *, check: bool = True
) -> str:
    ended = _run(command, env)
    if check and ended.returncode != 0:
        raise AssertionError(f"{list(command)}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
    return ended.stdout
