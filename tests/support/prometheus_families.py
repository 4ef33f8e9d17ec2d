"""A page as Prometheus's own client reads and writes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from vitalrig.metrics.families import Families
from vitalrig.metrics.metric import Metric


@dataclass
class PrometheusFamilies(Collector):
    """The same samples, for writers of `prometheus_client`."""

    families: Families

    def collect(self) -> Iterator[Family]:
        for metric in self.families.metrics():
            family = Family(metric.family, metric.help, metric.kind, metric.unit)
            family.samples = [
                *self._plain(metric), *self._of_states(metric), *self._of_limits(metric)
            ]  # fmt: skip
            yield family

    def _plain(self, metric: Metric) -> Iterator[Sample]:
        for labels, value in self.families.samples_of(metric):
            yield Sample(metric.name, dict(zip(metric.labels, labels, strict=True)), value)

    def _of_states(self, metric: Metric) -> Iterator[Sample]:
        for labels, state in self.families.states_of(metric):
            named = dict(zip(metric.labels, labels, strict=True))
            for each in metric.states:
                yield Sample(metric.name, {**named, metric.name: each}, float(each == state))

    def _of_limits(self, metric: Metric) -> Iterator[Sample]:
        for labels, observed in self.families.observed_of(metric):
            named = dict(zip(metric.labels, labels, strict=True))
            limits = (*metric.limits, float("inf"))
            for limit, count in zip(limits, observed.up_to, strict=True):
                bucket = {**named, "le": floatToGoString(limit)}
                yield Sample(f"{metric.name}_bucket", bucket, count)
            yield Sample(f"{metric.name}_count", named, observed.up_to[-1])
            yield Sample(f"{metric.name}_sum", named, observed.total)
