"""
Programs that a test needs: skipped where they are missing, but never in CI.

`make test` brings what the machine does not have (tools/test-programs.sh).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest

BROUGHT = Path(sys.prefix) / "programs" / "bin"
_MISSING = " is missing; install "


def use_what_was_brought() -> None:
    """Find it after the machine's own programs, here and in whatever tests start."""
    path = os.environ.get("PATH", os.defpath)
    if str(BROUGHT) not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([path, str(BROUGHT)])


def program(name: str, *, package: str) -> str:
    return shutil.which(name) or _without(name, package)


def docker_compose() -> None:
    """Docker's command line with its plug-in compose, which Debian 12 has without it."""
    program("docker", package="docker.io")
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if asked.returncode:
        _without("docker compose", "docker-compose-plugin")


def _without(name: str, package: str) -> NoReturn:
    message = f"{name}{_MISSING}{package}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def not_tested(skipped: Iterable[pytest.TestReport]) -> str:
    """The programs for want of which something was not tested, in a line; nothing if none was."""
    reasons = [report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)]
    found = {
        f"{name.removeprefix('Skipped: ')} (package {package})"
        for name, missing, package in (reason.partition(_MISSING) for reason in reasons)
        if missing
    }
    return f"Not tested, for want of: {', '.join(sorted(found))}" if found else ""
