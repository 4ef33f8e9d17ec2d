"""
How long tests wait for the harness.

    python benchmarks/testing_harness.py            a table
    python benchmarks/testing_harness.py --json     one flat JSON object

Wall-clock times of whole processes, each with the import of `vitalrig.testing`; the median of a few
rounds, on a machine that does nothing else. `redis_ready_s`, `server_ready_s`, `rig_ready_s`: from
the start of the interpreter until an envelope has come through all parts. `server_cpu_s`,
`rig_cpu_s`: CPU time of all processes from start to end, which the cores share. `rig_stop_s`: until
nothing of the rig is left. `camera_ready_s`: one more camera, until its first envelope.
`collect_ms`: what the plug-in adds to `pytest --collect-only` of an empty suite. `session_s`: a
session of ten minutes with an apnea, made without a server.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "libs")]

from benchmarks.support.figures import show

LIMITS = {
    "server_ready_s": ("at most", 2.0),
    "rig_ready_s": ("at most", 8.0),
    "session_s": ("at most", 1.0),
    "collect_ms": ("at most", 20.0),
}
START = """
import time
from vitalrig.testing import Rig
rig = Rig.start_{parts}()
rig.wait_ready(300)
print(time.time())
{more}
stopped = time.time()
rig.stop()
print(time.time() - stopped)
"""
CAMERA = """
began = time.time()
prefix = rig.take_prefix()
rig.spawn("physiology_server", "camera", f"--redis_key_prefix={prefix}", "--source=synthetic",
          "--autostart", "--streaming_backend=redis", "--port=0", "--frame_fps=0")
with rig.address.client() as client:
    while not client.exists(f"{prefix}:envelopes"):
        time.sleep(0.01)
print(time.time() - began)
"""
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "libs")}


def started(parts: str, more: str = "") -> list[float]:
    """Seconds until it is ready, what *more* prints, seconds until it has ended, CPU seconds."""
    began, cpu_s = time.time(), children_cpu_s()
    said = subprocess.run(
        [sys.executable, "-c", START.format(parts=parts, more=more)],
        env=ENVIRONMENT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return [float(said[0]) - began, *map(float, said[1:]), children_cpu_s() - cpu_s]


def children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def collected(folder: str, *options: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider",
         *options, folder],
        env=ENVIRONMENT | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    return time.perf_counter() - began


def plugin_ms(rounds: int) -> float:
    """Pairs of runs with and without, in turn; the median of their differences."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = [
            collected(folder, "-p", "vitalrig.testing.plugin") - collected(folder)
            for _ in range(rounds)
        ]
    return statistics.median(pairs) * 1_000


def session_s() -> float:
    from vitalrig.testing.session_maker import make_session

    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        make_session(Path(folder), "apnea", seconds=600)
        return time.perf_counter() - began


def measure(rounds: int) -> dict[str, float]:
    redis = [started("redis") for _ in range(rounds)]
    server = [started("server") for _ in range(rounds)]
    whole = [started("rig") for _ in range(rounds)]
    rig = [started("rig", CAMERA) for _ in range(rounds)]
    return {
        "redis_ready_s": statistics.median(each[0] for each in redis),
        "server_ready_s": statistics.median(each[0] for each in server),
        "rig_ready_s": statistics.median(each[0] for each in whole + rig),
        "server_cpu_s": statistics.median(each[-1] for each in server),
        "rig_cpu_s": statistics.median(each[-1] for each in whole),
        "camera_ready_s": statistics.median(each[1] for each in rig),
        "rig_stop_s": statistics.median(each[2] for each in rig),
        "session_s": statistics.median(session_s() for _ in range(rounds)),
        "collect_ms": plugin_ms(4 * rounds),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    show(measure(arguments.rounds), LIMITS, as_json=arguments.json)
