"""
Writing a page as text, for Prometheus (0.0.4) or as OpenMetrics 1.0.0.

The writers of `prometheus_client` give the same bytes and take several times as long, most of it
to find out that our names are valid, which is known here; for a page with 100 cameras that is the
larger part of a scrape. A service needs no further package for its own page, either.
"""

import math
from collections.abc import Callable, Collection, Iterator
from functools import cache

from vitalrig.metrics.families import Families, Labels
from vitalrig.metrics.metric import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of the older format, which every reader knows."""

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_GAUGES = ("info", "stateset")
_PLAIN_DIGITS = 6
"""Numbers with more digits before the point get an exponent, as in Go; others are Python's."""

MOST_KEPT = 20_000
"""Texts that are kept per set of labels: many more than a page has."""


def chosen_format(accept: str) -> tuple[bool, str]:
    """
    Choose a format by an `Accept` header.

    Who wants a version of OpenMetrics that comes after ours gets ours; who wants one from before
    1.0.0 gets the older text, like all others.

    Returns:
        Whether it is OpenMetrics, and the content type.
    """
    for part in accept.split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        is_draft = any(each.startswith("version=0.") for each in parameters)
        if kind == "application/openmetrics-text" and not is_draft:
            return True, OPENMETRICS
    return False, CONTENT_TYPE


def render(families: Families, *, openmetrics: bool, names: Collection[str] = ()) -> bytes:
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
        elif metric.limits:
            lines += _histograms(metric, families)
        else:
            name, braces = metric.name, _braces(metric.labels)
            lines += [
                f"{name}{braces[labels]} {_shown(value)}\n"
                for labels, value in families.samples_of(metric)
            ]
    if openmetrics:
        lines.append("# EOF\n")
    return "".join(lines).encode()


def _histograms(metric: Metric, families: Families) -> Iterator[str]:
    name, braces = metric.name, _braces(metric.labels)
    buckets = _braces((*metric.labels, "le"))
    limits = [_shown(limit) for limit in (*metric.limits, math.inf)]
    for labels, observed in families.observed_of(metric):
        for limit, count in zip(limits, observed.up_to, strict=True):
            yield f"{name}_bucket{buckets[(*labels, limit)]} {_shown(count)}\n"
        yield f"{name}_count{braces[labels]} {_shown(observed.up_to[-1])}\n"
        yield f"{name}_sum{braces[labels]} {_shown(observed.total)}\n"


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
    """Write a number so that Go's own writing of it is the same."""
    text = repr(float(value))
    whole, point, fraction = text.partition(".")
    if point and value > 0 and len(whole) > _PLAIN_DIGITS:
        digits = f"{whole}{fraction}".rstrip("0")
        mantissa = f"{digits[0]}.{digits[1:]}".rstrip(".")
        return f"{mantissa}e+{len(whole) - 1:02}"
    return _ODD.get(text, text)


_ODD = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}


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
