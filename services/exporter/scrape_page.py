"""All sources on one page; the page is made anew for each scrape."""

import logging
from collections.abc import Sequence

from services.exporter.catalogue import CATALOGUE
from services.exporter.report_board import ReportBoard
from services.exporter.scrape import Scrape
from services.exporter.sources.base import Source
from vitalrig.clock import Clock, moment
from vitalrig.metrics.families import Families

log = logging.getLogger(__name__)


class ScrapePage:
    """
    What the sources show: what is gone from its source is gone from the page.

    Args:
        sources: What to show.
        reports: What services and cameras last reported.
        max_cameras: How many cameras may be shown.
        clock: What tells the time.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        reports: ReportBoard,
        max_cameras: int,
        clock: Clock,
    ) -> None:
        self._sources = sources
        self._reports = reports
        self._max_cameras = max_cameras
        self._clock = clock
        self._failed: set[str] = set()

    def families(self) -> Families:
        """
        Ask all sources, and note for each how it went.
        """
        whole = Families(CATALOGUE)
        scrape = Scrape(moment(self._clock), self._reports, self._max_cameras)
        for source in self._sources:
            started_s = self._clock.monotonic_s()
            part = Families(CATALOGUE)  # all of a source, or nothing
            try:
                source.collect(scrape, part)
            except Exception as exc:  # noqa: BLE001  whatever it is, it costs this source only
                self._note_failure(source.name, exc)
                up = 0
            else:
                self._failed.discard(source.name)
                whole.take(part)
                up = 1
            whole.add("vitalrig_exporter_source_up", up, source.name)
            whole.add(
                "vitalrig_exporter_source_duration_seconds",
                self._clock.monotonic_s() - started_s,
                source.name,
            )
        return whole

    def _note_failure(self, name: str, error: Exception) -> None:
        if name not in self._failed:
            log.warning("source failed", extra={"source": name, "why": str(error)})
        self._failed.add(name)
