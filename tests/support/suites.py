"""Suites of a stranger, run by a pytest of their own with the plug-in of ours."""

import os
import shlex
import sys
from pathlib import Path

import pytest

PLUGIN = "vitalrig.testing.plugin"
IN_TWO_WORKERS = ("-p", "xdist.plugin", "--numprocesses=2", "--dist=each")
"""Two workers of pytest-xdist, each of which runs all tests."""

OURS = ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST")
A_REDIS_THAT_ENDS = """\
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

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.folder: Path = pytester.path

    def write(self, **files: str) -> None:
        self._pytester.makepyfile(**files)

    def run(self, *options: str) -> pytest.RunResult:
        return self._pytester.runpytest_subprocess("-p", PLUGIN, *options)

    def run_line(self, line: str) -> pytest.RunResult:
        """Run what a report says: `pytest PATH::TEST`."""
        program, *words = shlex.split(line)
        assert "pytest" == program
        return self.run(*words)


def with_a_redis_that_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a redis-server first in PATH that says two lines and ends with status 3."""
    programs = folder / "programs"
    programs.mkdir()
    program = programs / "redis-server"
    program.write_text(A_REDIS_THAT_ENDS.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
