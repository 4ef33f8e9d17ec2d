"""
What docker compose says of each service, and what its last health check said.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rig.shell import run


@dataclass(frozen=True)
class ServiceState:
    """
    One service's container.

    Attributes:
        service: Its service.
        state: ``running``, ``exited``, ``restarting``, ``created``, ...
        health: ``healthy``, ``unhealthy``, ``starting``, or empty without a check.
        exit_code: How it ended, if it did.
        last_check: What its last health check printed.
        restarts: How often it was started again.
    """

    service: str
    state: str
    health: str
    exit_code: int
    last_check: str = ""
    restarts: int = 0

    @property
    def is_healthy(self) -> bool:
        """Whether it runs and its check passes; just started again, it has no check's word yet."""
        unchecked = self.health == "" and self.restarts == 0
        return self.state == "running" and (self.health == "healthy" or unchecked)

    @property
    def was_started(self) -> bool:
        """Whether it ran at all; if not, it waited for another."""
        return self.state != "created"

    @property
    def is_between_ends(self) -> bool:
        """Whether it ended before and was just started again, so that its exit is not known."""
        return self.state == "running" and not self.is_healthy and self.restarts > 0

    def complaint(self) -> str:
        """
        Return in words what is wrong.
        """
        if self.state != "running":
            return f"is {self.state} (exit status {self.exit_code})."
        check = f": {self.last_check}" if self.last_check else ""
        return f"is {self.health}; its health check says{check or ' nothing'}."


def parse(text: str) -> list[Mapping[str, Any]]:
    """
    Understand ``docker compose ps --format json``: an array, or one object a line (2.21 and on).
    """
    if text.lstrip().startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def states(compose: Sequence[str], env: Mapping[str, str]) -> list[ServiceState]:
    """
    Ask for every service's container, with what its last health check said.
    """
    asked = run([*compose, "--profile", "monitoring", "ps", "--all", "--format", "json"], env=env)
    return [_state(row) for row in parse(asked.out)]


def _state(row: Mapping[str, Any]) -> ServiceState:
    # Docker is asked for all of it at once: a container that ends again and again is in another
    # state a moment later, and compose gives no exit status of it.
    asked = run(["docker", "inspect", "--format", "{{json .}}", row["ID"]])
    container = json.loads(asked.out) if asked.ok else {}
    state = container.get("State") or {"Status": row["State"], "ExitCode": row["ExitCode"]}
    health = state.get("Health") or {"Status": "", "Log": None}
    log = health["Log"] or [{"Output": ""}]
    return ServiceState(
        service=row["Service"],
        state=state["Status"],
        health=health["Status"],
        exit_code=int(state["ExitCode"]),
        last_check=" ".join(str(log[-1]["Output"]).split()),
        restarts=int(container.get("RestartCount", 0)),
    )
