"""The rig's variables: defaults < .env < environment."""

import os
from pathlib import Path

import pytest

from rig.environment import group_of, load
from rig.errors import RigError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path):
    """A checkout with the real .env.example and nothing else."""
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text())
    return tmp_path


def test_every_variable_has_its_default_where_nothing_is_set(checkout):
    """
    A fresh checkout needs no .env.
    """
    environment = load(checkout, {})

    assert 50051 == environment.port("GRPC_PORT")
    assert "127.0.0.1" == environment["BIND_ADDRESS"]
    assert checkout / "data" / "sessions" == environment.sessions


def test_dot_env_goes_before_the_default_and_the_environment_before_both(checkout):
    """
    What is given on the command line is what counts.
    """
    (checkout / ".env").write_text("GRPC_PORT=1111\nEXPORTER_PORT=2222\n")

    environment = load(checkout, {"GRPC_PORT": "3333"})

    assert 3333 == environment.port("GRPC_PORT")
    assert 2222 == environment.port("EXPORTER_PORT")
    assert 9090 == environment.port("PROMETHEUS_PORT")


def test_an_empty_variable_of_the_environment_does_not_hide_dot_env(checkout):
    """
    Make hands on MODE and MONITORING whether they were given or not.
    """
    (checkout / ".env").write_text("MODE=local\n")

    assert "local" == load(checkout, {"MODE": ""})["MODE"]


def test_a_misspelt_name_stops_with_the_name_that_was_meant(checkout):
    """
    A typing mistake in .env is a message, not a default used in silence.
    """
    (checkout / ".env").write_text("GRPC_PROT=50061\n")

    with pytest.raises(RigError, match=r"GRPC_PROT.*Did you mean GRPC_PORT"):
        load(checkout, {})


def test_settings_of_services_may_stand_in_dot_env(checkout):
    """
    One file holds all that a deployment changes.
    """
    (checkout / ".env").write_text("VITALRIG_PHYSIOLOGY_SERVER_SOURCE=replay\n")

    environment = load(checkout, {})

    assert "replay" == environment.for_programs()["VITALRIG_PHYSIOLOGY_SERVER_SOURCE"]


def test_another_file_can_be_named_in_place_of_dot_env(checkout, tmp_path):
    """
    Tests do not see a developer's own .env.
    """
    (checkout / ".env").write_text("GRPC_PORT=1111\n")

    environment = load(checkout, {"RIG_ENV_FILE": str(tmp_path / "none")})

    assert 50051 == environment.port("GRPC_PORT")


@pytest.mark.parametrize("port", ["0", "65536", "many", "", "-1", "1.5"])
def test_a_port_that_is_none_is_refused_by_name(checkout, port):
    """
    The message says which variable to put right.
    """
    (checkout / ".env").write_text(f"GRPC_PORT='{port}'\n")

    with pytest.raises(RigError, match="GRPC_PORT"):
        load(checkout, {}).port("GRPC_PORT")


def test_containers_run_as_the_caller_but_never_as_root(checkout):
    """
    Session files belong to who started the rig; root is not handed into a container.
    """
    ours = str(os.getuid()) if os.getuid() else "10001"

    assert ours == load(checkout, {})["RIG_UID"]


def test_a_build_trusts_the_certificates_that_are_named(checkout, tmp_path):
    """
    Behind a proxy with a certificate of its own, builds reach the package index.
    """
    bundle = tmp_path / "company.crt"
    bundle.touch()

    assert str(bundle) == load(checkout, {"CA_BUNDLE": str(bundle)})["CA_BUNDLE"]
    assert str(bundle) == load(checkout, {"PIP_CERT": str(bundle)})["CA_BUNDLE"]


def test_the_group_of_the_camera_is_looked_up():
    """
    Nobody has to know the number of the group "video".
    """
    assert str(Path("/dev/null").stat().st_gid) == group_of("/dev/null")
    assert "" == group_of("/etc/hostname")
    assert "" == group_of("/dev/no-camera")


@pytest.mark.parametrize(
    ("value", "on"), [("1", True), ("yes", True), ("ON", True), ("0", False), ("No", False)]
)
def test_a_switch_is_on_or_off(checkout, value, on):
    """
    Whoever writes 0 means off.
    """
    assert on == load(checkout, {"MONITORING": value}).flag("MONITORING")


def test_a_switch_that_is_neither_on_nor_off_is_refused(checkout):
    """
    A typing mistake must not leave the monitoring out in silence.
    """
    with pytest.raises(RigError, match=r"MONITORING is 'ture'; it can be 1"):
        load(checkout, {"MONITORING": "ture"}).flag("MONITORING")
