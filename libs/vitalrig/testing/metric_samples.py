"""The numbers on a page of metrics in Prometheus's text format."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_LINE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)(?: -?\d+)?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPES = {r"\n": "\n", r"\"": '"', r"\\": "\\"}


@dataclass(frozen=True, slots=True)
class MetricSample:
    """
    One number on the page.

    Attributes:
        name: The metric's name.
        labels: Its labels.
        value: The number.
    """

    name: str
    labels: Mapping[str, str]
    value: float


def samples_of(page: str) -> Iterator[MetricSample]:
    """
    Read a page, line by line.
    """
    for line in page.splitlines():
        if line.startswith("#") or not (match := _LINE.fullmatch(line)):
            continue
        labels = {key: _plain(value) for key, value in _LABEL.findall(match["labels"] or "")}
        yield MetricSample(match["name"], labels, float(match["value"]))


def _plain(value: str) -> str:
    return re.sub(r"\\.", lambda found: _ESCAPES.get(found.group(), found.group()), value)
