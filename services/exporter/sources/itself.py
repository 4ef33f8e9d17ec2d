"""The exporter itself: its version, and the requests it has answered."""

from services.exporter.families import Families
from services.exporter.requests import Requests
from services.exporter.scrape import Scrape
from vitalrig.version import VERSION


class OwnSource:
    """
    What the exporter knows without asking anybody.

    Args:
        requests: The requests that were answered.
        version: The version it reports.
    """

    name = "exporter"

    def __init__(self, requests: Requests, version: str = VERSION) -> None:
        self._requests = requests
        self._version = version

    def collect(self, scrape: Scrape, families: Families) -> None:
        """
        Add the version and the requests.
        """
        if scrape.is_news("build", "exporter", ""):
            families.add("vitalrig_build_info", 1, "exporter", "", self._version)
        for (path, code), count in sorted(self._requests.counts().items()):
            families.add("vitalrig_exporter_http_requests_total", count, path, code)
