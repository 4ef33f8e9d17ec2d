"""
A plain collector, as one writes it from the vendor's guide: standard library, lists, json.

It is what the collector's benchmark compares with. Its parts are those that the guide's class page
lists: a walk that extracts measurement lists, the coercion of stamps and values, a store for each
sample that keeps time rising through resets, wraps and duplicates, a line in the JSONL for each
envelope, and the whole session dumped for a snapshot every 30 seconds and for the summary.
"""

import json
import time
from pathlib import Path

RESET_US = 1_000_000.0
WRAP = 2.0**32


class PlainResp:
    """Reads arrays of bulk strings, integers and simple strings from a file-like socket."""

    def __init__(self, sock):
        self._file = sock.makefile("rb")

    def read(self):
        line = self._file.readline()
        if not line:
            raise ConnectionError("closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"$":
            data = self._file.read(int(rest))
            self._file.read(2)
            return data
        return int(rest) if kind == b":" else rest


class PlainCollector:
    """Collects one session."""

    def __init__(self, folder: Path, prefix: str = "physiology") -> None:
        self._jsonl = (folder / "metrics_reference.jsonl").open("w")
        self._summary = folder / "metrics_reference.json"
        self._snapshot = folder / "metrics_reference_snapshot_temp.json"
        self._prefix = prefix
        self._started = time.time()
        self._count = 0
        self._state: dict = {}
        self.series: dict = {}

    def process_envelope(self, text: str) -> None:
        envelope = json.loads(text)
        self._jsonl.write(text + "\n")
        self._jsonl.flush()
        self._count += 1
        channel = f"{self._prefix}:{envelope['type']}"
        for name, samples in extract(envelope["payload"]):
            for sample in samples:
                stamp, value = stamp_of(sample), value_of(sample)
                if stamp is None:
                    stamp = float(envelope["timestamp"])
                if value is not None:
                    self._store(channel, name, stamp, value)

    def _store(self, channel: str, name: str, stamp: float, value: float) -> None:
        state = self._state.setdefault(
            (channel, name), {"last": None, "last_relative": None, "offset": 0.0}
        )
        relative = stamp
        if state["last_relative"] is not None and stamp < state["last_relative"] - RESET_US:
            if state["last_relative"] < WRAP and state["last_relative"] - stamp > WRAP / 2:
                state["offset"] += WRAP
            else:
                state["offset"] = state["last"] - stamp + 1.0
        stamp += state["offset"]
        if state["last"] is not None and stamp <= state["last"]:
            return
        state["last"], state["last_relative"] = stamp, relative
        series = self.series.setdefault(channel, {}).setdefault(
            name, {"timestamps": [], "values": [], "relative_us": []}
        )
        series["timestamps"].append(stamp)
        series["values"].append(value)
        series["relative_us"].append(relative)

    def snapshot(self) -> None:
        self._dump(self._snapshot)

    def stop(self) -> None:
        self._jsonl.close()
        self._dump(self._summary)

    def _dump(self, path: Path) -> None:
        meta = {"started_at_ms": int(self._started * 1000), "jsonl_envelopes_written": self._count}
        with path.open("w") as file:
            json.dump({"meta": meta, "series": self.series}, file)


def extract(node, path=None):
    """Yield each series' name with its samples."""
    path = path or []
    if isinstance(node, dict):
        if path and ("value" in node or "detected" in node):
            yield ".".join(path), [node]
            return
        for key, child in node.items():
            if key != "metadata":
                yield from extract(child, [*path, key])
    elif isinstance(node, list):
        samples = [sample for sample in node if isinstance(sample, dict) and has_time(sample)]
        if samples:
            yield ".".join(path), samples


def has_time(sample) -> bool:
    return "timestamp" in sample or "time" in sample


def stamp_of(sample):
    """Microseconds; None if the sample does not say."""
    try:
        if "timestamp" in sample:
            return float(sample["timestamp"])
        return float(sample["time"]) * 1_000_000.0
    except (KeyError, TypeError, ValueError):
        return None


def value_of(sample):
    """A number; None if there is none."""
    try:
        if "value" in sample:
            return float(sample["value"])
        return float(bool(sample["detected"]))
    except (KeyError, TypeError, ValueError):
        return None
