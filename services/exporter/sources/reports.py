"""Reports in a hash in Redis: those that make sense and are fresh are shown, all are counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

from services.exporter.families import Families
from vitalrig.errors import BadMessage
from vitalrig.metrics.parse import document

T = TypeVar("T")

OUTCOMES = ("shown", "stale", "refused", "left_out")


def parsed(
    raw: Mapping[bytes, bytes], parse: Callable[[str, object], T], outcomes: Counter[str]
) -> list[T]:
    """
    Read all reports, in the order of their names; count those that make no sense as refused.

    A bad report costs itself only: its writer will leave a better one.
    """
    reports = []
    for name, text in sorted(raw.items()):
        try:
            reports.append(parse(name.decode(), document(text)))
        except (BadMessage, UnicodeDecodeError):
            outcomes["refused"] += 1
    return reports


def add_outcomes(families: Families, source: str, outcomes: Counter[str]) -> None:
    """
    Say what became of the reports of one source.
    """
    for outcome in OUTCOMES:
        families.add("vitalrig_exporter_reports", outcomes[outcome], source, outcome)
