"""
Where this installation has its services, scenarios and sample recording, and how a service is run.

A program that installs us may have a package called `services`. So in a wheel ours stands inside
`vitalrig`, with what it reads beside it, and is on the path of its own processes alone.
"""

import difflib
import sys
from pathlib import Path

from vitalrig.errors import BadSettings

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_installed"
_CHECKOUT = _PACKAGE.parents[1]
_PATH_SUFFIXES = (".yml", ".yaml")


def tree_root() -> Path:
    """
    Give the folder that holds `services`, `config/scenarios` and `samples/data`.

    It is inside the package where a wheel was installed, else the checkout.
    """
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def scenario_names() -> list[str]:
    """
    Name the scenarios that are shipped, in order.
    """
    return sorted(path.stem for path in _scenarios().glob("*.yml"))


def scenario_path(name_or_path: str | Path) -> Path:
    """
    Find a scenario by the name that it is shipped under, or by its path.

    A file of that name goes before one that is shipped. A path is given back as it is, whether
    there is a file or not: who reads it says so.

    Raises:
        BadSettings: If it is a name, and nothing is shipped under it; the text has the nearest.
    """
    path = Path(name_or_path)
    if path.name != str(path) or path.suffix in _PATH_SUFFIXES or path.is_file():
        return path
    if path.name in scenario_names():
        return _scenarios() / f"{path.name}.yml"
    names = scenario_names()
    near = difflib.get_close_matches(path.name, names, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    shipped = f"; shipped are {', '.join(names)}" if names else ""
    raise BadSettings(
        f"scenario: {path.name!r} is neither a file nor a shipped scenario{hint}{shipped}"
    )


def sample_recording() -> Path:
    """
    Give the shipped recording of a person at rest: a CSV that the server can replay.
    """
    return tree_root() / "samples" / "data" / "rest_ppg_resp_40hz.csv"


def command_of(service: str, *flags: str) -> list[str]:
    """
    Give the command that runs a service of this installation, from any folder.

    Args:
        service: Its name, such as `collector`, or a module of one, such as `collector.relay`.
        flags: What it is told.
    """
    return [sys.executable, "-P", "-m", "vitalrig.launch", service, *flags]


def _scenarios() -> Path:
    return tree_root() / "config" / "scenarios"
