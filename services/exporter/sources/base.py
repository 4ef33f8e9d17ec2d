"""What every source of metrics is."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client.core import Metric


class Source(Protocol):
    """A source that fails takes only itself off the page."""

    name: str

    def collect(self) -> Iterator[Metric]:
        """
        Yield fresh families, as of now.

        Whatever it raises takes it off the page for this scrape; `Unavailable` says why best.
        """
        ...
