"""
What the Docker engine on this machine is and has.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rig.shell import run

# Below these, keys that docker-compose.yml uses are not there. Tried: engine 20.10 with 2.26.
OLDEST_ENGINE = (20, 10)
OLDEST_COMPOSE = (2, 24)


@dataclass(frozen=True)
class Container:
    """
    One running container of a compose project.

    Attributes:
        service: The service it is.
        checkout: The folder it was started from.
        ports: The ports it opened on this machine.
    """

    service: str
    checkout: str
    ports: frozenset[int]

    @classmethod
    def parse(cls, line: str) -> Self:
        """
        Understand one line of `running`'s question: three fields with tabs between them.
        """
        service, checkout, published = line.split("\t")
        return cls(service, checkout, frozenset(map(int, re.findall(r":([0-9]+)->", published))))


def version_numbers(text: str) -> tuple[int, ...]:
    """
    Return the numbers a version begins with: ``v2.26.1-4`` gives (2, 26, 1).
    """
    match = re.match(r"v?([0-9]+(?:\.[0-9]+)*)", text.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def engine_version() -> str | None:
    """
    Return the version of the engine that answers, or None if none does.
    """
    asked = run(["docker", "version", "--format", "{{.Server.Version}}"], timeout_s=15)
    return asked.out.strip() if asked.ok and asked.out.strip() else None


def compose_version() -> str | None:
    """
    Return the version of ``docker compose``, or None without it.
    """
    asked = run(["docker", "compose", "version", "--short"], timeout_s=15)
    return asked.out.strip() if asked.ok and asked.out.strip() else None


def data_folder() -> Path | None:
    """
    Return where the engine keeps images and volumes, if that is on this machine.
    """
    asked = run(["docker", "info", "--format", "{{.DockerRootDir}}"], timeout_s=15)
    folder = Path(asked.out.strip() or "/nonexistent")
    return folder if asked.ok and folder.is_dir() else None


def memory_bytes() -> int | None:
    """
    Return the memory of the machine that the engine is on, or None if it does not say.
    """
    asked = run(["docker", "info", "--format", "{{.MemTotal}}"], timeout_s=15)
    return int(asked.out) if asked.ok and asked.out.strip().isdigit() else None


def has_image(name: str) -> bool:
    """
    Whether the engine has the image *name*.
    """
    return run(["docker", "image", "inspect", "--format", "{{.Id}}", name], timeout_s=15).ok


def digest(name: str) -> str | None:
    """
    Return the digest under which a registry has the image *name*, or None if none has it.
    """
    asked = run(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", name])
    found = re.findall(r"@(sha256:[0-9a-f]{64})", asked.out) if asked.ok else []
    return found[0] if found else None


def pull(name: str) -> str | None:
    """
    Fetch an image, and return why it did not work, or None if it did.
    """
    asked = run(["docker", "pull", "--quiet", name], timeout_s=1800)
    return None if asked.ok else asked.last_words


def running(project: str) -> list[Container]:
    """
    Return the running containers of a compose project.
    """
    label = "com.docker.compose"
    fields = (f'.Label "{label}.service"', f'.Label "{label}.project.working_dir"', ".Ports")
    asked = run(
        [
            *("docker", "ps", "--filter", f"label={label}.project={project}"),
            *("--format", "\t".join(f"{{{{{field}}}}}" for field in fields)),
        ],
        timeout_s=15,
    )
    return [Container.parse(line) for line in asked.out.splitlines()] if asked.ok else []
