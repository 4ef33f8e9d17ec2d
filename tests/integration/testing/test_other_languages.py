"""samples/testing: tests of programs in other languages, which start a rig by a command."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.programs import program

SAMPLES = Path(__file__).parents[3] / "samples" / "testing"
NODE_TEST = SAMPLES / "apnea.test.mjs"


def node(*arguments, **changes):
    return subprocess.run(
        [program("node", package="nodejs"), *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        env=os.environ | {"PYTHON": sys.executable} | changes,
    )  # fmt: skip


def test_a_test_in_node_sees_an_apnea():
    """
    It has nothing of ours but the line that serve prints, and no package.
    """
    ended = node("--test", NODE_TEST)

    assert (0, True) == (ended.returncode, "# pass 1\n" in ended.stdout), ended.stdout


def test_a_rig_that_cannot_be_started_fails_the_test_in_node(tmp_path):
    """
    At once, with what the command said; nothing waits for a line that never comes.
    """
    text = NODE_TEST.read_text().replace('"apnea"', '"apnoea"')
    for path in SAMPLES.glob("*.mjs"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / NODE_TEST.name).write_text(text)
    ended = node("--test", tmp_path / NODE_TEST.name)

    assert 1 == ended.returncode
    assert "did you mean apnea?" in ended.stdout + ended.stderr


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.mjs")), ids=lambda path: path.name)
def test_the_sample_needs_no_package_of_npm(path):
    """
    It imports what comes with Node, and the files beside it.
    """
    imported = re.findall(r'^import .* from "(.*)";$', path.read_text(), re.MULTILINE)

    assert [] == [name for name in imported if not name.startswith(("node:", "./"))]


def test_the_sample_in_go_asks_for_the_same_rig():
    """
    It is not run here; what it reads of the line is what the line has.
    """
    text = (SAMPLES / "apnea_test.go").read_text()
    options = ", ".join(re.search(r"startRig\((.*)\);", NODE_TEST.read_text())[1].split(", "))

    assert f"startRig(t, {options})" in text
    assert ["redis", "physiology_server", "exporter", "prefix"] == re.findall(
        r'json:"(\w+)"`', text
    )[:4]
