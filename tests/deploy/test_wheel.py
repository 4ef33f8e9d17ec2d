"""The wheel, installed by itself and with what its extras bring."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.rig_files import ROOT

COMMANDS = {"vitalrig": "cli", "physiology_server": "physiology_server"}
PACKAGES = sysconfig.get_paths()["purelib"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def plain(wheel, tmp_path_factory):
    """An environment that holds the wheel and nothing else; gives the folder of its commands."""
    folder = tmp_path_factory.mktemp("plain")
    venv.create(folder, with_pip=False)
    pip("--python", folder / "bin" / "python", "install", "--no-deps", wheel)
    return folder / "bin"


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run(
        [*command, *map(str, arguments)],
        check=True, env=os.environ | {"PIP_NO_INDEX": "1"}, timeout=PATIENCE_S,
    )  # fmt: skip


def run(command, *arguments, **environment):
    return subprocess.run(
        [str(command), *arguments], capture_output=True, text=True, check=False,
        cwd="/", timeout=PATIENCE_S, env={"PATH": os.environ["PATH"]} | environment,
    )  # fmt: skip


@pytest.mark.parametrize(("command", "extra"), COMMANDS.items())
def test_a_command_without_its_packages_says_which_extra_brings_them(plain, wheel, command, extra):
    """
    In one line, with the file that the rest came from: our name on an index may be another's.
    """
    result = run(plain / command, "--help")

    assert (1, "") == (result.returncode, result.stdout)
    assert result.stderr.startswith(f"{command}: ")
    assert f"pip install '{wheel}[{extra}]'" in result.stderr
    assert 1 == result.stderr.count("\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_with_its_packages_is_called_by_its_name(plain, command):
    """
    In --help and in --version, not by the module or the file that it stands in.
    """
    told = run(plain / command, "--help", PYTHONPATH=PACKAGES)
    version = run(plain / command, "--version", PYTHONPATH=PACKAGES)

    assert (0, 0) == (told.returncode, version.returncode), told.stderr + version.stderr
    title = told.stdout.strip().splitlines()[0].removeprefix("Usage: ")
    assert title.startswith(f"{command} [")
    assert f"{command} 0." in version.stdout


def test_the_libraries_alone_need_nothing_more(plain):
    """
    A client installs the wheel for these two.
    """
    code = "import smartspectra.ipc, vitalrig.heartbeat; print('ok')"

    assert "ok\n" == run(plain / "python", "-I", "-c", code).stdout


def test_the_wheel_holds_what_runs_and_nothing_else(wheel):
    """
    No tests, no recipes for images, no configuration of a checkout.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [Path(name) for name in archive.namelist()]

    assert {"smartspectra", "vitalrig", "services"} == {
        path.parts[0] for path in names if not path.parts[0].endswith(".dist-info")
    }
    assert {".py", ".pyi", ".typed"} == {
        path.suffix for path in names if not path.parts[0].endswith(".dist-info")
    }


def test_the_server_is_a_command_in_its_image(tmp_path):
    """
    There the wheel is made of the libraries alone, and the service lies beside.
    """
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "libs", tmp_path / "libs")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path / "made", tmp_path)
    venv.create(tmp_path / "app", with_pip=False)
    (wheel,) = (tmp_path / "made").glob("*.whl")
    pip("--python", tmp_path / "app" / "bin" / "python", "install", "--no-deps", wheel)
    srv = tmp_path / "srv" / "services"
    srv.mkdir(parents=True)

    def version():
        command = tmp_path / "app" / "bin" / "physiology_server"
        return run(command, "--version", PYTHONPATH=f"{srv.parent}:{PACKAGES}")

    for name in ("__init__.py", "commands.py"):
        shutil.copy(ROOT / "services" / name, srv)
    in_another = version()
    shutil.copytree(ROOT / "services" / "physiology_server", srv / "physiology_server")
    in_its_own = version()

    assert "physiology_server is not part of this installation\n" == in_another.stderr
    assert in_its_own.stdout.startswith("physiology_server 0.")
