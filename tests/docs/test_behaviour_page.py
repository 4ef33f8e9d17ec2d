"""docs/reference/behaviour.md promises only what a test keeps."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "behaviour.md").read_text()
NAMED = sorted(set(re.findall(r"`(test_\w+)`", PAGE)))
TESTS = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize("name", NAMED)
def test_a_promise_names_a_test_that_is_there(name):
    """
    After renaming a test, mend the page.
    """
    assert f"def {name}(" in TESTS


def test_every_promise_names_a_test():
    """
    A sentence without a test is a hope.
    """
    promises = [item for item in re.split(r"\n- ", PAGE)[1:] if "(`test_" not in item]

    assert [] == promises
