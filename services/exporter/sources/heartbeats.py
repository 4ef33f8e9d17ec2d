"""Heartbeats of every service: how much work each step of each loop has done."""

from collections import Counter

from services.exporter.catalogue.services import BY_REASON, COUNTERS, FRAMES_DROPPED
from services.exporter.families import Families
from services.exporter.judging import is_fresh
from services.exporter.parse import OTHER
from services.exporter.redis_reading import answered
from services.exporter.reports import ServiceReport, Step
from services.exporter.scrape import Admitted, Scrape
from services.exporter.sources.reports import add_outcomes, parsed

MAX_SERVICES = 32
USUAL_INTERVALS = 3.0
"""A step that is silent for more of its usual intervals stands still."""

_US = 1_000_000


class HeartbeatSource:
    """
    The reports in `vitalrig:heartbeats`.

    Args:
        stale_after_s: A service that was silent for longer is not shown.
    """

    name = "heartbeats"

    def __init__(self, stale_after_s: float) -> None:
        self._stale_after_s = stale_after_s

    def collect(self, scrape: Scrape, families: Families) -> None:
        """
        Add counters, and the three rates besides.

        Raises:
            Unavailable: If Redis is away.
        """
        outcomes: Counter[str] = Counter()
        services = Admitted(MAX_SERVICES)
        for report in parsed(answered(scrape.redis().heartbeats), ServiceReport.parse, outcomes):
            if not is_fresh(report.updated_us, scrape.now_us, self._stale_after_s):
                outcomes["stale"] += 1
            elif self._may_show(report, scrape, services):
                outcomes["shown"] += 1
                self._show(report, scrape, families)
            else:
                outcomes["left_out"] += 1
        add_outcomes(families, self.name, outcomes)

    @staticmethod
    def _may_show(report: ServiceReport, scrape: Scrape, services: Admitted) -> bool:
        return (
            services.admit(report.service)
            and scrape.cameras.admit(report.instance)
            and scrape.cameras.admit(report.camera)
            and scrape.is_news("service", report.service, report.instance)
        )

    def _show(self, report: ServiceReport, scrape: Scrape, families: Families) -> None:
        labels = (report.service, report.instance)
        for name, step in report.steps.items():
            self._step(step, scrape.now_us, families, (*labels, name))
        _counters(report, families, labels)
        families.add(
            "vitalrig_service_last_report_timestamp_seconds", report.updated_us / _US, *labels
        )
        if scrape.is_news("build", *labels):
            families.add("vitalrig_build_info", 1, *labels, report.version)
        if report.source and scrape.is_news("source", report.camera, report.source):
            families.add("vitalrig_source_info", 1, report.camera, report.source)

    def _step(
        self, step: Step, now_us: int, families: Families, labels: tuple[str, str, str]
    ) -> None:
        families.add("vitalrig_pipeline_heartbeats_total", step.count, *labels)
        families.add("vitalrig_pipeline_heartbeat_busy_seconds_total", step.busy_s, *labels)
        families.add("vitalrig_pipeline_heartbeat_work_bytes_total", step.size_bytes, *labels)
        if step.last_beat_us is None:
            return
        families.add(
            "vitalrig_pipeline_last_heartbeat_timestamp_seconds", step.last_beat_us / _US, *labels
        )
        families.add_known(
            "vitalrig_pipeline_heartbeat_global_rate_hertz", step.global_rate_hz, *labels
        )
        if self._moves(step, step.last_beat_us, now_us):
            families.add_known(
                "vitalrig_pipeline_heartbeat_window_rate_hertz", step.window_rate_hz, *labels
            )
            families.add_known(
                "vitalrig_pipeline_heartbeat_instant_rate_hertz", step.instant_rate_hz, *labels
            )

    def _moves(self, step: Step, last_beat_us: float, now_us: int) -> bool:
        """
        Say whether the step still beats.

        These rates change only with a beat, so they would look live for ever after the last one.
        """
        usual_s = USUAL_INTERVALS / step.window_rate_hz if step.window_rate_hz else 0.0
        return is_fresh(last_beat_us, now_us, max(self._stale_after_s, usual_s))


def _counters(report: ServiceReport, families: Families, labels: tuple[str, str]) -> None:
    counters = report.counters
    for key, metric in COUNTERS.items():
        families.add_known(metric.name, counters.get(key), *labels)
    counts_frames = "frames_dropped" in counters
    for key, (metric, reason) in BY_REASON.items():
        # Who counts dropped frames has dropped none for the reasons that it does not name.
        nothing = 0.0 if metric is FRAMES_DROPPED and counts_frames else None
        families.add_known(metric.name, counters.get(key, nothing), *labels, reason)
    if counts_frames:
        named = [key for key in counters if key.startswith("frames_dropped_")]
        unknown = [key for key in named if key not in BY_REASON]
        others = sum(counters[key] for key in unknown) if named else counters["frames_dropped"]
        families.add(FRAMES_DROPPED.name, others, *labels, OTHER)
