"""What the file backend promises of a disk that is really full."""

import asyncio
import contextlib
import os
import resource
import shutil
import subprocess

import pytest

from services.physiology_server.publishing.backends.file.file_backend import FileBackend
from services.physiology_server.publishing.backends.file.file_config import FileConfig
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.publisher import Publisher
from tests.support.backends import METRICS, batch, by_kind, until_away
from tests.support.patience import PATIENCE_S
from vitalrig.clock import SystemClock
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats


class TmpfsDisk:
    """A disk of 1 MiB of our own."""

    def __init__(self, folder):
        self.folder = folder / "tmpfs"
        self.folder.mkdir()
        self._filler = self.folder / "filler"
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", self.folder],
            check=True,
            capture_output=True,
        )

    def fill(self):
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 1_000):
                pass

    def empty(self):
        self._filler.unlink()

    def close(self):
        subprocess.run(["umount", "--lazy", self.folder], check=True)


class LimitedDisk:
    """Where nothing may be mounted: files of this process may not grow beyond some bytes."""

    def __init__(self, folder):
        self.folder = folder / "disk"
        self.folder.mkdir()
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, self._limits[1]))

    def empty(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)

    close = empty


@pytest.fixture
def disk(tmp_path):
    can_mount = shutil.which("mount") and os.geteuid() == 0
    try:
        disk = TmpfsDisk(tmp_path) if can_mount else None
    except (OSError, subprocess.CalledProcessError):
        disk = None
    disk = disk or LimitedDisk(tmp_path)
    yield disk
    disk.close()


def test_a_full_disk_costs_no_line(disk, tmp_path):
    """
    It is an absence: once there is room, all lines are there, whole and once, without a restart.
    """

    async def run():
        config = FileConfig(base_directory=str(disk.folder / "out"))
        backend = FileBackend(config, ServiceHeartbeats("probe"))
        outbox, beats = Outbox(10_000), ServiceHeartbeats("probe")
        health = Health(tmp_path / "health")
        publisher = Publisher(outbox, backend, beats, health, SystemClock())
        for each in batch(1, 101):
            outbox.put(each.outgoing)
        await publisher.flush()
        disk.fill()
        for each in batch(102, 2_000):
            outbox.put(each.outgoing)
        flushing = asyncio.create_task(publisher.flush())
        await until_away(health)
        why = health.failing["streaming_backend"]
        disk.empty()
        async with asyncio.timeout(PATIENCE_S):
            await flushing
        await backend.close()
        lines = {
            kind: (disk.folder / "out" / f"{kind}.jsonl").read_bytes().splitlines()
            for kind in METRICS
        }
        return lines, "No space" in why or "too large" in why

    assert (by_kind(batch(1, 2_000)), True) == asyncio.run(run())
