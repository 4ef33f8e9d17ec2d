"""The programs in docs/guides/recipes.md, as they stand there."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "recipes.md"

PROGRAMS = {
    section.partition("\n")[0]: re.findall(
        r"^```(python|sh|console)\n(.*?)^```", section, re.MULTILINE | re.DOTALL
    )
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
}
"""For each section its programs, each with its language."""


def program(title: str) -> str:
    """The one program of a section."""
    ((_, text),) = PROGRAMS[title]
    return str(text)
