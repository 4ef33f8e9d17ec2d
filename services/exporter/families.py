"""The samples of the exporter's page, which knows all metrics there are."""

from collections.abc import Iterator, Mapping

from prometheus_client import Metric as Family
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from services.exporter.catalogue import CATALOGUE
from vitalrig.metrics import families
from vitalrig.metrics.metric import Metric


class Families(families.Families):
    """
    The same as those of a service's own page, and also readable by Prometheus's client.

    Args:
        catalogue: The metrics that there are.
    """

    def __init__(self, catalogue: Mapping[str, Metric] = CATALOGUE) -> None:
        super().__init__(catalogue)

    def collect(self) -> Iterator[Family]:
        """
        Give the same as families of Prometheus's client.
        """
        for metric in self.metrics():
            family = Family(metric.family, metric.help, metric.kind, metric.unit)
            family.samples = [
                *self._plain(metric), *self._of_states(metric), *self._of_limits(metric)
            ]  # fmt: skip
            yield family

    def _plain(self, metric: Metric) -> Iterator[Sample]:
        for labels, value in self.samples_of(metric):
            yield Sample(metric.name, dict(zip(metric.labels, labels, strict=True)), value)

    def _of_states(self, metric: Metric) -> Iterator[Sample]:
        for labels, state in self.states_of(metric):
            named = dict(zip(metric.labels, labels, strict=True))
            for each in metric.states:
                yield Sample(metric.name, {**named, metric.name: each}, float(each == state))

    def _of_limits(self, metric: Metric) -> Iterator[Sample]:
        for labels, observed in self.observed_of(metric):
            named = dict(zip(metric.labels, labels, strict=True))
            limits = (*metric.limits, float("inf"))
            for limit, count in zip(limits, observed.up_to, strict=True):
                bucket = {**named, "le": floatToGoString(limit)}  # type: ignore[no-untyped-call]
                yield Sample(f"{metric.name}_bucket", bucket, count)
            yield Sample(f"{metric.name}_count", named, observed.up_to[-1])
            yield Sample(f"{metric.name}_sum", named, observed.total)
