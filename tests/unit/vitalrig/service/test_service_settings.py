"""Settings: the later source wins, and a key nobody knows is a message, not a default."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import Field

from tests.support.patience import PATIENCE_S
from vitalrig.errors import BadSettings
from vitalrig.service.service_settings import HelpWanted, Names, ServiceSettings, for_service
from vitalrig.version import VERSION

ROOT = Path(__file__).parents[4]


class Settings(ServiceSettings):
    """A service that tests settings."""

    model_config = for_service("probe")

    depth: int = Field(1, gt=0, description="how deep")
    loud: bool = Field(False, description="whether to be heard")
    names: Names = Field(("a",), description="several names")


def load(*argv, yaml=None, environ=None, folder: Path | None = None):
    if yaml is not None:
        (folder / "probe.yml").write_text(yaml)
        argv = (f"--config={folder / 'probe.yml'}", *argv)
    return Settings.load(argv, environ or {})[0]


def test_without_any_source_the_defaults_hold(tmp_path):
    """
    A service can be started with no configuration at all.
    """
    assert 1 == load().depth


def test_yaml_wins_over_the_default(tmp_path):
    """
    config/ is where a deployment says what it wants.
    """
    assert 2 == load(yaml="depth: 2", folder=tmp_path).depth


def test_the_environment_wins_over_yaml(tmp_path, monkeypatch):
    """
    A container is adjusted without editing a file.
    """
    monkeypatch.setenv("VITALRIG_PROBE_DEPTH", "3")

    assert 3 == load(yaml="depth: 2", folder=tmp_path).depth


def test_a_flag_wins_over_the_environment(monkeypatch):
    """
    Whoever types a flag means it.
    """
    monkeypatch.setenv("VITALRIG_PROBE_DEPTH", "3")

    assert 4 == load("--depth=4").depth


@pytest.mark.parametrize("argv", [("--loud",), ("--loud=true",), ("--loud", "--depth", "2")])
def test_a_boolean_flag_may_stand_bare(argv):
    """
    Flags are written as the vendor's guide writes them.
    """
    assert load(*argv).loud


def test_several_names_stand_with_commas_in_a_flag():
    """
    A list needs no quoting.
    """
    assert ("left", "right") == load("--names=left, right").names


@pytest.mark.parametrize(
    ("yaml", "key"),
    [("detph: 2", "detph"), ("depth: many", "depth"), ("depth: 0", "depth")],
    ids=["unknown key", "no number", "out of range"],
)
def test_yaml_that_cannot_work_is_refused_by_the_name_of_its_key(tmp_path, yaml, key):
    """
    A typing mistake in config/ is a message, not a default used in silence.
    """
    with pytest.raises(BadSettings, match=key):
        load(yaml=yaml, folder=tmp_path)


def test_an_unknown_key_in_the_environment_is_refused_by_name():
    """
    VITALRIG_PROBE_ belongs to this service, so a key that it does not know is a mistake.
    """
    with pytest.raises(BadSettings, match=r"VITALRIG_PROBE_DETPH.*did you mean depth"):
        load(environ={"VITALRIG_PROBE_DETPH": "2"})


def test_an_unknown_flag_is_handed_back():
    """
    The service decides whether an unknown flag stops it.
    """
    assert ["--detph=2"] == Settings.load(["--detph=2"], {})[1]


def test_a_config_file_that_is_not_there_is_refused():
    """
    A path that was given and is wrong is never skipped.
    """
    with pytest.raises(BadSettings, match="nowhere.yml"):
        load("--config=nowhere.yml")


@hypothesis_settings(suppress_health_check=list(HealthCheck), max_examples=50)
@given(text=st.text(max_size=60))
@example(text="\x1f")
@example(text="?")
def test_any_yaml_either_loads_or_is_refused(tmp_path, text):
    """
    No file under config/ can end a service with a traceback.
    """
    (tmp_path / "any.yml").write_text(text, encoding="utf-8", errors="replace")
    try:
        loaded = load(f"--config={tmp_path / 'any.yml'}")
    except BadSettings:
        return

    assert isinstance(loaded, Settings)


@pytest.mark.parametrize("key", ["?", "1: yes", "yes: 1"])
def test_a_key_that_is_not_text_is_refused_by_name(tmp_path, key):
    """
    YAML has keys that are numbers, truths or nothing; none of them is a setting.
    """
    (tmp_path / "odd.yml").write_text(key)

    with pytest.raises(BadSettings, match=r"odd\.yml: (None|1|True): a key has to be text"):
        load(f"--config={tmp_path / 'odd.yml'}")


def test_help_names_every_key_with_its_default():
    """
    --help is enough to use a service.
    """
    with pytest.raises(HelpWanted) as wanted:
        load("--help")

    assert all(f"--{key}  (" in str(wanted.value) for key in Settings.model_fields)


MODULES = [
    f"services.{path.parent.name}" for path in sorted((ROOT / "services").glob("*/__main__.py"))
] + ["services.collector.relay"]


@pytest.mark.parametrize("module", MODULES)
def test_every_service_tells_its_version_and_how_it_was_started(module):
    """
    And `| head` ends it without a complaint.
    """

    def said(argument):
        command = f"{shlex.quote(sys.executable)} -m {module} {argument} | head -1"
        result = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        return result.returncode, result.stdout, result.stderr

    name = module.rpartition(".")[2]
    assert (0, f"{name} {VERSION}\n", "") == said("--version")
    assert (0, f"python -m {module} [--config FILE] [--KEY=VALUE ...]\n", "") == said("--help")


def test_a_password_file_that_is_not_there_is_refused():
    """
    No service goes on without the password it was told to use.
    """
    with pytest.raises(BadSettings, match="redis_password_file"):
        load("--redis_password_file=nowhere").redis_password()
