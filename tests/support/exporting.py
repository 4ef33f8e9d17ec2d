"""Reports as the collector and the server make them, and the exporter's page of them."""

import json

from services.exporter.report_board import ReportBoard
from services.exporter.request_counter import RequestCounter
from services.exporter.scrape_page import ScrapePage
from services.exporter.sources.cameras import CameraSource
from services.exporter.sources.exporter import ExporterSource
from services.exporter.sources.heartbeats import HeartbeatSource
from vitalrig import redis_keys
from vitalrig.metrics.exposition import render
from vitalrig.metrics.latency import LIMITS_S
from vitalrig.signal_state import Limits

LIMITS = Limits(report_s=10, sample_s=10, slow_sample_s=15)


def a_sample(clock, value, **more):
    return {
        "timestamp_us": clock.wall_us(),
        "value": value,
        "stable": True,
        "confidence": None,
        "samples": 40,
        **more,
    }


def a_camera(clock, **more):
    """What a collector says now; each sample has the age that its stamp has by then."""
    document = {
        "prefix": "physiology",
        "updated_us": clock.wall_us(),
        "status": "OK",
        "series": {
            "core_metrics/pulse.rate": a_sample(clock, 71.5, confidence=0.9),
            "core_metrics/breathing.rate": a_sample(clock, 14.5, confidence=0.8, samples=20),
            "core_metrics/blood_pressure.phasic": a_sample(clock, 0.05),
            "core_metrics/pulse.trace": a_sample(clock, 0.25),
            "edge_metrics/eda.trace": a_sample(clock, 0.5),
            "edge_metrics/micromotion.glutes": a_sample(clock, 0.125),
            "edge_metrics/micromotion.knees": a_sample(clock, 0.375),
        },
        "envelopes": {"core_metrics": 10, "edge_metrics": 60},
        "rejected": {"not_json": 1},
        "recording": {
            "active": True,
            "paused": "",
            "records": 70,
            "size_bytes": 35_000,
            "write_failures": 0,
            "last_sync_us": clock.wall_us(),
            "lag_s": 0.25,
        },
        "conflict": [],
        "counters": {
            "missing": 2,
            "gaps": 1,
            "duplicates": 0,
            "foreign": 0,
            "resets": 0,
            "off_clock": 3,
        },
        "samples_rejected": {"duplicate": 4, "unusable": 0},
        "latency": {"limits_s": list(LIMITS_S), "counts": [0, 60, 9, *[0] * 8, 1], "sum_s": 72.5},
    } | more
    for sample in document["series"].values():
        sample.setdefault("age_s", _since_s(clock, sample["timestamp_us"]))
    return document


def _since_s(clock, stamp_us):
    return abs(clock.wall_us() - stamp_us) / 1_000_000


def a_step(clock, **more):
    return {
        "count": 300,
        "busy_s": 0.5,
        "size_bytes": 0,
        "global_rate_hz": 29.9,
        "window_rate_hz": 30.0,
        "instant_rate_hz": 30.1,
        "last_beat_us": clock.wall_us(),
    } | more


def a_report(clock, **more):
    """What a service says now; since each step's last beat there is what its stamp says."""
    document = {
        "service": "physiology_server",
        "instance": "physiology",
        "version": "1.2.3",
        "updated_us": clock.wall_us(),
        "facts": {
            "source": "synthetic",
            "camera": "physiology",
            "frame_rate_hz": 30.0,
            "envelopes_waiting": 2,
            "streams": {"physiology": {"held_s": 1_680.5, "size_bytes": 47_000_000}},
        },
        "steps": {"frames_in": a_step(clock)},
        "counters": {
            "backend_disconnects": 1,
            "backend_away_seconds": 10.5,
            "camera_away_seconds": 0,
            "camera_disconnects": 0,
            "camera_stalls": 0,
            "clock_jumps": 0,
            "envelopes_lost": 0,
            "envelopes_refused": 0,
            "events_lost": 0,
            "events_sent": 7,
            "events_spooled": 0,
            "frames_dropped": 3,
            "frames_dropped_too_late": 3,
            "pictures_skipped": 2,
            "publish_latency_seconds": 0.75,
            "stream_made_room": 0,
        },
    } | more
    steps = document["steps"] if isinstance(document["steps"], dict) else {}
    for step in steps.values():
        if isinstance(step, dict) and isinstance(step.get("last_beat_us"), int):
            step.setdefault("since_beat_s", _since_s(clock, step["last_beat_us"]))
    return document


def a_telemetry(clock):
    """What the telemetry service says of itself."""
    return {
        "service": "telemetry",
        "instance": "",
        "version": "1.2.3",
        "updated_us": clock.wall_us(),
        "facts": {"log_failing": 0, "log_behind_s": 1.5},
        "steps": {"events_taken": a_step(clock)},
        "counters": {
            "events_refused": 0,
            "events_missed": 0,
            "log_events": 120,
            "log_refused": 0,
            "log_torn_ends": 1,
        },
    }


def a_board(clock, cameras=None, reports=None):
    """What was heard just now."""
    board = ReportBoard(clock)
    board.listening()
    for kind, documents in ((redis_keys.CAMERAS, cameras), (redis_keys.HEARTBEATS, reports)):
        for name, document in (documents or {}).items():
            hear(board, f"{kind}{name}", document)
    return board


def hear(board, channel, document):
    """Let the exporter hear a report; bytes are heard as they are."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    board.hear(channel if isinstance(channel, bytes) else channel.encode(), text)


def text_of(page) -> str:
    return render(page.families(), openmetrics=False).decode()


def a_page(board, clock, *sources, max_cameras=100) -> ScrapePage:
    """The page of what was heard, with some sources more."""
    usual = (
        ExporterSource(RequestCounter(("/metrics",)), "1.2.3"),
        CameraSource(LIMITS),
        *sources,
        HeartbeatSource(LIMITS.report_s),
    )
    return ScrapePage(usual, board, max_cameras, clock)


def page_of(board, clock, *sources) -> str:
    """Its text."""
    return text_of(a_page(board, clock, *sources))


def samples(page: str, name: str) -> dict[str, float]:
    """The samples of one metric on a page, by their labels as written."""
    found = {}
    for line in page.splitlines():
        if line.startswith((f"{name} ", f"{name}{{")):
            series, _, value = line.rpartition(" ")
            found[series.removeprefix(name).strip("{}")] = float(value)
    return found
