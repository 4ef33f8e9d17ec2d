"""
The event log over HTTP, beside panoptes-utils 0.5.3.

    python benchmarks/telemetry.py            a table
    python benchmarks/telemetry.py --json     one flat JSON object

Servers are processes of their own, each on a folder of its own, and take turns. `times_*`: events a
second over theirs with one and with eight clients; `p99_of_*`: our 99th percentile over theirs;
`cpu_of_8`: CPU an event over theirs. `always_*`: the same with a sync before each answer, which
theirs never does; `batch_*`: batches of 100 over their single events. The reference is
panoptes-utils where `panoptes-python` is there (`tools/panoptes-python.sh`), else a plain FastAPI
service of the same shape; `reference` says which. `emit_p99_us`: one `Events.emit`. `rss_*`: memory
when idle, and how much more after `--grow` events of 1,000 types. `recover_*`: CPU to open a folder
with a million events, with its checkpoint and without.
"""

import argparse
import contextlib
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "libs")]

from benchmarks.support.figures import show
from benchmarks.support.telemetry_load import Round, play, request
from tests.support import programs
from tests.support.own_process import OwnProcess
from tests.support.ports import free_port
from vitalrig.events import Events
from vitalrig.telemetry import EventRequest, TelemetryClient, TelemetryService
from vitalrig.telemetry.log_checkpoint import CHECKPOINT_FILE

LIMITS = {
    "times_1": ("at least", 5.0),
    "times_8": ("at least", 5.0),
    "p99_of_1": ("at most", 1.0),
    "p99_of_8": ("at most", 1.0),
    "cpu_of_8": ("at most", 1 / 6),
    "always_times_1": ("at least", 2.0),
    "always_times_8": ("at least", 3.0),
    "batch_times": ("at least", 25.0),
    "batch_cpu_of": ("at most", 1 / 30),
    "emit_p99_us": ("at most", 50.0),
    "rss_idle_mb": ("at most", 110.0),
    "rss_grown_mb": ("at most", 30.0),
    "recover_cpu_s_1m": ("at most", 1.0),
    "recover_cpu_s_1m_cold": ("at most", 20.0),
}
PLAIN = ROOT / "benchmarks" / "support" / "plain_telemetry.py"
THEIRS = """
import sys, uvicorn
from panoptes.utils.telemetry import TelemetryService, create_app
uvicorn.run(create_app(TelemetryService(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]),
            log_level="warning", access_log=False)
"""
BATCH = 100
TYPES = 1_000


class Server(OwnProcess):
    """A server that is measured."""

    def __init__(self, name: str, port: int, command: Sequence[str], folder: Path) -> None:
        super().__init__(name, command, folder)
        self.port = port
        self.client = TelemetryClient("127.0.0.1", port, timeout=60)

    def is_there(self) -> bool:
        try:
            return bool(self.client.health())
        except OSError:
            return False

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def ours(folder: Path, fsync: str) -> Server:
    port, site = free_port(), folder / fsync
    command = [sys.executable, "-m", "vitalrig.cli", "telemetry", "run", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--site-dir", str(site), "--fsync", fsync]
    return Server(f"ours-{fsync}", port, command, folder)


def reference(folder: Path) -> tuple[str, Server]:
    port, site = free_port(), str(folder / "reference")
    programs.use_what_was_brought()
    if (python := shutil.which("panoptes-python")) is not None:
        command = [python, "-c", THEIRS, str(port), site]
        return "panoptes-utils 0.5.3", Server("theirs", port, command, folder)
    command = [sys.executable, str(PLAIN), str(port), site]
    return "plain FastAPI", Server("plain", port, command, folder)


def event(number: int) -> dict[str, object]:
    data = {"temperature": 12.5 + number % 7, "wind": number % 40, "sky": "clear"}
    return {"type": f"weather{number % TYPES}", "data": data, "meta": {"station": "roof"}}


def singles(count: int) -> list[bytes]:
    return [request("/event", json.dumps(event(number)).encode()) for number in range(count)]


def batches(count: int) -> list[bytes]:
    return [
        request("/events", json.dumps([event(first + each) for each in range(BATCH)]).encode())
        for first in range(0, count, BATCH)
    ]


def compared(rounds: int, events: int) -> dict[str, float | str]:
    """Our server, with a sync and without, beside the reference, taking turns."""
    measured: dict[str, list[Round]] = {}
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        folder = Path(scratch)
        name, theirs = reference(folder)
        servers = {"ours": ours(folder, "interval"), "always": ours(folder, "always")}
        servers["theirs"] = theirs
        for server in servers.values():
            stack.enter_context(server.until(server.is_there))
            play(server.port, singles(100), 1, [server.pid])
        for _ in range(rounds):
            for clients in (1, 8):
                for who, server in servers.items():
                    found = play(server.port, singles(events), clients, [server.pid])
                    measured.setdefault(f"{who}_{clients}", []).append(found)
            server = servers["ours"]
            found = play(server.port, batches(10 * events), 1, [server.pid], BATCH)
            measured.setdefault("batch_1", []).append(found)

    def ratio(one: str, other: str, what: Callable[[Round], float]) -> float:
        pairs = zip(measured[one], measured[other], strict=True)
        return statistics.median(what(ours) / what(theirs) for ours, theirs in pairs)

    figures: dict[str, float | str] = {"reference": name}
    for clients in (1, 8):
        them = f"theirs_{clients}"
        figures[f"times_{clients}"] = ratio(f"ours_{clients}", them, lambda r: r.events_per_s)
        figures[f"p99_of_{clients}"] = ratio(f"ours_{clients}", them, lambda r: r.p99_ms)
        figures[f"cpu_of_{clients}"] = ratio(f"ours_{clients}", them, lambda r: r.cpu_us)
        figures[f"always_times_{clients}"] = ratio(
            f"always_{clients}", them, lambda r: r.events_per_s
        )
    figures["batch_times"] = ratio("batch_1", "theirs_1", lambda r: r.events_per_s)
    figures["batch_cpu_of"] = ratio("batch_1", "theirs_1", lambda r: r.cpu_us)
    for who, found in measured.items():
        figures[f"{who}_events_per_s"] = statistics.median(each.events_per_s for each in found)
        figures[f"{who}_cpu_us"] = statistics.median(each.cpu_us for each in found)
    return figures


def memory(grow: int) -> dict[str, float]:
    """What our server holds when idle, and after many events."""
    with tempfile.TemporaryDirectory() as scratch:
        server = ours(Path(scratch), "interval")
        with server.until(server.is_there):
            idle_mb = server.rss_mb()
            step = 10_000
            words = batches(step)
            for _ in range(0, grow, step):
                play(server.port, words, 4, [server.pid], BATCH)
            return {"rss_idle_mb": idle_mb, "rss_grown_mb": server.rss_mb() - idle_mb}


def recovery(events: int) -> dict[str, float]:
    """CPU to open a folder, with its checkpoint and without."""
    with tempfile.TemporaryDirectory() as scratch:
        site = Path(scratch) / "site"
        with TelemetryService(site, fsync="never") as service:
            for first in range(0, events, 1_000):
                service.append_events(
                    [EventRequest.model_validate(event(first + each)) for each in range(1_000)]
                )
        with_checkpoint_s = opened_cpu_s(site)
        (site / CHECKPOINT_FILE).unlink()
        return {
            "recover_cpu_s_1m": with_checkpoint_s,
            "recover_cpu_s_1m_cold": opened_cpu_s(site),
        }


def opened_cpu_s(site: Path) -> float:
    began_s = time.process_time()
    service = TelemetryService(site)
    spent_s = time.process_time() - began_s
    service.close()
    return spent_s


class Nowhere:
    """Takes events and forgets them."""

    is_behind = False

    def send(self, events: object) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@contextlib.contextmanager
def emitting() -> Iterator[Events]:
    events = Events("benchmark", Nowhere(), lambda _name, _amount: None)
    events.start()
    try:
        yield events
    finally:
        events.close()


def emit_p99_us(count: int = 20_000) -> float:
    took = []
    with emitting() as events:
        for number in range(count):
            began = time.perf_counter_ns()
            events.emit("mark", {"text": number})
            took.append(time.perf_counter_ns() - began)
    return statistics.quantiles(took, n=100)[98] / 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--grow", type=int, default=1_000_000)
    parser.add_argument("--recover", type=int, default=1_000_000)
    arguments = parser.parse_args()
    figures: dict[str, float | str] = compared(arguments.rounds, arguments.events)
    figures["emit_p99_us"] = emit_p99_us()
    figures |= memory(arguments.grow)
    figures |= recovery(arguments.recover)
    show(figures, LIMITS, as_json=arguments.json)


if __name__ == "__main__":
    main()
