"""The samples of one page, made only of metrics that are declared."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, Self

from vitalrig.metrics.metric import Metric

Labels = tuple[str, ...]
"""Values of a metric's labels, in the order in which they are declared."""


class Observed(NamedTuple):
    """
    What a histogram has seen.

    Attributes:
        up_to: How many were at or below each limit; the last is how many there were.
        total: Their sum.
    """

    up_to: tuple[float, ...]
    total: float


class Families:
    """
    The samples of one page, by metric. Made anew for each scrape, so what is gone is gone.

    Args:
        catalogue: The metrics that there are.
    """

    def __init__(self, catalogue: Mapping[str, Metric]) -> None:
        self._catalogue = catalogue
        self._samples: defaultdict[str, list[tuple[Labels, float]]] = defaultdict(list)
        self._states: defaultdict[str, list[tuple[Labels, str]]] = defaultdict(list)
        self._observed: defaultdict[str, list[tuple[Labels, Observed]]] = defaultdict(list)

    def add(self, name: str, value: float, *labels: str) -> None:
        """
        Add one sample.

        Raises:
            KeyError: If the metric is not declared.
            ValueError: If the number of labels is not the declared one, or it has states or
                limits.
        """
        metric = self._catalogue[name]
        if len(labels) != len(metric.labels) or metric.states or metric.limits:
            raise _not_declared(metric)
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
            raise _not_declared(metric)
        self._states[name].append((labels, state))

    def add_histogram(self, name: str, counts: Sequence[float], total: float, *labels: str) -> None:
        """
        Add a histogram.

        Args:
            name: The metric.
            counts: How many were in each bucket: one for each limit, then those above all.
            total: Their sum.
            labels: Values of its labels.

        Raises:
            KeyError: If the metric is not declared.
            ValueError: If it is not a histogram, or has other limits or labels.
        """
        metric = self._catalogue[name]
        if not metric.limits or len(counts) != len(metric.limits) + 1:
            raise _not_declared(metric)
        if len(labels) != len(metric.labels):
            raise _not_declared(metric)
        self._observed[name].append((labels, Observed(tuple(accumulate(counts)), total)))

    def take(self, other: Self) -> None:
        """
        Add all of *other*'s samples.
        """
        for name, samples in other._samples.items():
            self._samples[name].extend(samples)
        for name, states in other._states.items():
            self._states[name].extend(states)
        for name, observed in other._observed.items():
            self._observed[name].extend(observed)

    def metrics(self, names: Collection[str] = ()) -> Iterator[Metric]:
        """
        Give all metrics in the catalogue's order, also those that have no sample now.

        Args:
            names: If there are any, only these.
        """
        return (metric for name, metric in self._catalogue.items() if not names or name in names)

    def samples_of(self, metric: Metric) -> list[tuple[Labels, float]]:
        """
        Give the samples of a metric without states and limits.
        """
        return self._samples.get(metric.name, [])

    def states_of(self, metric: Metric) -> list[tuple[Labels, str]]:
        """
        Give the state that is 1 for each set of labels.
        """
        return self._states.get(metric.name, [])

    def observed_of(self, metric: Metric) -> list[tuple[Labels, Observed]]:
        """
        Give what a histogram has seen for each set of labels.
        """
        return self._observed.get(metric.name, [])


def _not_declared(metric: Metric) -> ValueError:
    return ValueError(
        f"{metric.name} has the labels {metric.labels}, states {metric.states} "
        f"and limits {metric.limits}"
    )
