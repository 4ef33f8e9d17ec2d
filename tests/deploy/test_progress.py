"""What is said while packages are installed."""

import subprocess

from tests.support.rig_files import ROOT

PIP = """\
Collecting numpy==2.3.1 (from -r requirements/rig.txt (line 3))
  Downloading numpy-2.3.1-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)
WARNING: a mirror is slow
Processing /wheelhouse/hiredis-3.5.0-cp311-cp311-linux_x86_64.whl (from -r rig.txt (line 9))
Requirement already satisfied: redis==6.2.0 in ./venv (from -r requirements/rig.txt (line 12))
Requirement already satisfied: redis==6.2.0 in ./venv
Installing collected packages: hiredis, numpy
Successfully installed hiredis-3.5.0 numpy-2.3.1
"""


def shown(text, *options):
    return subprocess.run(
        ["awk", "-v", "total=3", *options, "-f", "services/pip-progress.awk"],
        cwd=ROOT, input=text, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_what_is_installed_and_how_far_is_said():
    """
    The first `make up` takes minutes; nobody has to wonder whether it hangs.
    """
    assert [
        "  1/3 numpy==2.3.1",
        "  2/3 hiredis-3.5.0",
        "  3/3 redis==6.2.0",
        "  installing 2 packages",
    ] == shown(PIP).splitlines()


def test_on_a_terminal_it_takes_one_line():
    """
    A pipe gets no escape codes, a terminal no hundred lines.
    """
    assert "\033" not in shown(PIP)
    assert 4 == shown(PIP, "-v", "rewrite=1").count("\033[K")


def test_an_error_is_shown_whole():
    """
    A hash that does not fit is said with both hashes, whatever else is left out.
    """
    error = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n    Expected sha256 a\n    Got b\n"

    assert error == shown(error)
