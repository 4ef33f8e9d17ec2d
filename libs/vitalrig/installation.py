"""
Where this installation has its services, scenarios and sample recording, and how a service is run.

A program that installs us may have a package called `services`. So in a wheel ours stands inside
`vitalrig`, with what it reads beside it, and is on the path of its own processes alone.
"""

import difflib
import sys
from importlib.util import find_spec
from pathlib import Path

from vitalrig.errors import BadSettings

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_installed"
_CHECKOUT = _PACKAGE.parents[1]
SAMPLE_RECORDING = Path("samples/data/rest_ppg_resp_40hz.csv")
"""The shipped recording of a person at rest, below `tree_root()`: a CSV of signals."""

_PATH_SUFFIXES = (".yml", ".yaml")


def tree_root() -> Path:
    """
    Give the folder that holds `services`, `config/scenarios` and `samples/data`.

    It is inside the package where a wheel was installed, else the checkout. In an image, whose
    wheel has libraries alone, it is the folder on the path that `services` lies in.
    """
    for root in (_INSTALLED, _CHECKOUT):
        if (root / "services").is_dir():
            return root
    found = find_spec("services")
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))).parent if places else _INSTALLED


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
    Give the shipped recording, which the server can replay.
    """
    return tree_root() / SAMPLE_RECORDING


def recording_path(path: Path) -> Path:
    """
    Find what is replayed: the file, or the shipped recording where that was meant.

    Its usual path is one in a checkout, and there is no such file in other folders.
    """
    return sample_recording() if path == SAMPLE_RECORDING and not path.exists() else path


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
