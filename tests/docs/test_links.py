"""Every page of the documentation can be found, and every link leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITH_PAGES = ("benchmarks", "docs", "samples", "services")
PAGES = [
    *ROOT.glob("*.md"),
    *(page for name in WITH_PAGES for page in ROOT.glob(f"{name}/**/*.md")),
]
FORM = ROOT / "docs" / "decisions" / "COPYME.md"


def links(page: Path) -> list[tuple[Path, str]]:
    """Where the links within the repository lead: a file, and a heading in it if any."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    named = [target.partition("#") for target in targets if "://" not in target]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in named]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    """
    To a file that is there, and to a heading in it.
    """
    dead = [
        f"{path}#{anchor}"
        for path, anchor in links(page)
        if not path.exists() or (anchor and anchor not in anchors(path))
    ]

    assert [] == dead


def test_every_page_of_docs_is_reached_from_its_index():
    """
    A page that nobody finds is not there. If this fails: link it from docs/index.md.
    """
    reached, new = set(), {ROOT / "docs" / "index.md"}
    while new:
        reached |= new
        new = {path for page in new for path, _ in links(page) if path.suffix == ".md"} - reached

    assert set() == {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - reached - {
        FORM
    }
