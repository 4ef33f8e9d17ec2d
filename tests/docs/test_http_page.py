"""docs/reference/http.md names every path and every limit."""

from pathlib import Path

import pytest

from services.exporter import routes
from vitalrig.service import service_page
from vitalrig.web import compression, http_server

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text()


@pytest.mark.parametrize("path", routes.PATHS)
def test_every_path_has_a_row(path):
    """
    With the pages that have it.
    """
    row = next(line for line in PAGE.splitlines() if line.startswith("| `") and f"`{path}" in line)
    own_page = "yes" if path in service_page.PATHS else ""

    assert ["yes", own_page] == [cell.strip() for cell in row.split("|")[2:4]]


def test_limits_are_those_of_the_code():
    """
    If this fails: mend the page.
    """
    said = (
        f"from {compression.SMALLEST_TO_COMPRESS_BYTES // 1024} KiB on",
        f"more than {http_server.MAX_LINE_BYTES // 1024} KiB",
        f"closed, and every connection after {http_server.REQUEST_S:g} s",
        f"nothing moves for {http_server.SILENCE_S:g} s",
    )

    assert [] == [text for text in said if text not in PAGE]
