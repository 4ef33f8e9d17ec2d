"""Families of one page, made only from the catalogue: what is not declared cannot be exported."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from prometheus_client import Metric as Family
from prometheus_client.samples import Sample

from services.exporter.catalogue import CATALOGUE, Metric

Labels = tuple[str, ...]
"""Values of a metric's labels, in the order in which they are declared."""


class Families:
    """
    The samples of one page, by metric. Made anew for each scrape, so what is gone is gone.

    Args:
        catalogue: The metrics that there are.
    """

    def __init__(self, catalogue: Mapping[str, Metric] = CATALOGUE) -> None:
        self._catalogue = catalogue
        self._samples: defaultdict[str, list[tuple[Labels, float]]] = defaultdict(list)
        self._states: defaultdict[str, list[tuple[Labels, str]]] = defaultdict(list)

    def add(self, name: str, value: float, *labels: str) -> None:
        """
        Add one sample.

        Raises:
            KeyError: If the metric is not declared.
            ValueError: If the number of labels is not the declared one, or it has states.
        """
        metric = self._catalogue[name]
        if len(labels) != len(metric.labels) or metric.states:
            raise ValueError(f"{name} has the labels {metric.labels} and states {metric.states}")
        self._samples[name].append((labels, value))

    def add_known(self, name: str, value: float | None, *labels: str) -> None:
        """
        Add one sample unless its value is not known.
        """
        if value is not None:
            self.add(name, value, *labels)

    def add_state(self, name: str, state: str, *labels: str) -> None:
        """
        Add a stateset in which *state* is 1 and every other is 0.

        Raises:
            KeyError: If the metric is not declared.
            ValueError: If the metric has no such state, or other labels.
        """
        metric = self._catalogue[name]
        if state not in metric.states or len(labels) != len(metric.labels):
            raise ValueError(f"{name} has the labels {metric.labels} and states {metric.states}")
        self._states[name].append((labels, state))

    def take(self, other: "Families") -> None:
        """
        Add all of *other*'s samples.
        """
        for name, samples in other._samples.items():  # noqa: SLF001  of the same class
            self._samples[name].extend(samples)
        for name, states in other._states.items():  # noqa: SLF001
            self._states[name].extend(states)

    def metrics(self, names: Collection[str] = ()) -> Iterator[Metric]:
        """
        Give all metrics in the catalogue's order, also those that have no sample now.

        Args:
            names: If there are any, only these.
        """
        return (metric for name, metric in self._catalogue.items() if not names or name in names)

    def samples_of(self, metric: Metric) -> list[tuple[Labels, float]]:
        """
        Give the samples of a metric without states.
        """
        return self._samples.get(metric.name, [])

    def states_of(self, metric: Metric) -> list[tuple[Labels, str]]:
        """
        Give the state that is 1 for each set of labels.
        """
        return self._states.get(metric.name, [])

    def collect(self) -> Iterator[Family]:
        """
        Give the same as families of Prometheus's client.
        """
        for metric in self.metrics():
            family = Family(metric.family, metric.help, metric.kind, metric.unit)
            name = metric.name
            family.samples = [
                Sample(name, dict(zip(metric.labels, labels, strict=True)), value)
                for labels, value in self.samples_of(metric)
            ] + [
                Sample(
                    name,
                    {**dict(zip(metric.labels, labels, strict=True)), name: each},
                    float(each == state),
                )
                for labels, state in self.states_of(metric)
                for each in metric.states
            ]
            yield family
