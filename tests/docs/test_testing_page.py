"""
docs/testing.md: every test on the page is run as it stands, with the program that it tests.

All of them by one pytest, in a folder of their own, on one rig.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

import testing_names
from tests.support.patience import PATIENCE_S

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w.]+)`:\n\n```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
TESTS = {
    name: program
    for program in PROGRAMS
    if program not in FILES.values()
    for name in re.findall(r"^def (test_\w+)", program, re.MULTILINE)
}
LINES_OF_THE_EXAMPLE = 10
"""Beside what it imports."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What became of each test, and what pytest said of all."""
    folder = tmp_path_factory.mktemp("team")
    for name, text in {**FILES, **{f"{name}.py": text for name, text in TESTS.items()}}.items():
        (folder / name).write_text(text, encoding="utf-8")
    report = folder / "report.xml"
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "vitalrig.testing.plugin", f"--junitxml={report}"],
        cwd=folder,
        env={
            **{name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")},
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE_S * 2,
    ).stdout
    cases = ET.parse(report).iter("testcase") if report.exists() else ()
    return {case.get("name"): [child.tag for child in case] for case in cases}, said


@pytest.mark.parametrize("name", TESTS)
def test_a_test_on_the_page_passes(outcomes, name):
    """
    As it stands there, against the program that stands there.
    """
    each, said = outcomes

    assert [] == each.get(name, ["not run"]), said


def test_every_program_on_the_page_is_run():
    """
    A program that is no test has the name of its file in the line before.
    """
    assert [*TESTS.values(), *FILES.values()] == sorted(
        PROGRAMS, key=lambda program: program in FILES.values()
    )


def test_the_first_example_has_ten_lines():
    """
    Who needs more to begin looks for something else.
    """
    lines = [line for line in PROGRAMS[0].splitlines() if line and "import" not in line]

    assert len(lines) <= LINES_OF_THE_EXAMPLE


def test_every_fixture_and_option_is_on_the_page():
    """
    What it does not name nobody looks for.
    """
    known = [*testing_names.fixtures(), *testing_names.options()]

    assert [] == [each.name for each in known if each.kind != "ini" and each.name not in PAGE]


@pytest.mark.parametrize("schema", ["github-workflows", "gitlab-ci"])
def test_a_ci_file_is_one(tmp_path, schema):
    """
    By the schema of the system that reads it.
    """
    files = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (text,) = (text for text in files if ("jobs" in yaml.safe_load(text)) == ("github" in schema))
    (tmp_path / "ci.yml").write_text(text, encoding="utf-8")
    command = Path(sys.executable).with_name("check-jsonschema")
    said = subprocess.run(
        [command, "--builtin-schema", f"vendor.{schema}", tmp_path / "ci.yml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == said.returncode, said.stdout
