"""The names that other teams' tests use: none is lost, changed or without a text by mistake."""

from pathlib import Path

from exported_names import class_and_members
from testing_names import public_names, signatures

GOLDEN = Path(__file__).parents[1] / "golden" / "testing_api.txt"


def test_the_signatures_of_the_harness_are_as_they_were(request):
    """
    Meant? `pytest tests/docs/test_testing_api.py --update-golden`, and read the diff.
    """
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(signatures())

    assert GOLDEN.read_text() == signatures()


def test_every_name_of_the_harness_says_what_it_is():
    """
    If this fails: the name needs a docstring, a line in its `Attributes:`, or a help.
    """
    assert [] == [each.name for each in public_names() if not each.text]


class Undocumented:
    """A class with a method that says nothing."""

    def measure(self, seconds: float = 1.0, *names: str) -> "list[str]":
        return [f"{name}: {seconds}" for name in names]


def test_a_method_without_a_docstring_is_found(monkeypatch):
    """
    With its signature as it is written.
    """
    monkeypatch.setattr(Undocumented, "__module__", "vitalrig.testing.undocumented")
    found = [(each.signature, each.text) for each in class_and_members(Undocumented)]

    assert [
        ("Undocumented", "A class with a method that says nothing."),
        ("Undocumented.measure(seconds: float = 1.0, *names: str) -> list[str]", ""),
    ] == found
