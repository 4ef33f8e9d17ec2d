"""requirements/ is what pyproject.toml asks for, pinned and with hashes. Repair: make lock."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.rig_files import ROOT, packages, text

EXTRAS = tomllib.loads(text("pyproject.toml"))["project"]["optional-dependencies"]
LOCKS = sorted(path.stem for path in (ROOT / "requirements").glob("*.txt"))
LOCKED_EXTRAS = sorted([*packages(), "rig", "dev"])


def pins(lock: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text(f"requirements/{lock}.txt"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def wanted(extra: str) -> list[Requirement]:
    """What an extra asks for, through the extras of ours that it names."""
    found = []
    for requirement in map(Requirement, EXTRAS[extra]):
        if requirement.name == "vitalrig":
            found += [inner for name in requirement.extras for inner in wanted(name)]
        else:
            found.append(requirement)
    return found


@pytest.mark.parametrize("extra", LOCKED_EXTRAS)
def test_a_lock_holds_what_its_extra_asks_for(extra):
    """
    A dependency that is added to pyproject.toml reaches the images. Repair: make lock.
    """
    locked = pins(extra)

    missing = [
        str(requirement)
        for requirement in wanted(extra)
        if (version := locked.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(version, prereleases=True)
    ]

    assert [] == missing


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_no_address(lock):
    """
    What is installed is what was tested, from whatever index it comes.
    """
    content = text(f"requirements/{lock}.txt")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", "\n".join(_uncommented(content)))

    assert len(pins(lock)) == len(blocks)
    assert [] == [block for block in blocks if "--hash=sha256:" not in block]
    assert not re.search(r"://| @ |--index|--extra-index|--find-links|--trusted", content)


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if lock != "dev"])
def test_all_locks_agree(lock):
    """
    What is tested in .venv is what runs in the images.
    """
    everything = pins("dev") | pins("build")

    assert {} == {
        name: version for name, version in pins(lock).items() if everything.get(name) != version
    }


def test_what_builds_the_wheel_is_locked_too():
    """
    A build without a network needs its back end in the wheelhouse.
    """
    backend = tomllib.loads(text("pyproject.toml"))["build-system"]["requires"]

    assert {Requirement(line).name for line in backend} | {"editables"} <= pins("build").keys()


def _uncommented(content: str) -> list[str]:
    return [line for line in content.splitlines() if line and not line.lstrip().startswith("#")]
