"""What the sources of one scrape share: the moment, what was reported, which cameras are shown."""

from services.exporter.report_board import ReportBoard
from vitalrig.clock import Moment


class CardinalityLimit:
    """
    The values of a label that a page shows, of which there may only be so many.

    Args:
        most: How many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._shown: set[str] = set()

    def admit(self, name: str) -> bool:
        """
        Say whether *name* may be shown; empty means none and always may.
        """
        if not name or name in self._shown:
            return True
        if len(self._shown) >= self._most:
            return False
        self._shown.add(name)
        return True


class Scrape:
    """
    One scrape. All of it is judged at one moment.

    Args:
        now: The moment.
        reports: What services and cameras last reported.
        max_cameras: How many cameras may be shown.
    """

    def __init__(self, now: Moment, reports: ReportBoard, max_cameras: int) -> None:
        self.now = now
        self.reports = reports
        self.cameras = CardinalityLimit(max_cameras)
        self._told: set[tuple[str, ...]] = set()

    def is_news(self, *what: str) -> bool:
        """
        Say whether *what* was not asked about before in this scrape: a page says nothing twice.
        """
        if what in self._told:
            return False
        self._told.add(what)
        return True
