"""Heartbeats of every service: how much work each step of each loop has done."""

from collections import Counter

from services.exporter.scrape import CardinalityLimit, Scrape
from services.exporter.sources.reports import add_outcomes, parsed
from vitalrig.metrics.families import Families
from vitalrig.metrics.service_metrics import (
    add_build_info,
    add_envelopes_waiting,
    add_event_log,
    add_service_metrics,
    add_source_info,
    add_stream_metrics,
)
from vitalrig.metrics.service_report import ServiceReport

MAX_SERVICES = 32


class HeartbeatSource:
    """
    What each service instance reports of itself.

    Args:
        stale_after_s: A service that was silent for longer is not shown.
        besides: A service that another source shows.
    """

    name = "heartbeats"

    def __init__(self, stale_after_s: float, besides: str = "") -> None:
        self._stale_after_s = stale_after_s
        self._besides = besides

    def collect(self, scrape: Scrape, families: Families) -> None:
        """
        Add counters, and the three rates besides.

        Raises:
            Unavailable: If no report can be heard.
        """
        outcomes: Counter[str] = Counter()
        services = CardinalityLimit(MAX_SERVICES)
        heard = parsed(scrape.reports.heartbeats, ServiceReport.parse, outcomes)
        for report, heard_at in heard:
            if report.service == self._besides:
                continue
            age_s = heard_at.age_s(report.updated_us, scrape.now)
            if age_s > self._stale_after_s:
                outcomes["stale"] += 1
            elif self._may_show(report, scrape, services):
                outcomes["shown"] += 1
                self._show(report, age_s, scrape, families)
            else:
                outcomes["left_out"] += 1
        add_outcomes(families, self.name, outcomes)

    @staticmethod
    def _may_show(report: ServiceReport, scrape: Scrape, services: CardinalityLimit) -> bool:
        return (
            services.admit(report.service)
            and scrape.cameras.admit(report.instance)
            and scrape.cameras.admit(report.camera)
            and scrape.is_news("service", report.service, report.instance)
        )

    def _show(
        self, report: ServiceReport, age_s: float, scrape: Scrape, families: Families
    ) -> None:
        add_service_metrics(families, report, age_s, self._stale_after_s)
        if scrape.is_news("build", report.service, report.instance):
            add_build_info(families, report)
        if scrape.is_news("source", report.camera, report.source):
            add_source_info(families, report)
            add_envelopes_waiting(families, report)
        if report.log_failing is not None and scrape.is_news("event_log"):
            add_event_log(families, report)
        for camera, stream in report.streams.items():
            if scrape.cameras.admit(camera) and scrape.is_news("stream", camera):
                add_stream_metrics(families, camera, stream)
