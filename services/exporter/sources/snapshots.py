"""Cameras whose sessions another collector records: shown from its snapshots."""

from collections import Counter
from collections.abc import Callable

from services.exporter.camera_metrics import add_camera_metrics
from services.exporter.scrape import Scrape
from services.exporter.snapshots.folder import Snapshots
from services.exporter.sources.reports import add_outcomes
from vitalrig.metrics.families import Families
from vitalrig.metrics.service_report import SOURCES
from vitalrig.metrics.validate import OTHER
from vitalrig.signal_state import Limits


class SnapshotSource:
    """
    What the snapshots said when they were last read.

    A camera that our own collector reports is shown from that report.

    Args:
        latest: Gives what was read last.
        stale_after_s: How old a snapshot, and a sample in it, may be.
    """

    name = "snapshots"

    def __init__(self, latest: Callable[[], Snapshots], stale_after_s: float) -> None:
        self._latest = latest
        self._limits = Limits(stale_after_s, stale_after_s, stale_after_s)

    def collect(self, scrape: Scrape, families: Families) -> None:
        """
        Add the cameras.
        """
        snapshots = self._latest()
        outcomes: Counter[str] = Counter()
        for seen in snapshots.cameras:
            view, age_s = seen.view, seen.age_s(scrape.now)
            if age_s > self._limits.report_s:
                outcomes["stale"] += 1
            elif not scrape.is_news("camera", view.prefix) or not scrape.cameras.admit(view.prefix):
                outcomes["left_out"] += 1
            else:
                outcomes["shown"] += 1
                add_camera_metrics(families, view, age_s, self._limits)
                source = view.source if view.source in SOURCES else OTHER
                if view.source and scrape.is_news("source", view.prefix, source):
                    families.add("vitalrig_source_info", 1, view.prefix, source)
        for outcome, count in snapshots.outcomes.items():
            families.add("vitalrig_snapshot_files", count, outcome)
        add_outcomes(families, self.name, outcomes)
