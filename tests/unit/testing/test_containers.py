"""What `vitalrig.testing.containers` says where it cannot work."""

import os
import subprocess
import sys

IMPORTS_IT = """
import sys
sys.modules["testcontainers"] = None
try:
    import vitalrig.testing.containers
except ImportError as exc:
    print(exc)
"""

STARTS_ONE = """
from vitalrig.errors import VitalrigError
from vitalrig.testing.containers import RigContainer
try:
    RigContainer()
except VitalrigError as exc:
    print(exc)
"""


def said(code, **changes):
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, env=os.environ | changes,
    )  # fmt: skip
    return ended.stdout


def test_without_testcontainers_it_says_what_to_install():
    """
    Nothing else of vitalrig.testing needs them.
    """
    text = said(IMPORTS_IT)

    assert "vitalrig.testing.containers needs testcontainers" in text
    assert "[testing]" in text


def test_without_an_engine_it_says_so_in_a_line(tmp_path):
    """
    Not in the traceback of a client's library.
    """
    text = said(STARTS_ONE, DOCKER_HOST=f"unix://{tmp_path}/none.sock")

    assert text.startswith("no Docker engine answers: ")
    assert 1 == text.count("\n")
