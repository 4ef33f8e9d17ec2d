"""What a collector has written and said, as tests ask for it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.eventually import eventually
from tests.support.reports import camera_report

CAP_SYS_ADMIN = 21


def lines(sessions: Path, name: str = "first") -> list[bytes]:
    path = sessions / f"metrics_{name}.jsonl"
    return path.read_bytes().splitlines() if path.exists() else []


def summary(sessions: Path, name: str = "first") -> Any:
    """The summary of a session that has ended; None before."""
    try:
        document = json.loads((sessions / f"metrics_{name}.json").read_text())
    except (OSError, ValueError):
        return None
    return document if document["meta"].get("stopped_at_ms") else None


def manifest(sessions: Path, name: str = "first") -> Any:
    return json.loads((sessions / f"metrics_{name}_manifest.json").read_text())


def finished(sessions: Path, name: str = "first") -> Any:
    """Wait for the end of a session; gives the manifest, which is written last."""

    def told() -> Any:
        path = sessions / f"metrics_{name}_manifest.json"
        return path.exists() and manifest(sessions, name)["state"] == "finished"

    eventually(told)
    return manifest(sessions, name)


def view(client: Any, prefix: str = "physiology") -> Any:
    """What the exporter is told of a camera."""
    return camera_report(client, prefix)


def paused(client: Any) -> str:
    return view(client).get("recording", {}).get("paused", "")


def ready(client: Any, prefix: str = "physiology") -> Any:
    """Wait for the collector's first report of a camera, and give it."""
    return eventually(lambda: view(client, prefix).get("recording") and view(client, prefix))


def heard_by(client: Any, subscribers: int) -> None:
    eventually(lambda: client.pubsub_numsub("physiology:edge_metrics")[0][1] == subscribers)


class SmallDisk:
    """A file system of its own, that can be filled and made read-only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    def make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def allow_writing(self, allowed: bool) -> None:
        _run("mount", "-o", f"remount,{'rw' if allowed else 'ro'}", str(self.folder))


@contextmanager
def small_disk(folder: Path, size: str = "8m") -> Iterator[SmallDisk]:
    """Mount a tmpfs; who may not mount skips the test."""
    status = Path("/proc/self/status").read_text()
    capabilities = next(line.split()[1] for line in status.splitlines() if "CapEff" in line)
    if not int(capabilities, 16) >> CAP_SYS_ADMIN & 1:
        pytest.skip("mounting is not permitted here")
    folder.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "-l", str(folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, env=os.environ | {"LC_ALL": "C"})


def all_in_the_file(sessions, publishing):
    return eventually(lambda: lines(sessions) == publishing.published)
