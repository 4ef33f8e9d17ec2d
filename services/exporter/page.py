"""All sources on one page; the page is made anew for each scrape."""

import logging
from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.exporter.sources.base import Source
from vitalrig.clock import Clock

log = logging.getLogger(__name__)


class Page(Collector):
    """
    A collector for Prometheus's registry: what is gone from its source is gone from the page.

    Args:
        sources: What to show.
        clock: What tells the time.
    """

    def __init__(self, sources: Sequence[Source], clock: Clock) -> None:
        self._sources = sources
        self._clock = clock
        self._failed: set[str] = set()

    def describe(self) -> Iterator[Metric]:
        """
        Describe nothing beforehand, so that registering the page reads no source.
        """
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """
        Yield all that the sources give, and for each how it went.
        """
        up = GaugeMetricFamily(
            "vitalrig_exporter_source_up",
            "1 if a source of metrics could be read at this scrape.",
            labels=("source",),
        )
        took = GaugeMetricFamily(
            "vitalrig_exporter_source_duration_seconds",
            "How long reading a source of metrics took at this scrape.",
            labels=("source",),
        )
        for source in self._sources:
            started_s = self._clock.monotonic_s()
            try:
                families = list(source.collect())
                _check(families)
            except Exception as exc:  # noqa: BLE001  whatever it is, it costs this source only
                self._note_failure(source.name, exc)
                families = []
                up.add_metric((source.name,), 0)
            else:
                self._failed.discard(source.name)
                up.add_metric((source.name,), 1)
            took.add_metric((source.name,), self._clock.monotonic_s() - started_s)
            yield from families
        yield up
        yield took

    def _note_failure(self, name: str, error: Exception) -> None:
        if name not in self._failed:
            log.warning("source failed", extra={"source": name, "why": str(error)})
        self._failed.add(name)


def _check(families: Sequence[Metric]) -> None:
    """
    Raise here, not while the page is written, if a number is none.
    """
    for family in families:
        for sample in family.samples:
            float(sample.value)
