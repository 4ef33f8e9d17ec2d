"""Where the parts of an installation are, told from the checkout; the wheel is in tests/deploy."""

import subprocess
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.rig_files import ROOT
from vitalrig import installation
from vitalrig.errors import BadSettings


def run(service, *flags, folder):
    return subprocess.run(
        installation.command_of(service, *flags),
        cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip


def test_the_checkout_is_the_installation_of_who_works_in_it():
    """
    What is edited there is what runs.
    """
    assert ROOT == installation.tree_root()
    assert installation.sample_recording().is_file()


def test_a_shipped_scenario_is_found_by_its_name():
    """
    In a program that does not know where we are installed.
    """
    path = installation.scenario_path("apnea")

    assert ROOT / "config" / "scenarios" / "apnea.yml" == path
    assert [file.stem for file in sorted(path.parent.glob("*"))] == installation.scenario_names()


@pytest.mark.parametrize("path", ["mine.yml", "sub/mine", "/nowhere/apnea", "apnea.yml"])
def test_a_path_is_left_as_it_is(path):
    """
    Whoever reads it knows best what is wrong with it.
    """
    assert Path(path) == installation.scenario_path(path)


def test_the_sample_recording_is_found_from_other_folders(tmp_path, monkeypatch):
    """
    Its usual path is one in a checkout; who has a file there means that, and any other path stands.
    """
    usual = installation.SAMPLE_RECORDING
    monkeypatch.chdir(tmp_path)

    assert installation.sample_recording() == installation.recording_path(usual)
    assert Path("mine.csv") == installation.recording_path(Path("mine.csv"))

    usual.parent.mkdir(parents=True)
    usual.touch()

    assert usual == installation.recording_path(usual)


def test_a_file_goes_before_what_is_shipped(tmp_path, monkeypatch):
    """
    A command line that names a file means that file, however many scenarios we come to ship.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "apnea").write_text("name: mine")

    assert Path("apnea") == installation.scenario_path("apnea")


def test_a_name_that_is_not_shipped_is_told_the_nearest():
    """
    And all there are.
    """
    with pytest.raises(BadSettings) as refused:
        installation.scenario_path("apnoea")

    assert str(refused.value).startswith(
        "scenario: 'apnoea' is neither a file nor a shipped scenario; did you mean apnea?; "
        "shipped are apnea, bad_day, "
    )


@pytest.mark.parametrize("service", ["physiology_server", "collector", "exporter", "telemetry"])
def test_a_service_starts_beside_a_strangers_package_of_the_same_name(service, tmp_path):
    """
    `services` is a name that many have, also first in the folder that they work in.
    """
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").write_text("raise SystemExit('a stranger')")

    result = run(service, "--version", folder=tmp_path)

    assert (0, "") == (result.returncode, result.stderr)
    assert result.stdout.startswith(f"{service} ")


@pytest.mark.parametrize("service", ["collectr", "collector.rely", "collector.rely.deep"])
def test_a_service_that_is_not_there_is_one_line(service, tmp_path):
    """
    No traceback: the name is wrong, or the installation is that of another service.
    """
    result = run(service, folder=tmp_path)

    assert (1, f"{service} is not part of this installation\n") == (
        result.returncode,
        result.stderr,
    )


def test_help_says_how_it_was_asked_for(tmp_path):
    """
    Also for a module of a service, which has no command of its own.
    """
    result = run("collector.relay", "--help", folder=tmp_path)

    assert result.stdout.startswith("python -P -m vitalrig.launch collector.relay [")
