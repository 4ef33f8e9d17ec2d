"""What the program logs while Redis is away, as a process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.redis_server import RedisServer

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """All lines of a server whose Redis came after it."""
    folder = tmp_path_factory.mktemp("log")
    redis = RedisServer(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "services.physiology_server", "--streaming_backend=redis",
         "--source=synthetic", "--autostart", f"--redis_port={redis.port}", "--port=0",
         f"--health_file={folder / 'health'}"],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if "backend is away" in line:
                redis.start()
            elif "backend is back" in line:
                process.terminate()
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        redis.stop()
    return lines


def test_every_line_is_json(logged):
    """
    Machines read it.
    """
    assert {"time", "level", "service", "logger", "event"} <= set.intersection(
        *(set(json.loads(line)) for line in logged)
    )


def test_an_absence_is_two_lines(logged):
    """
    One when it begins and one when it ends, however many attempts there were.

    Before them, a server that starts without Redis says that it has no lease yet.
    """
    assert [
        "the lease is taken later", "physiology_server ready", "graph started",
        "backend is away", "backend is back", "told to stop", "stopped",
    ] == [json.loads(line)["event"] for line in logged]  # fmt: skip
