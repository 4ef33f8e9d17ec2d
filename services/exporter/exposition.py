"""
Writing a page as text, for Prometheus (0.0.4) or as OpenMetrics 1.0.0.

`prometheus_client` chooses the format by what the caller accepts. Its own writers give the same
bytes and take several times as long, most of it to find out that our names are valid, which is
known here; for a page with 100 cameras that is the larger part of a scrape.
"""

from collections.abc import Callable, Collection
from functools import cache

from prometheus_client.exposition import choose_encoder
from prometheus_client.utils import floatToGoString

from services.exporter.catalogue import Metric
from services.exporter.families import Families, Labels

_GAUGES = ("info", "stateset")
_ALWAYS_PLAIN = 1e6
"""Smaller numbers are written as Python writes them; larger ones get an exponent as in Go."""

MOST_KEPT = 20_000
"""Texts that are kept per set of labels: many more than a page has."""

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def choose(accept: str) -> tuple[bool, str]:
    """
    Choose a format by an `Accept` header.

    Returns:
        Whether it is OpenMetrics, and the content type.
    """
    _, content_type = choose_encoder(accept)
    if content_type.startswith("text/plain"):
        return False, content_type
    # Who wants a version that comes after ours gets ours.
    return True, content_type if "version=1.0.0" in content_type else OPENMETRICS


def write(families: Families, *, openmetrics: bool, names: Collection[str] = ()) -> bytes:
    """
    Write a page.

    Args:
        families: What is on it.
        openmetrics: Whether it is OpenMetrics.
        names: If there are any, only these metrics.
    """
    lines: list[str] = []
    for metric in families.metrics(names):
        lines.append(_head(metric, openmetrics=openmetrics))
        if metric.states:
            block = _blocks(metric)
            lines += [block[state, *labels] for labels, state in families.states_of(metric)]
        else:
            name, braces = metric.name, _braces(metric.labels)
            lines += [
                f"{name}{braces[labels]} {_shown(value)}\n"
                for labels, value in families.samples_of(metric)
            ]
    if openmetrics:
        lines.append("# EOF\n")
    return "".join(lines).encode()


class _Memo(dict[Labels, str]):
    """
    Texts that are made from labels, and kept: the same come again with each scrape.

    It forgets all of them when there are too many.
    """

    def __init__(self, make: Callable[[Labels], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, labels: Labels) -> str:
        if len(self) >= MOST_KEPT:
            self.clear()
        self[labels] = text = self._make(labels)
        return text


@cache
def _braces(names: Labels) -> _Memo:
    """
    Write the labels of a sample, in the order of their names.
    """

    def make(labels: Labels) -> str:
        named = sorted(zip(names, labels, strict=True))
        inside = ",".join(f'{name}="{_escape(text)}"' for name, text in named)
        return f"{{{inside}}}" if inside else ""

    return _Memo(make)


@cache
def _blocks(metric: Metric) -> _Memo:
    """
    Write all lines of a stateset, for the state that is 1 followed by the labels.
    """
    names = (*metric.labels, metric.name)

    def make(state_and_labels: Labels) -> str:
        state, *labels = state_and_labels
        lines = ""
        for each in metric.states:
            named = sorted(zip(names, (*labels, each), strict=True))
            inside = ",".join(f'{name}="{_escape(text)}"' for name, text in named)
            lines += f"{metric.name}{{{inside}}} {float(each == state)}\n"
        return lines

    return _Memo(make)


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _shown(value: float) -> str:
    if -_ALWAYS_PLAIN < value < _ALWAYS_PLAIN:
        return repr(float(value))
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]


@cache
def _head(metric: Metric, *, openmetrics: bool) -> str:
    if openmetrics:
        name, kind, text = metric.family, metric.kind, _escape(metric.help)
    else:
        name = metric.name
        kind = "gauge" if metric.kind in _GAUGES else metric.kind
        text = metric.help.replace("\\", r"\\").replace("\n", r"\n")
    unit = f"# UNIT {name} {metric.unit}\n" if openmetrics and metric.unit else ""
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n{unit}"
