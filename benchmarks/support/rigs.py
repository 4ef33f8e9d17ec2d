"""What exporters find: reports, and sessions of any length as another collector's file."""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from services.collector.live_view import LiveView
from services.collector.transport.base import ReceivedEnvelope
from tests.support.eventually import eventually
from vitalrig import redis_keys
from vitalrig.clock import SystemClock, moment

SERIES = (
    "core_metrics/pulse.rate", "core_metrics/breathing.rate", "core_metrics/pulse.trace",
    "core_metrics/blood_pressure.phasic", "core_metrics/breathing.upper_trace",
    "core_metrics/breathing.lower_trace", "edge_metrics/eda.trace",
    "edge_metrics/micromotion.glutes", "edge_metrics/micromotion.knees",
    "edge_metrics/breathing.upper_trace", "edge_metrics/breathing.lower_trace",
    "edge_metrics/face.blinking",
)  # fmt: skip
RATES_HZ = {"core_metrics/pulse.rate": 1, "core_metrics/breathing.rate": 1,
            "edge_metrics/eda.trace": 5, "edge_metrics/face.blinking": 1}  # fmt: skip
FRAME_RATE_HZ = 30
BLOCK = 997


def now_us() -> int:
    return time.time_ns() // 1_000


def a_camera(series: dict[str, Any] | None = None, envelopes: dict[str, int] | None = None):
    stamp_us = now_us()
    sample = {"timestamp_us": float(stamp_us), "age_s": 0.0, "stable": True,
              "confidence": 0.9, "samples": 54_321}  # fmt: skip
    return {
        "updated_us": stamp_us,
        "status": "OK",
        "series": series
        or {name: {**sample, "value": 0.1234567 * n} for n, name in enumerate(SERIES)},
        "envelopes": envelopes or {"core_metrics": 9_000, "edge_metrics": 54_321},
        "rejected": {},
        "recording": {
            "active": True, "paused": "", "records": 63_321, "size_bytes": 40_000_000,
            "write_failures": 0, "last_sync_us": stamp_us,
        },
        "counters": {"missing": 0, "gaps": 0, "duplicates": 0, "resets": 0},
    }  # fmt: skip


def a_server(camera: str) -> dict[str, Any]:
    step = {
        "count": 54_321, "busy_s": 123.456, "size_bytes": 0, "global_rate_hz": 29.97,
        "window_rate_hz": 30.01, "instant_rate_hz": 30.2, "last_beat_us": now_us(),
        "since_beat_s": 0.0,
    }  # fmt: skip
    counters = dict.fromkeys(
        (
            "backend_disconnects", "backend_away_seconds", "envelopes_lost", "envelopes_refused",
            "frames_dropped", "clock_jumps", "publish_latency_seconds",
        ),
        1,
    )  # fmt: skip
    return {
        "service": "physiology_server", "instance": camera, "version": "1.2.3",
        "updated_us": now_us(), "facts": {"source": "synthetic", "camera": camera},
        "steps": {"frames_in": step, "envelopes_published": step}, "counters": counters,
    }  # fmt: skip


def report(
    client, cameras: Iterable[str], view: dict[str, Any] | None = None, listeners: int = 1
) -> None:
    """Let cameras and servers report once, to so many exporters that are there."""
    for camera in cameras:
        text = json.dumps(view or a_camera())
        eventually(
            lambda: client.publish(f"{redis_keys.CAMERAS}{camera}", text) >= listeners  # noqa: B023
        )
        server = json.dumps(a_server(camera))
        client.publish(f"{redis_keys.HEARTBEATS}physiology_server@{camera}", server)


def view_after(minutes: int, minute: list[tuple[str, bytes]]) -> dict[str, Any]:
    """What the collector's live view says after taking the same minute of envelopes so often."""
    view = LiveView()
    arrivals = [ReceivedEnvelope("physiology", name.split(":")[1], text) for name, text in minute]
    for _ in range(minutes):
        view.take(arrivals, moment(SystemClock()))
    seen = view.document(moment(SystemClock()))
    newest = {"timestamp_us": now_us(), "age_s": 0.0}
    fresh = {name: sample | newest for name, sample in seen["series"].items()}
    return a_camera(fresh, seen["envelopes"])


def write_session(path: Path, seconds: int) -> int:
    """A session in the vendor's layout that ends now; gives its samples."""
    end_us = now_us()
    meta = {
        "started_at_ms": end_us // 1000 - seconds * 1000, "updated_at_ms": end_us // 1000,
        "duration_seconds": seconds, "session_id": "long", "redis_prefix": "physiology",
        "jsonl_envelopes_written": 35 * seconds, "series_count": len(SERIES),
    }  # fmt: skip
    counts = {name: RATES_HZ.get(name, FRAME_RATE_HZ) * seconds for name in SERIES}
    with path.open("w", encoding="ascii") as file:
        file.write('{"meta":' + json.dumps(meta) + ',"series":{')
        for number, channel in enumerate(("core_metrics", "edge_metrics")):
            file.write(f'{"," if number else ""}"physiology:{channel}":{{')
            names = [name for name in SERIES if name.startswith(channel)]
            for place, name in enumerate(names):
                file.write(f'{"," if place else ""}"{name.split("/")[1]}":')
                _write_series(file, counts[name], seconds, end_us)
            file.write("}")
        file.write("}}")
    return sum(counts.values())


def _write_series(file, count: int, seconds: int, end_us: int) -> None:
    step_us = seconds * 1_000_000 / count
    for column in ("timestamps", "values", "relative_us"):
        file.write(f'{"{" if column == "timestamps" else ","}"{column}":[')
        made = _values(count) if column == "values" else _times(count, step_us, end_us)
        for text in made:
            file.write(text)
        file.write("]")
    file.write("}")


def _values(count: int) -> Iterator[str]:
    block = ",".join(f"{(n * 7919 % BLOCK) / BLOCK:.8f}" for n in range(BLOCK))
    whole, rest = divmod(count, BLOCK)
    for number in range(whole):
        yield ("," if number else "") + block
    last = ",".join(block.split(",")[:rest])
    yield ("," if whole and rest else "") + last


def _times(count: int, step_us: float, end_us: int) -> Iterator[str]:
    for start in range(0, count, 10_000):
        stop = min(start + 10_000, count)
        stamps = (end_us - round((count - 1 - n) * step_us) for n in range(start, stop))
        yield ("," if start else "") + ",".join(f"{stamp}.0" for stamp in stamps)
