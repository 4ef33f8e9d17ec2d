"""
The exporter's scrapes, over HTTP, as Prometheus makes them.

    python benchmarks/exporter.py            a table
    python benchmarks/exporter.py --json     one flat JSON object

Exporters run as processes of their own beside a Redis of their own; a scrape is timed from the
connection to the last byte. `scrape_*_ms_100_cameras`: 100 cameras of 12 series each and their 100
servers, with what Prometheus accepts (OpenMetrics, gzip). `plain_*`: `support/plain_exporter.py`
on the same Redis, scrapes taking turns. `scrape_growth_8h`: medians of turns, a session of eight
hours over one of a minute, minus 1; the worse of `_redis` (the collector's report) and `_snapshot`
(another collector's file). `*_while_reading`: while a file of eight hours is replaced and read
again without a pause.
"""

import argparse
import contextlib
import http.client
import os
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "libs")]

from benchmarks.support.feed import envelopes
from benchmarks.support.figures import show
from benchmarks.support.rigs import report, view_after, write_session
from tests.support.eventually import eventually
from tests.support.own_process import OwnProcess
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from vitalrig.installation import command_of
from vitalrig.testing.service_flags import as_flags

LIMITS = {
    "scrape_p99_ms_100_cameras": ("under", 50.0),
    "scrape_growth_8h": ("at most", 0.1),
}
OPENMETRICS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
ACCEPTED = {"Accept": OPENMETRICS, "Accept-Encoding": "gzip"}
PLAIN_TEXT = {"Accept": "text/plain;version=0.0.4"}
PLAIN = ROOT / "benchmarks" / "support" / "plain_exporter.py"
CAMERAS = 100
A_DAY_S = 86_400
EIGHT_HOURS_S = 8 * 3_600


class Exporter(OwnProcess):
    """A process that is scraped."""

    def __init__(self, command: list[str], port: int, folder: Path) -> None:
        super().__init__(f"exporter-{port}", command, folder)
        self.port = port

    def scrape_ms(self, headers: dict[str, str]) -> tuple[float, bytes]:
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/metrics", headers=headers)
        body = connection.getresponse().read()
        connection.close()
        return (time.perf_counter() - began) * 1_000, body

    def answers(self) -> bool:
        try:
            return bool(self.scrape_ms(ACCEPTED)[1])
        except OSError:
            return False

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def ours(redis_port: int, folder: Path, **keys: object) -> Iterator[Exporter]:
    port = free_port()
    keys_given = {
        "config": os.devnull, "redis_port": redis_port, "port": port, "log_level": "error",
        "sessions_folder": folder, "health_file": folder / f"health-{port}",
        "stale_after_s": A_DAY_S, "breath_stale_after_s": A_DAY_S,
        "snapshot_stale_after_s": A_DAY_S, **keys,
    }  # fmt: skip
    yield from running(Exporter(command_of("exporter", *as_flags(keys_given)), port, folder))


@contextlib.contextmanager
def plain(redis_port: int, folder: Path) -> Iterator[Exporter]:
    port = free_port()
    command = [sys.executable, str(PLAIN), str(redis_port), str(port)]
    yield from running(Exporter(command, port, folder))


def running(exporter: Exporter) -> Iterator[Exporter]:
    exporter.start()
    try:
        eventually(exporter.answers)
        yield exporter
    finally:
        exporter.stop()


@contextlib.contextmanager
def own_redis(folder: Path) -> Iterator[RedisServer]:
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[98]


def cpu_ms(exporter: Exporter, scrapes: int) -> float:
    before = exporter.cpu_s()
    for _ in range(scrapes):
        exporter.scrape_ms(ACCEPTED)
    return (exporter.cpu_s() - before) * 1_000 / scrapes


def many_cameras(folder: Path, scrapes: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    with own_redis(folder / "many") as redis, redis.client() as client:
        with ours(redis.port, folder) as exporter:
            report(client, ["camera-000"])
            for _ in range(20):
                exporter.scrape_ms(ACCEPTED)
            figures["rss_mb_1_camera"] = exporter.rss_mb()
        with ours(redis.port, folder) as exporter, plain(redis.port, folder) as reference:
            names = [f"camera-{number:03}" for number in range(CAMERAS)]
            report(client, names, listeners=2)
            for each in (exporter, reference):
                eventually(lambda each=each: names[-1].encode() in each.scrape_ms(PLAIN_TEXT)[1])
            times: dict[str, list[float]] = {"scrape": [], "text": [], "plain": []}
            for _ in range(scrapes):
                times["scrape"].append(exporter.scrape_ms(ACCEPTED)[0])
                times["text"].append(exporter.scrape_ms(PLAIN_TEXT)[0])
                times["plain"].append(reference.scrape_ms(ACCEPTED)[0])
            figures |= {
                "scrape_p50_ms_100_cameras": statistics.median(times["scrape"]),
                "scrape_p99_ms_100_cameras": p99(times["scrape"]),
                "text_p50_ms_100_cameras": statistics.median(times["text"]),
                "text_p99_ms_100_cameras": p99(times["text"]),
                "plain_p50_ms_100_cameras": statistics.median(times["plain"]),
                "plain_p99_ms_100_cameras": p99(times["plain"]),
                "speedup_over_plain": statistics.median(
                    theirs / own
                    for own, theirs in zip(times["scrape"], times["plain"], strict=True)
                ),
                "cpu_ms_100_cameras": cpu_ms(exporter, scrapes),
                "plain_cpu_ms_100_cameras": cpu_ms(reference, scrapes),
                "rss_mb_100_cameras": exporter.rss_mb(),
                "plain_rss_mb_100_cameras": reference.rss_mb(),
                "samples_100_cameras": samples(exporter),
                "plain_samples_100_cameras": samples(reference),
            }
    return figures


def a_thousand_cameras(folder: Path, scrapes: int) -> dict[str, float]:
    """Scrapes and memory with a thousand cameras of 12 series each and their servers."""
    with (
        own_redis(folder / "thousand") as redis,
        redis.client() as client,
        ours(redis.port, folder, max_cameras=1_000) as exporter,
    ):
        names = [f"camera-{number:04}" for number in range(1_000)]
        report(client, names)
        eventually(lambda: names[-1].encode() in exporter.scrape_ms(PLAIN_TEXT)[1], 60)
        times = [exporter.scrape_ms(ACCEPTED)[0] for _ in range(scrapes)]
        return {
            "scrape_p50_ms_1000_cameras": statistics.median(times),
            "scrape_p99_ms_1000_cameras": p99(times),
            "rss_mb_1000_cameras": exporter.rss_mb(),
            "samples_1000_cameras": samples(exporter),
        }


def samples(exporter: Exporter) -> int:
    body = zlib.decompress(exporter.scrape_ms(ACCEPTED)[1], 31)
    return sum(not line.startswith(b"#") for line in body.splitlines())


def growth_of(short: Exporter, long: Exporter, scrapes: int) -> float:
    """How much longer scrapes of *long* take, by scrapes that take turns."""
    ratios = []
    for turn in range(scrapes):
        pair = (short, long) if turn % 2 else (long, short)
        took = {exporter: exporter.scrape_ms(ACCEPTED)[0] for exporter in pair}
        ratios.append(took[long] / took[short])
    return statistics.median(ratios) - 1


def growth(folder: Path, scrapes: int) -> dict[str, float]:
    minute = list(envelopes(60))
    with (
        own_redis(folder / "short") as one,
        own_redis(folder / "long") as other,
        ours(one.port, folder) as short,
        ours(other.port, folder) as long,
    ):
        for redis, minutes in ((one, 1), (other, EIGHT_HOURS_S // 60)):
            with redis.client() as client:
                report(client, ["physiology"], view_after(minutes, minute))
        by_redis = growth_of(short, long, scrapes)
    with own_redis(folder / "none") as redis:
        by_snapshot = snapshots(folder, redis.port, scrapes)
    return {
        "scrape_growth_8h": max(by_redis, by_snapshot["scrape_growth_8h_snapshot"]),
        "scrape_growth_8h_redis": by_redis,
        **by_snapshot,
    }


def snapshots(folder: Path, redis_port: int, scrapes: int) -> dict[str, float]:
    files = {name: folder / f"metrics_{name}_snapshot_temp.json" for name in ("short", "long")}
    write_session(files["short"], 60)
    write_session(files["long"], EIGHT_HOURS_S)
    huge = files["long"].stat().st_size
    with (
        ours(redis_port, folder, snapshot_files=files["short"]) as short,
        ours(redis_port, folder, snapshot_files=files["long"]) as long,
    ):
        for exporter in (short, long):
            eventually(lambda exporter=exporter: figure(exporter, "snapshot_size_bytes"), 60)
        figures = {
            "scrape_growth_8h_snapshot": growth_of(short, long, scrapes),
            "snapshot_mb_8h": huge / 1e6,
            "snapshot_read_s_8h": figure(long, "snapshot_read_duration_seconds"),
            "rss_mb_8h_snapshot": long.rss_mb(),
        }
        times = []
        for turn in range(scrapes):
            if turn % 20 == 0:  # replaced while the last is still being read
                os.utime(files["long"])
            times.append(long.scrape_ms(ACCEPTED)[0])
            time.sleep(0.02)
        figures |= {
            "scrape_p99_ms_while_reading": p99(times),
            "rss_mb_after_reading": long.rss_mb(),
        }
    return figures


def figure(exporter: Exporter, name: str) -> float:
    for line in exporter.scrape_ms(PLAIN_TEXT)[1].decode().splitlines():
        if line.startswith(f"vitalrig_{name}{{"):
            return float(line.rpartition(" ")[2])
    return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--json", action="store_true", help="print one flat JSON object")
    parser.add_argument("--scrapes", type=int, default=300, help="scrapes of each kind")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures: dict[str, Any] = many_cameras(Path(name), args.scrapes)
        figures |= growth(Path(name), args.scrapes)
    show(figures, LIMITS, as_json=args.json)


if __name__ == "__main__":
    main()
