"""What a metric is, and short ways to declare one."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["gauge", "counter", "histogram", "info", "stateset"]

_SUFFIXES: dict[Kind, str] = {"counter": "_total", "info": "_info"}


@dataclass(frozen=True, slots=True)
class Metric:
    """
    One metric.

    Attributes:
        name: Its name as exposed; a histogram's samples add `_bucket`, `_count` and `_sum`.
        kind: Its type in OpenMetrics; in the older text format info and stateset are gauges.
        help: What it says, for a person at a dashboard.
        labels: Names of its labels; none other can be exported.
        unit: Its base unit, which ends its name; empty for a plain number.
        states: For a stateset, all states; exactly one of them is 1.
        limits: For a histogram, the upper limits of its buckets but for the last, which has none.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    states: tuple[str, ...] = ()
    limits: tuple[float, ...] = ()

    @property
    def family(self) -> str:
        """
        Its name without what the kind adds.
        """
        return self.name.removesuffix(_SUFFIXES.get(self.kind, ""))


def gauge(name: str, text: str, *labels: str, unit: str = "") -> Metric:
    """
    Declare a number that goes up and down.
    """
    return Metric(name, "gauge", text, labels, unit)


def counter(name: str, text: str, *labels: str, unit: str = "") -> Metric:
    """
    Declare a number that only rises, but for restarts of whoever counts.
    """
    return Metric(name, "counter", text, labels, unit)


def histogram(
    name: str, text: str, *labels: str, unit: str = "", limits: tuple[float, ...]
) -> Metric:
    """
    Declare how often a number was up to each of some limits.
    """
    return Metric(name, "histogram", text, labels, unit, limits=limits)


def info(name: str, text: str, *labels: str) -> Metric:
    """
    Declare a 1 whose labels are the message.
    """
    return Metric(name, "info", text, labels)
