"""The command that runs a service."""

import os
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]


def command_of(service: str, *flags: str) -> list[str]:
    """
    Give the command that runs a service of this checkout, from any folder.
    """
    path = os.pathsep.join([str(_ROOT), str(_ROOT / "libs")])
    code = f"import sys; sys.path[:0] = {path.split(os.pathsep)!r}; sys.argv[0] = {service!r}; "
    code += f"import runpy; runpy.run_module('services.{service}', run_name='__main__')"
    return [sys.executable, "-P", "-c", code, *flags]
