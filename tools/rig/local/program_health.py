"""
How the programs of a rig without Docker are, as compose's health checks say it for containers.
"""

from pathlib import Path

from rig import probes, redis_users, secrets_files
from rig.local.layout import Layout
from rig.local.supervisor import Exits, Program

_RUNNING_WITHIN_S = 20.0  # services wait for their peers; what still ends by then is broken
_BAD_SETTINGS = "exit status 2"  # starting again changes nothing
_LOG_LINES = 20


class LocalHealth:
    """
    Asks programs how they are.

    Args:
        layout: Where the rig keeps its things.
        python: The interpreter that runs the probe.
        exits: How programs ended.
    """

    def __init__(self, layout: Layout, python: Path, exits: Exits) -> None:
        self._layout = layout
        self._python = python
        self._exits = exits
        # A log goes on over starts: what it held before now says nothing of what follows.
        self._held_bytes = {
            log: log.stat().st_size for log in layout.logs.glob("*.log") if log.is_file()
        }

    def sickness(self, program: Program) -> str | None:
        """
        Return what is wrong with a program, or None.
        """
        if program.state != "RUNNING":
            return f"is {program.state}: {self._exits.last_of(program.name) or program.description}"
        environment = self._layout.environment
        host = environment.host
        match program.name:
            case "redis":
                file = redis_users.password_file(redis_users.CLIENT)
                password = secrets_files.read(environment.path("SECRETS_DIR"), file)
                port = environment.port("REDIS_PORT")
                return probes.redis(port, redis_users.CLIENT, password)
            case "prometheus":
                return probes.http(f"http://{host}:{environment['PROMETHEUS_PORT']}/-/ready")
            case "alertmanager":
                return probes.http(f"http://{host}:{environment['ALERTMANAGER_PORT']}/-/ready")
            case "grafana":
                return probes.http(f"http://{host}:{environment['GRAFANA_PORT']}/api/health")
        health_file = self._layout.health(program.name)
        return probes.service(self._python, health_file, environment.root)

    def is_broken(self, program: Program, waited_s: float) -> bool:
        """
        Whether there is no sense in waiting longer for a program that is not well.
        """
        if self._exits.last_of(program.name) == _BAD_SETTINGS:
            return True
        return program.state in {"BACKOFF", "FATAL"} and waited_s >= _RUNNING_WITHIN_S

    def account(self, program: Program, why: str) -> str:
        """
        Return what is wrong with a program, how it ended, and its last log lines.

        They are those since this object was made, or earlier ones if it has said nothing since.
        """
        ended = self._exits.last_of(program.name)
        if ended and ended not in why:
            why = f"{why} (before that: {ended})"
        said = self._said(self._layout.log(program.name))
        lines = "\n".join(f"    {line}" for line in said[-_LOG_LINES:])
        return f"{program.name}: {why}\n  its last log lines:\n{lines}"

    def _said(self, log: Path) -> list[str]:
        try:
            content = log.read_bytes()
        except OSError:
            return []
        held_bytes = self._held_bytes.get(log, 0)
        # A log that has become shorter was rotated; all of it is new.
        new = content[held_bytes:] if held_bytes <= len(content) else content
        return (new or content).decode(errors="replace").splitlines()
