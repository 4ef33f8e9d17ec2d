"""What the plug-in costs a suite that does not use it."""

import subprocess
import sys
import tomllib
from pathlib import Path

from vitalrig.testing import plugin

ROOT = Path(__file__).parents[3]


def test_reading_the_plugin_imports_nothing_but_itself():
    """
    A suite that does not use it pays under 20 ms.
    """
    code = (
        "import pytest, sys; before = set(sys.modules); import vitalrig.testing.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "libs", capture_output=True, text=True, check=True
    ).stdout.split()

    assert ["vitalrig", "vitalrig.testing", "vitalrig.testing.plugin"] == loaded


def test_a_test_that_looks_at_no_series_imports_no_numpy():
    """
    A rig, its cameras and made sessions are there a tenth of a second sooner.
    """
    code = (
        "import sys; from vitalrig.testing import fixture_cameras, fixture_sessions; "
        "sys.exit('numpy' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], cwd=ROOT / "libs", check=True)


def test_no_hook_of_the_plugin_runs_for_each_test():
    """
    Those are registered when the first fixture is asked for.
    """
    hooks = [name for name in dir(plugin) if name.startswith("pytest_")]

    assert ["pytest_addoption", "pytest_configure", "pytest_load_initial_conftests"] == hooks


def test_an_installation_registers_the_plugin():
    """
    Nobody writes a line of configuration.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert {"vitalrig": plugin.__name__} == project["entry-points"]["pytest11"]
