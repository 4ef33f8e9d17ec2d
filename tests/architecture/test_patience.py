"""No test fails because the machine is busy, and none by chance that cannot be had again."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
POSITIONAL = {"wait", "join", "settimeout", "timeout"}
"""Methods whose first argument is how long they wait; wait_for's second is."""
CHANCE = {"Random", "default_rng"}


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    for path in sorted(TESTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                yield f"{path.relative_to(TESTS)}:{node.lineno}", name, node


def is_a_limit(value: ast.expr) -> bool:
    """A second or more, in digits: shorter ones are steps of a loop that has a limit of its own."""
    return (
        isinstance(value, ast.Constant) and type(value.value) in {int, float} and value.value >= 1
    )


def limits(name: str, call: ast.Call) -> list[ast.expr]:
    positional = call.args[1:2] if name == "wait_for" else call.args[: name in POSITIONAL]
    named = [each.value for each in call.keywords if each.arg in {"timeout", "deadline"}]
    return [value for value in [*positional, *named] if is_a_limit(value)]


def test_whoever_waits_has_the_patience_of_all():
    """
    Limits are PATIENCE_S of tests/support/patience.py, which VITALRIG_TEST_PATIENCE scales.
    """
    found = [
        place
        for place, name, call in calls()
        if limits(name, call) and ast.unparse(call.func) != "pytest.mark.timeout"
    ]

    assert "" == "\n".join(found)


def test_chance_has_a_seed():
    """
    One in the text, or one that is printed: `a_dice()` of tests/support/dice.py.
    """
    assert [] == [place for place, name, call in calls() if name in CHANCE and not call.args]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("process.wait(10)", 1),
        ("asyncio.wait_for(it, 5)", 1),
        ("urlopen(url, timeout=2)", 1),
        ("stop.wait(0.01)", 0),
        ("process.wait(PATIENCE_S)", 0),
        ("', '.join(names)", 0),
    ],
)
def test_a_limit_is_known_when_it_is_seen(text, found):
    """
    The check above sees what it is for.
    """
    ((_, name, call),) = [
        ("", getattr(node.func, "attr", getattr(node.func, "id", "")), node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
    ]

    assert found == len(limits(name, call))
