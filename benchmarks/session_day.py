"""
A long session of one camera, from envelopes to files, exports and a plot.

    python benchmarks/session_day.py            a table
    python benchmarks/session_day.py --json     one flat JSON object
    python benchmarks/session_day.py --hours 1  a shorter session

The envelopes are what our server publishes with everything switched on, fed as fast as they are
taken. Each step is a process of its own: `<step>_s` is how long it took by the clock on the wall,
`<step>_peak_mib` the most memory it had, with the interpreter and its libraries.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "libs")]

from benchmarks.support.figures import show
from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig, StorageOptions

NAME = "day"
BATCH = 16
FORMATS = ("csv", "parquet", "edf", "xdf")


def feed(folder: Path, hours: float) -> dict[str, float]:
    """Make the envelopes, a line each."""
    from benchmarks.support.feed import envelopes

    count = 0
    with (folder / "feed").open("wb") as file:
        for _, envelope in envelopes(hours * 3600):
            file.write(envelope + b"\n")
            count += 1
    return {"fed_envelopes": count}


def record(folder: Path, _hours: float) -> dict[str, float]:
    """Record them, with the syncs of a service; snapshots are due by the clock on the wall."""
    collector = recorder(folder)
    with (folder / "feed").open("rb") as file:
        while batch := [line[:-1] for line in islice(file, BATCH)]:
            collector.process_envelopes(batch)
    samples = collector.stats.samples
    collector.set_recording_state(False)
    collector.stop()
    jsonl, summary = (folder / f"metrics_{NAME}{end}" for end in (".jsonl", ".json"))
    return {
        "envelopes": collector.stats.envelopes,
        "samples": samples,
        "jsonl_mib": jsonl.stat().st_size / 2**20,
        "summary_mib": summary.stat().st_size / 2**20,
    }


def recorder(folder: Path) -> MetricsCollector:
    """A collector that records the session."""
    config = MetricsCollectorConfig(
        output_jsonl_path=folder / "metrics.jsonl", output_json_path=folder / "metrics.json"
    )
    collector = MetricsCollector(config, StorageOptions())
    collector.start()
    collector.set_session_id(NAME)
    collector.set_recording_state(True)
    return collector


def verify(folder: Path, _hours: float) -> dict[str, float]:
    """Check every line, every sample and every hash."""
    from vitalrig.sessions.store.catalogue import resolve
    from vitalrig.sessions.verification.verify import verify

    report = verify(resolve(NAME, folder))
    if not (report.is_intact and report.complete):
        raise SystemExit(report.verdict)
    return {"verified_envelopes": report.envelopes, "verified_samples": report.samples}


def exporting(kind: str) -> Callable[[Path, float], dict[str, float]]:
    """A step that exports to one format."""

    def export(folder: Path, _hours: float) -> dict[str, float]:
        from vitalrig.sessions.reading.open import open_session

        path = folder / f"{NAME}.{kind}"
        import_module(f"vitalrig.sessions.exports.export_{kind}").export(
            open_session(NAME, folder), path
        )
        return {f"{kind}_mib": path.stat().st_size / 2**20}

    return export


def plot(folder: Path, _hours: float) -> dict[str, float]:
    """Draw it."""
    from vitalrig.sessions.plotting.plot import save
    from vitalrig.sessions.reading.open import open_session

    save(open_session(NAME, folder), folder / f"{NAME}.png")
    return {}


STEPS: dict[str, Callable[[Path, float], dict[str, float]]] = {
    "feed": feed,
    "record": record,
    "verify": verify,
    **{kind: exporting(kind) for kind in FORMATS},
    "plot": plot,
}


def run_step(step: str, folder: Path, hours: float) -> None:
    """Do one step in this process, and print what it found and took."""
    began_s = time.perf_counter()
    figures = STEPS[step](folder, hours)
    figures[f"{step}_s"] = time.perf_counter() - began_s
    figures[f"{step}_peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


def run_all(folder: Path, hours: float) -> dict[str, float]:
    """Do every step in a process of its own."""
    figures: dict[str, float] = {"hours": hours}
    for step in STEPS:
        command = [
            sys.executable, __file__, f"--step={step}", f"--folder={folder}", f"--hours={hours}",
        ]  # fmt: skip
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        figures |= json.loads(done.stdout)
    figures["record_speed"] = hours * 3600 / figures["record_s"]
    return {name: round(value, 2) for name, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--json", action="store_true", help="print one flat JSON object")
    parser.add_argument("--hours", type=float, default=8.0, help="length of the session")
    parser.add_argument("--folder", type=Path, help="where files are made; kept if it is given")
    parser.add_argument("--step", choices=STEPS, help="do one step only, in this process")
    args = parser.parse_args()
    if args.step:
        run_step(args.step, args.folder, args.hours)
        return
    if args.folder:
        args.folder.mkdir(parents=True, exist_ok=True)
        figures = run_all(args.folder, args.hours)
    else:
        with tempfile.TemporaryDirectory() as name:
            figures = run_all(Path(name), args.hours)
    show(figures, {}, as_json=args.json)


if __name__ == "__main__":
    main()
