"""Programs that a test needs: skipped where they are missing, but never in CI."""

import os
import shutil

import pytest


def program(name: str, *, package: str) -> str:
    if found := shutil.which(name):
        return found
    message = f"{name} is missing; install {package}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
