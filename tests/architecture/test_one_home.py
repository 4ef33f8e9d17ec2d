"""A fact has one home, and everybody else asks there."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.sources import OURS, ROOT, tree
from vitalrig.signals import SIGNALS

# "1" is a code, too, but as text it is also a great many other things.
CODES = {code for signal in SIGNALS for code in (signal.ucum, signal.loinc)} - {"", "1"}
LABELS = {signal.short_label for signal in SIGNALS if " " in signal.short_label}
SERIES = {name for signal in SIGNALS for name in signal.series if "." in name}
UNIT = re.compile(r"1|/min|[\w ]*per minute")
SESSION_FILE = re.compile(
    r"^metrics_$|metrics[\w*]*\.jsonl?\b|_manifest\.json|_snapshot_temp\.json"
)
PREFIX = re.compile(r"physiology(:.*)?")

HOMES: dict[str, tuple[str, Callable[[str], object]]] = {
    "a signal's unit, code or label": (
        "libs/vitalrig/signals.py",
        (CODES | LABELS).__contains__,
    ),
    "a session file's name": (
        "libs/smartspectra/ipc/storage/session_paths.py",
        SESSION_FILE.search,
    ),
    "the default prefix": (
        "libs/smartspectra/ipc/wire/channels.py",
        PREFIX.fullmatch,
    ),
}

ONLY_IN = {
    "libs/smartspectra/ipc/storage/outage.py": r"min\(2 \* |\* 2 ?\*\* ?self",
    "libs/vitalrig/redis_client.py": r"\bRedis\(|\bfrom_url\(",
    "libs/vitalrig/heartbeat_publisher.py": r"\{redis_keys\.HEARTBEATS\}",
    "libs/vitalrig/statuses.py": r"(?<![.`])\bFACE_NOT_CENTERED",
}
"""What is done in one place, and how it would look elsewhere."""


@pytest.mark.parametrize(("home", "pattern"), ONLY_IN.items(), ids=ONLY_IN)
def test_what_has_one_home_is_done_nowhere_else(home, pattern):
    """
    Whoever needs it imports it.
    """
    assert [home] == [path for path in OURS if re.search(pattern, (ROOT / path).read_text())]


def literals(tree: ast.AST) -> Iterator[ast.Constant]:
    """
    Every text in a program, and in f-strings, but docstrings.
    """
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is str and node not in docstrings:
            yield node


def found(see: Callable[[ast.AST], Iterator[ast.Constant]], home: str) -> list[str]:
    return [
        f"{path}:{node.lineno}: {node.value}"
        for path in OURS
        if path != home
        for node in see(tree(path))
    ]


@pytest.mark.parametrize("fact", HOMES)
def test_a_fact_is_written_in_its_home_only(fact):
    """
    Whoever needs a unit, a session file's name or the default prefix imports it.
    """
    home, is_stated = HOMES[fact]

    assert [] == found(
        lambda tree: (each for each in literals(tree) if is_stated(each.value)), home
    )


def test_nobody_has_a_table_of_units_of_his_own():
    """
    Units that are also common words are seen where they stand beside a series.
    """

    def units(tree: ast.AST) -> Iterator[ast.Constant]:
        for table in ast.walk(tree):
            if isinstance(table, ast.Dict):
                for key, value in zip(table.keys, table.values, strict=True):
                    if getattr(key, "value", None) in SERIES and UNIT.fullmatch(
                        str(getattr(value, "value", ""))
                    ):
                        yield value

    assert [] == found(units, HOMES["a signal's unit, code or label"][0])


@pytest.mark.parametrize("field", ["name", "series"])
def test_no_two_signals_are_the_same(field):
    """
    A name finds one signal, and so does a series of a channel.
    """
    keys = [
        (signal.channel, value) if field == "series" else value
        for signal in SIGNALS
        for value in (signal.series if field == "series" else [signal.name])
    ]

    assert sorted(set(keys)) == sorted(keys)
