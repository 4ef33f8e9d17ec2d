"""
The collector as a service: many cameras, real Redis streams, everything on.

    python benchmarks/cameras.py                  a table of all of it
    python benchmarks/cameras.py --json           one flat JSON object
    python benchmarks/cameras.py --only backlog   one part of it

*backlog* is 1,000 cameras that are 1,000 envelopes behind, under the limits of its container
(384 MB, 64 tasks); *deep* is fewer, further behind, for the bound on memory. *catch_up* is 100
cameras ten minutes behind on two cores, which go on publishing. *lossless* finds the most cameras
at 35 envelopes a second each that are recorded on one core without falling behind. Each part reads
every session file afterwards and compares it with what was published: `*_lost` and `*_double`.
*exporter* scrapes the exporter while a thousand cameras report. README.md beside this file says how
each figure is made.
"""

import argparse
import math
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "libs")]

from benchmarks.exporter import a_thousand_cameras
from benchmarks.support.camera_reports import CameraReports
from benchmarks.support.camera_streams import (
    PER_S,
    SharedRecording,
    expected_lines,
    fill,
    go_on,
    jsonl_of,
    stop_all,
)
from benchmarks.support.collector_process import CollectorProcess, collecting
from benchmarks.support.confinement import confined
from benchmarks.support.figures import show
from benchmarks.support.own_redis import own_redis

LIMITS = {
    "backlog_peak_mib": ("at most", 384),
    "backlog_threads": ("at most", 64),
    "backlog_lost": ("exactly", 0),
    "backlog_double": ("exactly", 0),
    "deep_peak_mib": ("at most", 384),
    "catch_up_s": ("at most", 180),
    "catch_up_lost": ("exactly", 0),
    "cameras_lossless": ("at least", 1_000),
    "lag_p99_s_100": ("at most", 2.0),
    "lag_p99_s_1000": ("at most", 2.0),
}
MEMORY_MIB, TASKS = 384, 64
LIVE_S, SETTLE_S = 60.0, 5.0
TEN_MINUTES_S = 600
STEPS = (100, 500, 1_000, 1_250, 1_500, 2_000)
GIVE_UP_S = 500.0
SCRAPES = 200


class Run:
    """One Redis, one collector and the cameras that both are for."""

    def __init__(self, folder: Path, port: int, cameras: int) -> None:
        self.folder = folder
        self.port = port
        self.prefixes = [f"camera{number:04}" for number in range(cameras)]
        self.recording = SharedRecording(round((time.time() - 86_400) * 1_000_000))
        self.count = 0

    def fill(self, count: int) -> None:
        fill(self.port, self.prefixes, self.recording, count)
        self.count = count

    def finish(self, collector: CollectorProcess) -> None:
        """End all sessions, and wait until every file is finished."""
        stop_all(self.port, self.prefixes, self.recording, self.count)
        self.wait(collector, self.all_finished, "sessions finished")

    def all_finished(self) -> bool:
        folders = (jsonl_of(self.folder / "sessions", prefix).parent for prefix in self.prefixes)
        return all(any(folder.glob("*_manifest.json")) and _ended(folder) for folder in folders)

    def wait(self, collector: CollectorProcess, done: Callable[[], bool], what: str) -> float:
        """Wait, and see that the collector lives and is healthy; give how long it took."""
        began_s = time.monotonic()
        while not done():
            collector.check()
            if time.monotonic() - began_s > GIVE_UP_S:
                raise SystemExit(f"gave up after {GIVE_UP_S:.0f} s: {what}")
            time.sleep(0.2)
        return time.monotonic() - began_s

    def compare(self) -> tuple[int, int]:
        """Count envelopes that are not in the files, and those that are there too often."""
        expected = list(expected_lines(self.recording, self.count))
        whole = b"".join(line + b"\n" for line in expected)
        lost = double = 0
        for prefix in self.prefixes:
            path = jsonl_of(self.folder / "sessions", prefix)
            data = path.read_bytes() if path.exists() else b""
            if data != whole:
                lines = data.splitlines()
                lost += len(set(expected) - set(lines))
                double += len(lines) - len(set(lines))
                if not lost + double:
                    raise SystemExit(f"{path}: not as it was published, nor lost nor double")
        return lost, double


def _ended(folder: Path) -> bool:
    return b'"finished"' in next(folder.glob("*_manifest.json")).read_bytes()


@contextmanager
def a_run(cameras: int) -> Iterator[Run]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with own_redis() as rig:
            yield Run(folder, rig.address.port, cameras)


def behind(name: str, cameras: int, count: int) -> dict[str, float]:
    """Cameras that are *count* envelopes behind when the collector starts, within its limits."""
    with a_run(cameras) as run, confined(MEMORY_MIB, TASKS) as limits:
        run.fill(count)
        began_s = time.monotonic()
        with collecting(run.folder, run.port, run.prefixes, confinement=limits) as collector:
            with CameraReports(run.port, run.prefixes) as reports:
                run.wait(collector, lambda: reports.all_below(0.001), f"{cameras} x {count}")
            took_s = time.monotonic() - began_s
            run.finish(collector)
            figures = {
                "s": took_s,
                "us_an_envelope": collector.cpu_s() * 1e6 / (cameras * (count + 1)),
                "peak_mib": collector.peak_bytes() / 2**20,
                "threads": collector.most_threads,
                "unhealthy_s": collector.unhealthy_s,
                "limits_are_real": float(limits.is_real),
            }
            collector.stop()
        figures["lost"], figures["double"] = run.compare()
    return {f"{name}_{key}": value for key, value in figures.items()}


def catch_up(cameras: int, seconds: int) -> dict[str, float]:
    """Cameras that are *seconds* behind and go on publishing, on all cores."""
    with a_run(cameras) as run:
        run.fill(seconds * PER_S)
        with collecting(run.folder, run.port, run.prefixes, cores=None) as collector:
            began_s = time.monotonic()
            late_s = time.time() - run.recording.stamp_s(run.count)
            live = _Live(run, GIVE_UP_S)
            with CameraReports(run.port, run.prefixes, late_s) as reports:
                run.wait(collector, lambda: reports.all_below(1.0), "all caught up")
                took_s = time.monotonic() - began_s
            live.end()
            ages = reports.ages
            run.finish(collector)
            peak = collector.peak_bytes() / 2**20
            collector.stop()
        lost, double = run.compare()
    return {
        "catch_up_s": took_s,
        "catch_up_live_age_p50_s": percentile(ages, 0.5),
        "catch_up_live_age_p99_s": percentile(ages, 0.99),
        "catch_up_peak_mib": peak,
        "catch_up_lost": lost,
        "catch_up_double": double,
    }


class _Live:
    """Publishes in a process of its own until it is told to end."""

    def __init__(self, run: Run, seconds: float) -> None:
        self._run = run
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._publish, args=(seconds,))
        self._thread.start()

    def _publish(self, seconds: float) -> None:
        self._run.count = go_on(
            self._run.port, self._run.prefixes, self._run.recording, self._run.count, seconds,
            self._ended,
        )  # fmt: skip

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def at_rate(cameras: int, seconds: float) -> dict[str, float]:
    """So many cameras, live, on one core."""
    with a_run(cameras) as run:
        run.fill(1)
        with collecting(run.folder, run.port, run.prefixes) as collector:
            run.wait(
                collector,
                lambda: len(list((run.folder / "sessions").glob("*/*.jsonl"))) == cameras,
                "sessions begun",
            )
            idle = collector.peak_bytes()
            live = _Live(run, seconds + SETTLE_S)
            time.sleep(SETTLE_S)
            with CameraReports(run.port, run.prefixes) as reports:
                cpu_s, began_s = collector.cpu_s(), time.monotonic()
                time.sleep(seconds)
                cpu_s, wall_s = collector.cpu_s() - cpu_s, time.monotonic() - began_s
            live.end()
            peak = collector.peak_bytes()
            run.finish(collector)
            collector.stop()
        lost, double = run.compare()
    published = cameras * PER_S * wall_s
    return {
        "lag_p99_s": percentile(reports.lags, 0.99),
        "cpu_us_per_envelope": cpu_s * 1e6 / published,
        "core_share": cpu_s / wall_s,
        "kib_per_camera": peak / 1024 / cameras,
        "idle_kib_per_camera": idle / 1024 / cameras,
        "published_share": run.count / (1 + (seconds + SETTLE_S) * PER_S),
        "lost": lost,
        "double": double,
    }


def lossless(seconds: float) -> dict[str, float]:
    """The most cameras on one core without loss, none of them two seconds behind."""
    figures: dict[str, float] = {"cameras_lossless": 0}
    for cameras in STEPS:
        found = at_rate(cameras, seconds)
        if cameras in (100, 1_000):
            figures |= {f"{key}_{cameras}": value for key, value in found.items()}
        if (
            found["lost"]
            or found["double"]
            or found["lag_p99_s"] > 2
            or found["published_share"] < 0.98
        ):
            break
        figures["cameras_lossless"] = cameras
    return figures


def exporter() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        return a_thousand_cameras(Path(name), SCRAPES)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else math.nan


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=("backlog", "deep", "catch_up", "lossless", "exporter"))
    parser.add_argument("--cameras", type=int, default=1_000, help="cameras of backlog")
    parser.add_argument(
        "--seconds", type=float, default=LIVE_S, help="how long each step of lossless takes"
    )
    given = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    parts = {
        "backlog": lambda: behind("backlog", given.cameras, 1_000),
        "deep": lambda: behind("deep", 100, 10_000),
        "catch_up": lambda: catch_up(100, TEN_MINUTES_S),
        "lossless": lambda: lossless(given.seconds),
        "exporter": exporter,
    }
    figures: dict[str, float] = {}
    for name, part in parts.items():
        if given.only in (None, name):
            print(f"{name} ...", file=sys.stderr, flush=True)
            figures |= part()
    show(figures, LIMITS, as_json=given.json)


if __name__ == "__main__":
    main()
