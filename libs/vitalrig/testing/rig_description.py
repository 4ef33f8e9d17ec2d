"""What has to be known of a rig that runs already: in `rig.json`, and what `serve` prints."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal, Self, cast, get_args

from vitalrig.testing.harness_errors import HarnessError

Parts = Literal["redis", "server", "rig"]
"""Redis alone, Redis and a server, or all of it."""


@dataclass(frozen=True, slots=True)
class RigDescription:
    """
    Where a rig is.

    Attributes:
        parts: What it has.
        redis: The URL of its Redis.
        physiology_server: Host and port of gRPC of its own camera's server, if it has one.
        exporter: The URL of its exporter, if it has one.
        prefix: The key prefix of its own camera, if it has one.
        sessions: The folder of that camera's sessions, if they are on this machine.
        folder: The folder with its logs, if that is on this machine.
        token: What its processes have in their environment, if a harness started them.
    """

    parts: Parts
    redis: str
    physiology_server: str = ""
    exporter: str = ""
    prefix: str = ""
    sessions: str = ""
    folder: str = ""
    token: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Understand what `to_json` wrote.

        Raises:
            HarnessError: If it is something else.
        """
        try:
            document = json.loads(text)
            known = {each.name: str(document[each.name]) for each in fields(cls)}
        except (ValueError, KeyError, TypeError) as exc:
            raise HarnessError(f"this describes no rig: {text[:200]!r}") from exc
        if known["parts"] not in get_args(Parts):
            raise HarnessError(f"this describes no rig: {text[:200]!r}")
        parts = cast("Parts", known.pop("parts"))
        return cls(parts, **known)

    def to_json(self) -> str:
        """
        Write it as one line.
        """
        return json.dumps(asdict(self))

    @property
    def urls(self) -> dict[str, str]:
        """
        The addresses of its services, by their names.
        """
        known = {
            "redis": self.redis,
            "physiology_server": self.physiology_server,
            "exporter": self.exporter,
        }
        return {name: url for name, url in known.items() if url}

    def logs(self) -> dict[str, Path]:
        """
        Find its logs, by the names of its processes.
        """
        if not self.folder:
            return {}
        return {path.stem: path for path in sorted(Path(self.folder).glob("*.log"))}
