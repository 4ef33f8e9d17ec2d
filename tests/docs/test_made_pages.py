"""Pages that are made from code are fresh."""

from pathlib import Path

import pytest

import make_docs

DOCS = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("page", make_docs.PAGES)
def test_a_made_page_is_what_the_code_says(page):
    """
    If this fails: make docs, and commit what it wrote.
    """
    assert make_docs.PAGES[page]() == (DOCS / page).read_text()
