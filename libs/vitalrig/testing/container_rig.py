"""Reads from a container's output where its rig is, and tells it as this machine reaches it."""

import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from vitalrig.testing.harness_errors import NotReady
from vitalrig.testing.readiness import LOG_LINES
from vitalrig.testing.rig_description import RigDescription

OWN_ADDRESS = "127.0.0.1"
_LOOK_EVERY_S = 0.1
_ANSWER_S = 5.0


def wait_for_description(container: Any, timeout_s: float) -> RigDescription:  # noqa: ANN401
    """
    Wait for the line in which `serve` says where the rig is, as it is reached in the container.

    Args:
        container: A container of the engine's client, which has no types.
        timeout_s: How long.

    Raises:
        NotReady: If the line does not come, or the container has ended; the error has its log.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        container.reload()
        for line in container.logs(stderr=False).decode(errors="replace").splitlines():
            if line.startswith("{"):
                return RigDescription.parse(line)
        has_ended = container.status == "exited"
        if has_ended or time.monotonic() > deadline_s:
            status = int(container.attrs["State"]["ExitCode"]) if has_ended else None
            lines = container.logs().decode(errors="replace").splitlines()[-LOG_LINES:]
            raise NotReady("container", "it has to say where its rig is", status, lines)
        time.sleep(_LOOK_EVERY_S)


def as_seen_here(printed: RigDescription, container: Any) -> RigDescription:  # noqa: ANN401
    """
    Tell where a container's rig is for this machine.

    That is where its ports are published, or, where this is a container beside it, at its address.

    Args:
        printed: What the container says.
        container: A container of the engine's client.
    """
    ports = container.attrs["NetworkSettings"]["Ports"]

    def published(port: str) -> str:
        return str(ports[f"{port}/tcp"][0]["HostPort"])

    def seen(address: str) -> str:
        start, _, port = address.rpartition(":")
        if not port or is_published:
            return f"{start}:{published(port)}" if port else ""
        return f"{start.replace(OWN_ADDRESS, _address(container))}:{port}"

    redis_port = printed.redis.rpartition(":")[2]
    is_published = _answers(int(published(redis_port)))
    is_here = Path(printed.folder).is_dir()  # the engine may be another machine's
    return replace(
        printed,
        redis=seen(printed.redis),
        physiology_server=seen(printed.physiology_server),
        exporter=seen(printed.exporter),
        folder=printed.folder if is_here else "",
        sessions=printed.sessions if is_here else "",
    )


def _address(container: Any) -> str:  # noqa: ANN401
    """
    Give the address of a container in the first of its networks.
    """
    networks = container.attrs["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((OWN_ADDRESS, port), _ANSWER_S):
            return True
    except OSError:
        return False
