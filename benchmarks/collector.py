"""
The collector beside a plain one and beside the floor, in one run.

    python benchmarks/collector.py            a table
    python benchmarks/collector.py --json     one flat JSON object

`speedup_*`: envelopes per CPU second over the plain one (`support/reference.py`), for a session
of ten minutes from Redis's bytes to the finished summary, with a snapshot every 30 seconds of it;
medians of alternating rounds. `ingest_speedup_*`: the same without snapshots and summary.
`share_of_floor`: ingest with the extras over parsing RESP and JSON alone with hiredis and orjson.
The rest is ours alone; README.md beside this file says how each figure is made.
"""

import argparse
import multiprocessing
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "libs")]

import hiredis
import orjson

from benchmarks.support.feed import Replayed, envelopes, message
from benchmarks.support.figures import show
from benchmarks.support.own_redis import own_redis
from benchmarks.support.reference import PlainCollector, PlainResp
from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig, RespReader, encode_command
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.wire.codec import standard_library_only

LIMITS = {
    "speedup_extras": ("at least", 4.0),
    "speedup_stdlib": ("at least", 1.5),
    "ingest_speedup_extras": ("aim", 4.0),
    "ingest_speedup_stdlib": ("aim", 1.5),
    "share_of_floor": ("aim", 0.45),
    "bytes_per_sample": ("at most", 32.0),
    "longest_pause_ms_5m": ("at most", 20.0),
}
SNAPSHOT_EVERY_S = 30.0


class Clock:
    """Stands still, so that snapshots are due only when the benchmark says so."""

    now_s = 1_000.0

    @classmethod
    def read(cls) -> float:
        return cls.now_s


def ours(folder: Path, **options) -> MetricsCollector:
    config = MetricsCollectorConfig(
        output_jsonl_path=folder / "metrics.jsonl", output_json_path=folder / "metrics.json"
    )
    options = {"fsync": "never", "clock": Clock.read} | options
    collector = MetricsCollector(config, storage=StorageOptions(**options))
    collector.start()
    collector.set_session_id("benchmark")
    collector.set_recording_state(True)
    return collector


def run_ours(parts: list[bytes], folder: Path, *, whole: bool) -> None:
    collector = ours(folder)
    for part in parts:
        reader = RespReader(Replayed(part))
        try:
            while True:
                collector.process_envelopes([reply[2] for reply in reader.read_many()])
        except ConnectionError:
            if whole:
                Clock.now_s += SNAPSHOT_EVERY_S
                collector.tick()
    assert collector.stats.samples  # nothing that was taken in may wait to be understood
    if whole:
        collector.stop()
    else:
        LEFT.append(collector)


def run_ours_stdlib(parts: list[bytes], folder: Path, *, whole: bool) -> None:
    with standard_library_only():
        run_ours(parts, folder, whole=whole)


def run_reference(parts: list[bytes], folder: Path, *, whole: bool) -> None:
    collector = PlainCollector(folder)
    for part in parts:
        reader = PlainResp(Replayed(part))
        try:
            while True:
                collector.process_envelope(reader.read()[2].decode())
        except ConnectionError:
            if whole:
                collector.snapshot()
    if whole:
        collector.stop()
    else:
        LEFT.append(collector)


def run_floor(parts: list[bytes], _folder: Path, *, whole: bool) -> None:  # noqa: ARG001
    reader = hiredis.Reader()
    for part in parts:
        sock = Replayed(part)
        while chunk := sock.recv(65536):
            reader.feed(chunk)
            while (reply := reader.gets()) is not False:
                orjson.loads(reply[2])


LEFT: list = []
"""Collectors whose end is not part of the measurement."""


def cpu_s(run: Callable[..., None], parts: list[bytes], folder: Path, *, whole: bool) -> float:
    work = Path(tempfile.mkdtemp(dir=folder))
    began = time.process_time()
    run(parts, work, whole=whole)
    took = time.process_time() - began
    while LEFT:
        LEFT.pop().stop()
    shutil.rmtree(work)
    return took


def throughput(folder: Path, rounds: int) -> dict[str, float]:
    made = [message(channel, envelope) for channel, envelope in envelopes(600)]
    size = len(made) // 20  # 30 seconds
    parts = [b"".join(made[at : at + size]) for at in range(0, len(made), size)]
    runs = {
        "reference": run_reference, "stdlib": run_ours_stdlib, "extras": run_ours,
        "floor": run_floor,
    }  # fmt: skip
    took = {(name, whole): [] for name in runs for whole in (True, False)}
    for _ in range(rounds):
        for (name, whole), times in took.items():
            times.append(cpu_s(runs[name], parts, folder, whole=whole))

    def ratio(slow: str, fast: str, *, whole: bool) -> float:
        pairs = zip(took[slow, whole], took[fast, whole], strict=True)
        return statistics.median(a / b for a, b in pairs)

    per_s = {
        f"{'session' if whole else 'ingest'}_envelopes_per_cpu_s_{name}": round(
            len(made) / statistics.median(times)
        )
        for (name, whole), times in took.items()
    }
    return {
        "speedup_extras": ratio("reference", "extras", whole=True),
        "speedup_stdlib": ratio("reference", "stdlib", whole=True),
        "ingest_speedup_extras": ratio("reference", "extras", whole=False),
        "ingest_speedup_stdlib": ratio("reference", "stdlib", whole=False),
        "share_of_floor": ratio("floor", "extras", whole=False),
        **per_s,
    }


def memory(folder: Path) -> dict[str, float]:
    """Bytes of memory per sample after an hour, spilled and in memory; and the reference's."""
    made = [envelope for _, envelope in envelopes(1800)]
    figures = {}
    for name, spill in (("bytes_per_sample", False), ("bytes_per_sample_spilled", True)):
        work = Path(tempfile.mkdtemp(dir=folder))
        tracemalloc.start()
        collector = ours(work, spill=spill)
        before = tracemalloc.get_traced_memory()[0]
        for at in range(0, len(made), 16):
            collector.process_envelopes(made[at : at + 16])
        samples = collector.stats.samples
        figures[name] = (tracemalloc.get_traced_memory()[0] - before) / samples
        tracemalloc.stop()
        collector.stop()
        shutil.rmtree(work)
    work = Path(tempfile.mkdtemp(dir=folder))
    tracemalloc.start()
    reference = PlainCollector(work)
    before = tracemalloc.get_traced_memory()[0]
    for envelope in made:
        reference.process_envelope(envelope.decode())
    kept = sum(len(s["values"]) for c in reference.series.values() for s in c.values())
    figures["bytes_per_sample_reference"] = (tracemalloc.get_traced_memory()[0] - before) / kept
    tracemalloc.stop()
    reference.stop()
    shutil.rmtree(work)
    return figures


def shifted(made: list[bytes], by_us: int) -> list[bytes]:
    """The same envelopes, later: only stamps differ, so that a long session is cheap to make."""
    documents = (orjson.loads(envelope) for envelope in made)
    return [orjson.dumps(_later(document, by_us)) for document in documents]


def _later(node, by_us: int):
    if isinstance(node, list):
        return [_later(item, by_us) for item in node]
    if not isinstance(node, dict):
        return node
    later = {key: _later(item, by_us) for key, item in node.items()}
    if isinstance(later.get("timestamp"), str):
        later["timestamp"] = str(int(later["timestamp"]) + by_us)
    return later


def growth(folder: Path, most: int) -> dict[str, float]:
    """Longest pause of the ingesting thread and its cost of a snapshot, as a session grows."""
    chunk_s = 300
    chunk = [envelope for _, envelope in envelopes(chunk_s)]
    collector = ours(Path(tempfile.mkdtemp(dir=folder)))
    an_hour = None
    figures: dict[str, float] = {}
    points = {1_000_000: "1m", 5_000_000: "5m", 10_000_000: "10m"}
    hours = dict.fromkeys((1, 2, 4, 8))
    turn = 0
    while collector.stats.samples < most:
        part = shifted(chunk, turn * chunk_s * 1_000_000)
        turn += 1
        for at in range(0, len(part), 16):
            collector.process_envelopes(part[at : at + 16])
        if turn * chunk_s == 3600:
            an_hour = collector.stats.samples
        passed_h = turn * chunk_s / 3600
        for hour in [h for h in hours if passed_h >= h]:
            _, cost_ms, snapshot_s = pause(collector, chunk, turn)
            figures[f"snapshot_ingest_cpu_ms_{hour}h"] = cost_ms
            figures[f"snapshot_wall_s_{hour}h"] = snapshot_s
            del hours[hour]
        for samples in [n for n in points if collector.stats.samples >= n]:
            longest_ms, _, _ = pause(collector, chunk, turn)
            figures[f"longest_pause_ms_{points.pop(samples)}"] = longest_ms
    figures["samples_per_hour"] = an_hour or 0
    collector.stop()
    return figures


def pause(collector: MetricsCollector, chunk: list[bytes], turn: int) -> tuple[float, float, float]:
    """Feed while a snapshot is written: the longest call, the call that began it, its length."""
    lines = iter(shifted(chunk, turn * 300 * 1_000_000))
    snapshot = collector.config.output_json_path.with_name("metrics_benchmark_snapshot_temp.json")
    before = snapshot.stat().st_ino
    Clock.now_s += SNAPSHOT_EVERY_S + 1
    began_wall = time.perf_counter()
    began_cpu = time.thread_time()
    assert collector.maybe_write_periodic_snapshot()
    cost_ms = (time.thread_time() - began_cpu) * 1_000
    longest = time.perf_counter() - began_wall
    while snapshot.stat().st_ino == before:
        line = next(lines)
        began = time.perf_counter()
        collector.process_envelope(line)
        longest = max(longest, time.perf_counter() - began)
        time.sleep(0.0005)
    return longest * 1_000, cost_ms, time.perf_counter() - began_wall


def publish(port: int, rate: float, count: int, envelope: bytes) -> None:
    """Publish at an even rate, each envelope with the monotonic time in it."""
    sock = socket.create_connection(("127.0.0.1", port))
    began = time.monotonic()
    burst = max(1, round(rate / 1_000))
    sent = 0
    while sent < count:
        due = began + sent / rate
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        some = min(burst, count - sent)
        stamped = envelope.replace(b'"id":"', b'"id":"%d ' % time.monotonic_ns(), 1)
        sock.sendall(encode_command("PUBLISH", "physiology:core_metrics", stamped) * some)
        sent += some
    answered = 0
    while answered < count:
        answered += sock.recv(65536).count(b"\n")
    sock.close()


def live(folder: Path, port: int, rate: float, seconds: float) -> tuple[int, int, list[float]]:
    """Collect what another process publishes: sent, kept, latencies in ms to the file."""
    envelope = next(e for c, e in envelopes(5) if c.endswith("core_metrics"))
    collector = ours(Path(tempfile.mkdtemp(dir=folder)), fsync="interval", clock=time.monotonic)
    sock = socket.create_connection(("127.0.0.1", port))
    sock.settimeout(0.5)
    sock.sendall(encode_command("SUBSCRIBE", "physiology:core_metrics"))
    reader = RespReader(sock)
    reader.read()
    count = round(rate * seconds)
    publisher = multiprocessing.Process(target=publish, args=(port, rate, count, envelope))
    publisher.start()
    kept, latencies = 0, []
    deadline = time.monotonic() + seconds + 10
    try:
        while kept < count and time.monotonic() < deadline:
            replies = reader.read_many()
            lines = [reply[2] for reply in replies]
            collector.process_envelopes(lines)
            now = time.monotonic_ns()
            kept += len(lines)
            latencies += [(now - _stamp(line)) / 1e6 for line in lines[:1]]
    except ConnectionError:
        pass  # Redis dropped us for being too slow: a loss
    publisher.join()
    sock.close()
    collector.stop()
    return count, kept, latencies


def _stamp(line: bytes) -> int:
    at = line.index(b'"id":"') + 6
    return int(line[at : line.index(b" ", at)])


def with_redis(folder: Path) -> dict[str, float]:
    with own_redis() as rig:
        port = rig.address.port
        _, _, latencies = live(folder, port, 2_000, 10)
        latencies.sort()
        best = 0
        os.sched_setaffinity(0, {0})
        try:
            for rate in (5_000, 10_000, 15_000, 20_000, 30_000, 40_000, 60_000):
                sent, kept, late = live(folder, port, rate, 4)
                if kept < sent or late[-1] > 1_000:
                    break
                best = rate
        finally:
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
    return {
        "latency_p50_ms": latencies[len(latencies) // 2],
        "latency_p99_ms": latencies[int(len(latencies) * 0.99)],
        "max_lossless_per_s": best,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--json", action="store_true", help="print one flat JSON object")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the comparison")
    parser.add_argument("--samples", type=int, default=10_000_000, help="size of the long session")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = throughput(folder, args.rounds)
        figures |= memory(folder)
        figures |= growth(folder, args.samples)
        figures |= with_redis(folder)
    show(figures, LIMITS, as_json=args.json)


if __name__ == "__main__":
    main()
