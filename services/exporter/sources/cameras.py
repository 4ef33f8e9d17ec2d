"""What the collector sees of each camera: numbers only while they are live."""

from collections import Counter

from services.exporter.camera_metrics import add_camera_metrics
from services.exporter.camera_view import CameraView
from services.exporter.scrape import Scrape
from services.exporter.sources.reports import add_outcomes, parsed
from vitalrig.metrics.families import Families
from vitalrig.signal_state import Limits


class CameraSource:
    """
    What the collector reports of each camera.

    Args:
        limits: How old what is shown may be.
    """

    name = "cameras"

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def collect(self, scrape: Scrape, families: Families) -> None:
        """
        Add vital signs, their states, and the figures of the recording.

        Raises:
            Unavailable: If no report can be heard.
        """
        outcomes: Counter[str] = Counter()
        for view, heard_at in parsed(scrape.reports.cameras, CameraView.parse, outcomes):
            age_s = heard_at.age_s(view.updated_us, scrape.now)
            if age_s > self._limits.report_s:
                outcomes["stale"] += 1
            elif not scrape.is_news("camera", view.prefix) or not scrape.cameras.admit(view.prefix):
                outcomes["left_out"] += 1
            else:
                outcomes["shown"] += 1
                add_camera_metrics(families, view, age_s, self._limits)
        add_outcomes(families, self.name, outcomes)
