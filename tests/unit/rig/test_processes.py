"""Processes that a rig left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rig.local import processes

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc")


@pytest.fixture
def left_behind(tmp_path):
    """A process that was started for a rig and has lost its supervisord."""
    with subprocess.Popen(
        [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"],
        env={**os.environ, "RIG_RUN": str(tmp_path)},
        stdout=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_what_is_left_of_a_rig_is_found_and_ended(left_behind, tmp_path):
    """
    `make down` leaves no process, even after supervisord was killed.
    """
    assert [left_behind.pid] == [process.pid for process in processes.of_rig(tmp_path)]

    processes.end(tmp_path, grace_s=10)

    assert [] == processes.of_rig(tmp_path)


def test_another_rig_is_left_alone(left_behind, tmp_path):
    """
    Two checkouts on one machine do not end each other's processes.
    """
    assert [] == processes.end(tmp_path / "another")
    assert processes.is_alive(left_behind.pid)
