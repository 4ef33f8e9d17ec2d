"""Envelopes, collectors and readers of files, each saying only what a test is about."""

import json
from pathlib import Path
from typing import Any

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig, StorageOptions

START_US = 1_759_779_683_578_333
CORE = "physiology:core_metrics"
EDGE = "physiology:edge_metrics"


def sample(at_us: int = START_US, value: float = 0.25, **more: Any) -> dict[str, Any]:
    """A sample the way protobuf writes it."""
    return {"time": 1.5, "value": value, "stable": True, **more, "timestamp": str(at_us)}


def envelope(kind: str, payload: Any, at_us: int = START_US) -> bytes:
    document = {"type": kind, "timestamp": at_us, "payload": payload}
    return json.dumps(document, separators=(",", ":")).encode()


def edge(*stamps_us: int, value: float = 0.25) -> bytes:
    """An edge envelope with one series, ``eda.trace``."""
    samples = [sample(stamp, value) for stamp in stamps_us]
    return envelope("edge_metrics", {"eda": {"trace": samples}}, stamps_us[-1])


def core(*stamps_us: int, **metadata: Any) -> bytes:
    """A core envelope with ``pulse.trace`` and ``pulse.strict``."""
    payload: dict[str, Any] = {
        "pulse": {"trace": [sample(stamp) for stamp in stamps_us], "strict": {"value": 72.5}}
    }
    if metadata:
        payload["metadata"] = metadata
    return envelope("core_metrics", payload, stamps_us[-1])


def recording(on: Any, at_us: int = START_US, **more: Any) -> bytes:
    return envelope("recording_state", {"recording": on, **more}, at_us)


def stream(count: int, start_us: int = START_US) -> list[bytes]:
    """Envelopes in the proportion in which a server sends them: six edge, one core."""
    made: list[bytes] = []
    for frame in range(count):
        at_us = start_us + frame * 33_333
        if frame % 7 == 6:
            made.append(core(*range(at_us - 160_000, at_us, 32_000)))
        else:
            made.append(edge(at_us, value=frame / 8))
    return made


def config(folder: Path | None, **more: Any) -> MetricsCollectorConfig:
    if folder is not None:
        more = {
            "output_jsonl_path": folder / "metrics.jsonl",
            "output_json_path": folder / "metrics.json",
        } | more
    return MetricsCollectorConfig(**more)


def collector(
    folder: Path | None, storage: StorageOptions | None = None, **more: Any
) -> MetricsCollector:
    """A collector that is started."""
    made = MetricsCollector(config(folder, **more), storage)
    made.start()
    return made


def names(folder: Path) -> list[str]:
    """The files in a folder, without hidden ones."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def document(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_bytes())
    return loaded


class ManualClock:
    """Seconds that pass when a test says so."""

    def __init__(self, now_s: float = 1_000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds
