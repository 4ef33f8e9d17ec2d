"""Sessions to work on: a recorded one, and ones made up for a test."""

import json
import shutil
from pathlib import Path

import numpy as np

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from vitalrig.sessions.reading.series import RecordedSeries, RecordedSession, Samples
from vitalrig.sessions.store.session_files import SessionFiles

GOLDEN = Path(__file__).parents[1] / "golden" / "session"
"""The first five seconds of a session of the rig, with the stop of the recording moved there."""

START_US = 1_760_000_000_000_000
CORE = "physiology:core_metrics"
EDGE = "physiology:edge_metrics"


def golden_in(folder: Path) -> SessionFiles:
    """A copy of the golden session."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in GOLDEN.iterdir():
        shutil.copy2(path, folder)
    return SessionFiles(
        "metrics_golden",
        folder,
        jsonl=folder / "metrics_golden.jsonl",
        summary=folder / "metrics_golden.json",
        manifest=folder / "metrics_golden_manifest.json",
    )


def samples(timestamps_us, values, relative_us=None) -> Samples:
    times = np.array(timestamps_us, dtype=np.float64)
    relative = times if relative_us is None else np.array(relative_us, dtype=np.float64)
    return Samples(times, np.array(values, dtype=np.float64), relative)


def every(interval_us: float, count: int, start_us: int = START_US):
    """Regular times, on whole microseconds."""
    return np.rint(start_us + np.arange(count) * interval_us)


def a_session(
    series: dict[tuple[str, str], Samples], *, source: str = "camera", jsonl: Path | None = None
) -> RecordedSession:
    """A session in memory."""
    folder = jsonl.parent if jsonl else Path()
    meta = {
        "session_id": "made",
        "started_at_ms": START_US // 1000,
        "duration_seconds": 60.0,
        "total_samples": sum(map(len, series.values())),
    }
    return RecordedSession(
        SessionFiles("metrics_made", folder, jsonl=jsonl),
        meta,
        tuple(
            RecordedSeries(channel, name, lambda samples=samples: samples)
            for (channel, name), samples in series.items()
        ),
        source,
        "memory",
    )


def an_envelope(kind: str, at_us: int, payload: dict) -> bytes:
    document = {"type": kind, "timestamp": at_us, "payload": payload}
    return json.dumps(document, separators=(",", ":")).encode()


def a_trace(at_us: int, value: float) -> dict:
    """An edge payload with one sample of breathing."""
    sample = {"time": 0.0, "value": value, "stable": True, "timestamp": str(at_us)}
    return {"breathing": {"upper_trace": [sample]}}


def recorded(folder: Path, session_id: str = "made", count: int = 30) -> SessionFiles:
    """A session that a collector wrote: start, *count* edge envelopes, stop."""
    folder.mkdir(parents=True, exist_ok=True)
    collector = MetricsCollector(
        MetricsCollectorConfig(
            output_jsonl_path=folder / "metrics.jsonl", output_json_path=folder / "metrics.json"
        )
    )
    collector.start()
    on = {"recording": True, "session_id": session_id}
    collector.process_envelope(an_envelope("recording_state", START_US, on))
    at_us = START_US
    for number in range(count):
        at_us = START_US + number * 33_333
        collector.process_envelope(an_envelope("edge_metrics", at_us, a_trace(at_us, number / 7)))
    collector.process_envelope(an_envelope("recording_state", at_us, {"recording": False}))
    collector.stop()
    return next(files for files in _grouped(folder) if files.name == session_id)


def _grouped(folder: Path) -> list[SessionFiles]:
    from vitalrig.sessions.store.catalogue import find

    return find(folder)
