"""What a process of a rig has logged."""

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


class LogFile:
    """
    The log of one process.

    Args:
        name: What the process is called in the rig.
        path: Where the log is.

    Attributes:
        name: What the process is called in the rig.
        log_path: Where the log is.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.log_path = path

    def log_size(self) -> int:
        """
        Give its size in bytes: a place to read on from.
        """
        with contextlib.suppress(OSError):
            return self.log_path.stat().st_size
        return 0

    def log_text(self, since_offset: int = 0) -> str:
        """
        Give what was logged, from a place on.
        """
        with contextlib.suppress(OSError), self.log_path.open("rb") as log:
            log.seek(since_offset)
            return log.read().decode(errors="replace")
        return ""

    def log_lines(self, since_offset: int = 0) -> list[str]:
        """
        Give the lines that were logged, from a place on.
        """
        return self.log_text(since_offset).splitlines()


def events_of(logs: Iterable[LogFile]) -> list[dict[str, Any]]:
    """
    Give what services logged, in the order of its times, each with `process`, the process's name.
    """
    found = [event for log in logs for event in _events(log)]
    return sorted(found, key=lambda event: str(event.get("time", "")))


def _events(log: LogFile) -> Iterator[dict[str, Any]]:
    for line in log.log_lines():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield {"process": log.name} | event
