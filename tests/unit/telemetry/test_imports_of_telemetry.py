"""What importing the package brings, and what it says when that is not there."""

import subprocess
import sys

import pytest

import vitalrig.telemetry


def run_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def test_importing_the_package_brings_no_web_framework():
    """
    Nor pydantic: who only reads a name of it waits for nothing.
    """
    code = (
        "import sys, vitalrig.telemetry; "
        "print(sorted({'fastapi', 'uvicorn', 'starlette', 'pydantic'} & set(sys.modules)))"
    )

    assert "[]" == run_python(code)


@pytest.mark.parametrize("name", vitalrig.telemetry.__all__)
def test_every_name_is_there(name):
    """
    By the name that it is asked for.
    """
    assert name == getattr(vitalrig.telemetry, name).__name__


def test_a_name_whose_packages_are_missing_says_what_brings_them():
    """
    The command to install them, not a name that Python could not find.
    """
    code = (
        "import sys; sys.modules['pydantic'] = None\n"
        "import vitalrig.telemetry\n"
        "try: vitalrig.telemetry.EventRequest\n"
        "except ImportError as exc: print(exc)"
    )

    said = run_python(code)

    assert said.startswith("vitalrig.telemetry.EventRequest needs pydantic")
    assert "[telemetry]" in said
