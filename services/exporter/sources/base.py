"""What every source of metrics is."""

from typing import Protocol

from services.exporter.scrape import Scrape
from vitalrig.metrics.families import Families


class Source(Protocol):
    """A source that fails takes only itself off the page."""

    name: str

    def collect(self, scrape: Scrape, families: Families) -> None:
        """
        Add its samples to *families*, as of the scrape's moment.

        Whatever it raises takes it off the page for this scrape; `Unavailable` says why best.
        """
        ...
