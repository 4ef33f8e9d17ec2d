"""Heartbeats of every service: how much work each step of each loop has done."""

from collections.abc import Iterator
from typing import Any

import redis
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from services.exporter.sources.reports import fresh_reports
from vitalrig import keys
from vitalrig.clock import Clock
from vitalrig.version import VERSION

LABELS = ("service", "camera", "step")

COUNTERS = {
    "backend_disconnects": (
        "vitalrig_redis_disconnects",
        "Times that a service lost its connection to Redis.",
    ),
    "backend_away_seconds": (
        "vitalrig_redis_away_seconds",
        "Seconds during which a service could not reach Redis.",
    ),
    "envelopes_lost": (
        "vitalrig_envelopes_lost",
        "Envelopes that were lost because Redis was away for longer than the outbox holds.",
    ),
    "frames_dropped": (
        "vitalrig_frames_dropped",
        "Frames that were left out because processing came too late.",
    ),
    "clock_jumps": (
        "vitalrig_clock_jumps",
        "Times that the wall clock was set while the service ran.",
    ),
}
"""Counters of services' reports that have a metric of their own: name, then help."""


class HeartbeatSource:
    """
    The reports in `vitalrig:heartbeats`.

    Args:
        client: Redis.
        clock: What tells the time.
        stale_after_s: A service that was silent for longer is not shown.
    """

    name = "heartbeats"

    def __init__(self, client: redis.Redis, clock: Clock, stale_after_s: float) -> None:
        self._client = client
        self._clock = clock
        self._stale_after_s = stale_after_s

    def collect(self) -> Iterator[Metric]:
        """
        Yield counters first, the three rates besides.

        Raises:
            Unavailable: If Redis is away.
        """
        reports = [
            document
            for _, document in fresh_reports(
                self._client, keys.HEARTBEATS, self._clock, self._stale_after_s
            )
        ]
        yield from _steps(reports)
        yield from _counters(reports)
        build = InfoMetricFamily(
            "vitalrig_build", "Versions of the services that report.", labels=("service", "camera")
        )
        source = GaugeMetricFamily(
            "vitalrig_source_info",
            "1 for the source that a camera's frames come from; synthetic is made up.",
            labels=("camera", "source"),
        )
        build.add_metric(("exporter", ""), {"version": VERSION})
        for report in reports:
            if report.get("service") != "exporter":
                labels = (report.get("service", ""), report.get("instance", ""))
                build.add_metric(labels, {"version": report.get("version", "")})
            facts = report.get("facts", {})
            if "source" in facts:
                source.add_metric((facts.get("camera", ""), facts["source"]), 1)
        yield build
        yield source


def _steps(reports: list[dict[str, Any]]) -> Iterator[Metric]:
    beats = CounterMetricFamily(
        "vitalrig_pipeline_heartbeats", "Units of work that a step has done.", labels=LABELS
    )
    busy = CounterMetricFamily(
        "vitalrig_pipeline_heartbeat_busy_seconds",
        "Seconds that a step has spent working.",
        labels=LABELS,
    )
    size = CounterMetricFamily(
        "vitalrig_pipeline_heartbeat_work_bytes", "Bytes that a step has moved.", labels=LABELS
    )
    last = GaugeMetricFamily(
        "vitalrig_pipeline_last_heartbeat_timestamp_seconds",
        "When a step last did a unit of work, Unix time.",
        labels=LABELS,
    )
    rates = {
        scope: GaugeMetricFamily(
            f"vitalrig_pipeline_heartbeat_{scope}_rate_hertz",
            f"Throughput of a step {over}; prefer rate() of the counter.",
            labels=LABELS,
        )
        for scope, over in (
            ("global", "since its start"),
            ("window", "over its last 100 units of work"),
            ("instant", "at its last unit of work"),
        )
    }
    for report in reports:
        for step, figures in report.get("steps", {}).items():
            labels = (report.get("service", ""), report.get("instance", ""), step)
            beats.add_metric(labels, figures.get("count", 0))
            busy.add_metric(labels, figures.get("busy_s", 0))
            size.add_metric(labels, figures.get("size_bytes", 0))
            if "last_beat_us" in figures:
                last.add_metric(labels, figures["last_beat_us"] / 1_000_000)
            for scope, family in rates.items():
                if f"{scope}_rate_hz" in figures:
                    family.add_metric(labels, figures[f"{scope}_rate_hz"])
    yield from (beats, busy, size, last, *rates.values())


def _counters(reports: list[dict[str, Any]]) -> Iterator[Metric]:
    for key, (name, text) in COUNTERS.items():
        family = CounterMetricFamily(name, text, labels=("service", "camera"))
        for report in reports:
            if key in report.get("counters", {}):
                labels = (report.get("service", ""), report.get("instance", ""))
                family.add_metric(labels, report["counters"][key])
        yield family
