"""What the code itself prints can be read on every terminal."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("libs", "services", "tools", "samples")


@pytest.mark.parametrize("folder", FOLDERS)
def test_programs_hold_no_letter_that_a_terminal_may_lack(folder):
    """
    A console in ISO 8859-1 has no arrow, and Python ends with an error where it is to print one.
    """
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for ending in ("py", "sh")
        for path in sorted((ROOT / folder).rglob(f"*.{ending}"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if not line.isascii()
    ]

    assert [] == found
