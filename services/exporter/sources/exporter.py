"""The exporter itself: its version, its heartbeats, and the requests it has answered."""

from services.exporter.request_counter import RequestCounter
from services.exporter.scrape import Scrape
from vitalrig.metrics.families import Families
from vitalrig.metrics.service_metrics import add_service_metrics
from vitalrig.metrics.service_report import ServiceReport
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.version import VERSION


class ExporterSource:
    """
    What the exporter knows without asking anybody.

    Args:
        requests: The requests that were answered.
        version: The version it reports.
        beats: Its heartbeats; None leaves them to its report.
        stale_after_s: A step that was silent for longer has no rate.
    """

    name = "exporter"

    def __init__(
        self,
        requests: RequestCounter,
        version: str = VERSION,
        beats: ServiceHeartbeats | None = None,
        stale_after_s: float = 10.0,
    ) -> None:
        self._requests = requests
        self._version = version
        self._beats = beats
        self._stale_after_s = stale_after_s

    def collect(self, scrape: Scrape, families: Families) -> None:
        """
        Add the version, the heartbeats and the requests.
        """
        if scrape.is_news("build", "exporter", ""):
            families.add("vitalrig_build_info", 1, "exporter", "", self._version)
        if self._beats is not None:
            report = ServiceReport.parse("", self._beats.report())
            add_service_metrics(families, report, age_s=0.0, stale_after_s=self._stale_after_s)
        for (path, code), count in sorted(self._requests.counts().items()):
            families.add("vitalrig_exporter_http_requests_total", count, path, code)
