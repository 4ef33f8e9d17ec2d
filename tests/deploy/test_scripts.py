"""The Makefile and the scripts beside it."""

import os
import re
import shutil
import subprocess

import pytest

from tests.support.rig_files import ROOT, text

SCRIPTS = sorted([*ROOT.glob("tools/**/*.sh"), ROOT / "services/pip-install.sh", ROOT / ".ci/run"])


def test_bare_make_lists_every_target():
    """
    `make` alone explains the project.
    """
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)", text("Makefile"), re.MULTILINE)[1]
    targets = set(phony.replace("\\\n", " ").split())

    assert targets == set(re.findall(r"^  make (\S+)", listed, re.MULTILINE))
    assert all(len(line.split(None, 2)) == 3 for line in listed.splitlines() if "  make" in line)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_understood_by_their_shell(script):
    """
    A slip in a script that is rarely run is found now.
    """
    shell = "bash" if "bash" in script.read_text().splitlines()[0] else "sh"

    subprocess.run([shell, "-n", script], check=True)


@pytest.mark.parametrize(
    "script",
    # This one is copied into an image and handed to a shell.
    [script for script in SCRIPTS if script.name != "pip-install.sh"],
    ids=lambda path: path.name,
)
def test_scripts_can_be_run(script):
    """
    A checkout keeps the bit.
    """
    assert os.access(script, os.X_OK)


def test_make_up_starts_the_rig_by_the_standard_library_alone():
    """
    On a machine where nothing is installed, `python3 tools/rig` still works.
    """
    ended = subprocess.run(
        ["python3", "-I", "-S", "tools/rig", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "doctor" in ended.stdout


@pytest.mark.parametrize("script", ["lock", "wheelhouse"])
def test_a_script_that_needs_docker_says_so(script, tmp_path):
    """
    In words of its own, rather than the shell's.
    """
    for program in ("bash", "dirname"):
        (tmp_path / program).symlink_to(shutil.which(program))
    ended = subprocess.run(
        ["bash", str(ROOT / "tools" / f"{script}.sh")],
        check=False, env={"PATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip

    assert (1, f"{script}: no Docker engine answers") == (
        ended.returncode, ended.stderr.partition(";")[0],
    )  # fmt: skip
