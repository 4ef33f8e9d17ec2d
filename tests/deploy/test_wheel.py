"""The wheel, installed by itself and with what its extras bring."""

import json
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
from vitalrig import installation

COMMANDS = {
    "vitalrig": "cli",
    "physiology_server": "physiology_server",
    "vitalrig-collector": "collector",
    "vitalrig-exporter": "exporter",
    "vitalrig-telemetry": "telemetry,service",
}
INSTALLED = Path("vitalrig/_installed")
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


def run(command, *arguments, cwd="/", **environment):
    return subprocess.run(
        [str(command), *map(str, arguments)], capture_output=True, text=True, check=False,
        cwd=cwd, timeout=PATIENCE_S, env={"PATH": os.environ["PATH"]} | environment,
    )  # fmt: skip


@pytest.fixture
def stranger(tmp_path):
    """A project that has a package called `services`, too, and puts it first on its path."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").write_text("raise SystemExit('a stranger')")
    return {"cwd": tmp_path, "PYTHONPATH": f"{tmp_path}:{PACKAGES}"}


def code_in(environment, text, **where):
    """What a program prints that runs in the environment."""
    result = run(environment / "python", "-c", text, **where)
    assert (0, "") == (result.returncode, result.stderr)
    return result.stdout.strip()


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
    names = names_in(wheel)
    shipped = {name for name in names if {"config", "samples"} & set(name.parts)}

    assert {".py", ".pyi", ".typed"} == {name.suffix for name in names - shipped}
    assert shipped == {
        INSTALLED / path.relative_to(ROOT)
        for folder in ("config/scenarios", "samples/data")
        for path in (ROOT / folder).iterdir()
    }


def test_the_top_of_an_environment_gets_no_name_that_others_have(wheel, plain):
    """
    Who installs us may have a package called `services`, and imports it as before.
    """
    finds = "from importlib.util import find_spec; print(find_spec('services'))"

    assert {"smartspectra", "vitalrig"} == {name.parts[0] for name in names_in(wheel)}
    assert "None" == code_in(plain, finds)


def names_in(wheel):
    """The files of a wheel, but for what says that it is one."""
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name) for name in archive.namelist()}
    return {name for name in names if not name.parts[0].endswith(".dist-info")}


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "vitalrig"])
def test_a_command_starts_beside_a_strangers_package_of_the_same_name(plain, stranger, command):
    """
    Ours is first on the path of its own process, and on no other's.
    """
    result = run(plain / command, "--version", **stranger)

    assert (0, "") == (result.returncode, result.stderr)
    assert result.stdout.startswith(f"{command} 0.")


@pytest.mark.parametrize(
    "flags",
    [
        ["--source=synthetic", "--scenario=apnea"],
        ["--source=replay", "--noreplay_loop", "--replay_start_s=540"],
    ],
    ids=["scenario", "sample"],
)
def test_the_installed_server_plays_to_the_end(plain, stranger, flags):
    """
    Away from any checkout it has all that it reads.
    """
    result = run(
        plain / "physiology_server", *flags, "--speed=inf", "--port=0", "--autostart",
        "--publish_core=always", "--streaming_backend=file", "--file_base_directory=out",
        "--exit_at_end", "--health_file=health", **stranger,
    )  # fmt: skip

    assert 0 == result.returncode, result.stdout + result.stderr
    sent = (stranger["cwd"] / "out" / "edge_metrics.jsonl").read_text().splitlines()
    assert {"edge_metrics"} == {json.loads(line)["type"] for line in sent}
    assert 1000 < len(sent)


def test_an_installation_names_its_own_parts(plain, stranger):
    """
    The scenarios and the recording of the checkout that it was made from.
    """
    code = (
        "import json; from vitalrig import installation as i; print(json.dumps([str(i.tree_root()),"
        " i.scenario_names(), i.scenario_path('apnea').read_text(), str(i.sample_recording())]))"
    )
    root, names, apnea, recording = json.loads(code_in(plain, code, cwd=stranger["cwd"]))

    assert root.endswith(f"site-packages/{INSTALLED}")
    assert installation.scenario_names() == names
    assert installation.scenario_path("apnea").read_text() == apnea
    assert installation.sample_recording().read_bytes() == Path(recording).read_bytes()


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """As in services/Dockerfile: a wheel of the libraries alone, and a folder on the path."""
    folder = tmp_path_factory.mktemp("image")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "libs", folder / "libs")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "made", folder)
    venv.create(folder / "app", with_pip=False)
    (wheel,) = (folder / "made").glob("*.whl")
    pip("--python", folder / "app" / "bin" / "python", "install", "--no-deps", wheel)
    return folder / "app" / "bin"


def srv_of(folder, *services):
    """The folder that an image has beside its wheel, with what compose mounts into it."""
    (folder / "services").mkdir()
    shutil.copy(ROOT / "services" / "__init__.py", folder / "services")
    for name in services:
        shutil.copytree(ROOT / "services" / name, folder / "services" / name)
    shutil.copytree(ROOT / "config", folder / "config")
    return {"cwd": folder, "PYTHONPATH": f"{folder}:{PACKAGES}"}


def test_the_server_is_a_command_in_its_image(image, tmp_path):
    """
    There the wheel is made of the libraries alone, and the service lies beside.
    """
    result = run(image / "physiology_server", "--version", **srv_of(tmp_path, "physiology_server"))

    assert result.stdout.startswith("physiology_server 0.")


def test_a_command_in_the_image_of_another_service_is_one_line(image, tmp_path):
    """
    It is not a fault of the image.
    """
    result = run(image / "physiology_server", "--version", **srv_of(tmp_path, "exporter"))

    assert "physiology_server is not part of this installation\n" == result.stderr


def test_shipped_scenarios_have_their_names_in_an_image(image, tmp_path):
    """
    A line of .env is the same for containers and for processes.
    """
    names = "from vitalrig.installation import scenario_names as n; print(*n())"
    where = srv_of(tmp_path, "physiology_server")

    assert " ".join(installation.scenario_names()) == code_in(image, names, **where)
