"""A fact has one home, and everybody else asks there."""

import re
from pathlib import Path

import pytest

from vitalrig.signals import SIGNALS

ROOT = Path(__file__).parents[2]
HOME = ROOT / "libs/vitalrig/signals.py"
SOURCES = sorted(
    path
    for folder in ("libs", "services", "tools")
    for path in (ROOT / folder).rglob("*.py")
    if path != HOME and "_pb2" not in path.name
)
# "1" is a code, too, but as text it is also a great many other things.
CODES = {code for signal in SIGNALS for code in (signal.ucum, signal.loinc)} - {"", "1"}
LABELS = {signal.short_label for signal in SIGNALS if " " in signal.short_label}
STATED = re.compile("|".join(f"[\"']{re.escape(text)}[\"']" for text in sorted(CODES | LABELS)))
SERIES = "|".join(re.escape(name) for signal in SIGNALS for name in signal.series if "." in name)
WITH_ITS_UNIT = re.compile(rf"[\"']({SERIES})[\"']\s*:\s*[\"'](1|/min|[\w ]*per minute)[\"']")

ONLY_IN = {
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
    found = [path for path in SOURCES if re.search(pattern, path.read_text())]

    assert [ROOT / home] == found


def test_a_signal_s_unit_is_written_in_the_catalogue_only():
    """
    Units, codes and short labels come from vitalrig.signals: nobody has a table of his own.
    """
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in SOURCES
        for pattern in (STATED, WITH_ITS_UNIT)
        for match in pattern.finditer(path.read_text())
    ]

    assert found == []


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
