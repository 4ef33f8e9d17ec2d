"""Reports that were heard: those that make sense and are fresh are shown, all are counted."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeVar

from services.exporter.report_board import Reports
from vitalrig.clock import Moment
from vitalrig.errors import BadMessage
from vitalrig.metrics.families import Families
from vitalrig.metrics.validate import document

T = TypeVar("T")

OUTCOMES = ("shown", "stale", "refused", "left_out")


def parsed(
    reports: Reports, parse: Callable[[str, object], T], outcomes: Counter[str]
) -> Iterator[tuple[T, Moment]]:
    """
    Read all reports, in the order of their names, each with the moment when it was heard.

    A bad report costs itself only and is counted as refused: its writer will make a better one.
    """
    for name, heard in sorted(reports.items()):
        try:
            report = parse(name.decode(), document(heard.text))
        except (BadMessage, UnicodeDecodeError):
            outcomes["refused"] += 1
        else:
            yield report, heard.at


def add_outcomes(families: Families, source: str, outcomes: Counter[str]) -> None:
    """
    Say what became of the reports of one source.
    """
    for outcome in OUTCOMES:
        families.add("vitalrig_exporter_reports", outcomes[outcome], source, outcome)
