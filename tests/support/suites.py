"""Suites of a stranger, run by a pytest of their own with the plug-in of ours."""

import os
import shlex
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

PLUGIN = "vitalrig.testing.plugin"
IN_TWO_WORKERS = ("-p", "xdist.plugin", "--numprocesses=2", "--dist=each")
"""Two workers of pytest-xdist, each of which runs all tests."""

_OURS = ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST")

_A_REDIS_THAT_ENDS = """\
#!{python}
import sys
if "--version" in sys.argv:
    print("Redis server v=7.0.0")
    sys.exit()
print("no room here")
sys.exit(3)
"""


class Suite:
    """A folder with test files, far from this checkout and its configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if name not in _OURS
        } | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"}

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(textwrap.dedent(text))

    def run(self, *options: str) -> pytest.RunResult:
        began_s = time.monotonic()
        temporary = f"--basetemp={self.folder / 'basetemp'}"
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", PLUGIN, temporary, *options],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        print(ended.stdout, ended.stderr)  # noqa: T201  pytest shows it
        return pytest.RunResult(
            ended.returncode,
            ended.stdout.splitlines(),
            ended.stderr.splitlines(),
            time.monotonic() - began_s,
        )

    def run_line(self, line: str) -> pytest.RunResult:
        """Run what a report says: `pytest PATH::TEST`."""
        program, *words = shlex.split(line)
        assert "pytest" == program
        return self.run(*words)

    def give_a_redis_that_ends(self) -> None:
        """Put a redis-server first in PATH that says a line and ends with status 3."""
        programs = self.folder / "programs"
        programs.mkdir()
        program = programs / "redis-server"
        program.write_text(_A_REDIS_THAT_ENDS.format(python=sys.executable))
        program.chmod(0o755)
        self.environment["PATH"] = f"{programs}{os.pathsep}{self.environment['PATH']}"
