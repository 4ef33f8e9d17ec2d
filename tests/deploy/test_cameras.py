"""More than one camera: what tools/rig writes for compose and for supervisord."""

import subprocess

import pytest
import yaml

from rig import compose_cameras, grpc_door
from rig.cameras import parse
from rig.environment import Environment, load
from rig.fleet import Fleet
from rig.local import supervisord_conf
from tests.support.programs import docker_compose
from tests.support.rig_files import (
    ROOT,
    compose_yaml,
    environment_of,
    programs,
    services,
    text,
    words_of,
)

ROOT_ENVIRONMENT = {"RIG_ENV_FILE": "/nonexistent", "GRPC_PORT": "50100"}
LIST = """
- name: ward-1
  device: /dev/null
- name: physiology
  pulse_rate: 84
- name: ward-2
  url: rtsp://10.0.0.7/a?b=$c%20"d'
- name: demo
  scenario: config/scenarios/apnea.yml
"""
NAMES = ["ward-1", "physiology", "ward-2", "demo"]
SERVERS = [
    "physiology_server-ward-1",
    "physiology_server",
    "physiology_server-ward-2",
    "physiology_server-demo",
]


@pytest.fixture
def environment(tmp_path) -> Environment:
    (tmp_path / "token").write_text("secret\n")
    given = {"DATA_DIR": str(tmp_path / "it's $HOME"), "GRPC_TOKEN_FILE": str(tmp_path / "token")}
    return load(ROOT, {**ROOT_ENVIRONMENT, **given})


@pytest.fixture
def door(environment):
    return grpc_door.of_rig(environment)


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(tuple(parse(LIST, "cameras.yml")), 50100)


@pytest.fixture
def local(fleet, door):
    """The programs of the servers, under supervisord."""
    found = programs(supervisord_conf.render(text("config/supervisord.conf"), fleet, door))
    return {name: program for name, program in found.items() if name.startswith("physiology")}


@pytest.fixture
def composed(fleet, environment):
    """The services of the generated compose file."""
    return compose_yaml(compose_cameras.render(fleet, environment))["services"]


def test_every_camera_has_a_server_of_its_own(local, composed):
    """
    One that fails costs its own camera, and no other.
    """
    assert SERVERS == list(local)
    assert SERVERS == list(composed)


def test_both_modes_tell_a_camera_the_same(local, composed):
    """
    What works in containers works as processes, and the other way round.
    """
    base = {key for key, value in services()["physiology_server"]["environment"].items() if value}
    of_compose = {name: base | composed[name]["environment"].keys() for name in SERVERS}
    of_local = {name: set(environment_of(local[name])) for name in SERVERS}

    # /dev/null is no /dev/video, which only a process has to find by its number.
    of_compose[SERVERS[0]].discard("VITALRIG_PHYSIOLOGY_SERVER_CAMERA_DEVICE_INDEX")
    assert of_compose == of_local


def test_every_camera_has_its_own_prefix_port_health_and_log(local, composed):
    """
    Nothing of one camera can be taken for another's.
    """
    for key in ("REDIS_KEY_PREFIX", "PORT", "HEALTH_FILE"):
        variable = f"VITALRIG_PHYSIOLOGY_SERVER_{key}"
        assert 4 == len({environment_of(local[name])[variable] for name in SERVERS}), key
    key = "VITALRIG_PHYSIOLOGY_SERVER_REDIS_KEY_PREFIX"
    assert NAMES == [composed[name]["environment"][key] for name in SERVERS]
    assert NAMES == [environment_of(local[name])[key] for name in SERVERS]
    assert 4 == len({program["stdout_logfile"] for program in local.values()})


def test_ports_go_upwards_from_the_first(local, composed):
    """
    The order of the list is the order of the ports, in both modes.
    """
    ports = [environment_of(local[name])["VITALRIG_PHYSIOLOGY_SERVER_PORT"] for name in SERVERS]

    assert ["50100", "50101", "50102", "50103"] == ports
    published = [composed[name]["ports"][0]["published"] for name in SERVERS if "-" in name]
    assert ["50100", "50102", "50103"] == published


def test_what_a_camera_is_told_reaches_it_whatever_it_holds(local, fleet, door):
    """
    A URL has characters that mean something to shells, to supervisord and to compose.
    """
    variable = environment_of(local["physiology_server-ward-2"])[
        "VITALRIG_PHYSIOLOGY_SERVER_INPUT_PATH"
    ]
    script = 'printf %s "' + variable + '"'
    told = subprocess.run(
        ["/bin/sh", "-c", script], env=supervisord_conf.variables(fleet, door),
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "rtsp://10.0.0.7/a?b=$c%20\"d'" == told.stdout


def test_every_server_runs_the_same_program(local):
    """
    They differ in what they are told, not in what they are.
    """
    arguments = {tuple(words_of(program)[-5:]) for program in local.values()}

    assert {("$RIG_PYTHON", "-m", "services.physiology_server", "--config")} == {
        words[:4] for words in arguments
    }


def test_compose_understands_what_is_written_for_it(fleet, environment, tmp_path):
    """
    Each container has its port and its device, and no value is taken for a variable.
    """
    docker_compose()
    written = compose_cameras.write(fleet, environment)

    asked = subprocess.run(
        ["docker", "compose", "--env-file", "/dev/null", "--file",
         environment.root / "docker-compose.yml", "--file", written, "config", "--format", "json"],
        capture_output=True, text=True, check=False,
        env={**environment.for_programs(), **fleet.variables(), "RIG_REDIS_USERS": "known"},
    )  # fmt: skip

    assert 0 == asked.returncode, asked.stderr
    found = yaml.safe_load(asked.stdout)["services"]
    ward_1, ward_2 = found["physiology_server-ward-1"], found["physiology_server-ward-2"]
    assert ["50100"] == [port["published"] for port in ward_1["ports"]]
    assert "build" not in ward_1
    assert {"grpc_token", "redis_password_physiology_server"} == {
        secret["source"] for secret in ward_1["secrets"]
    }
    assert "/dev/video0" in str(ward_1["devices"])
    told = ward_2["environment"]["VITALRIG_PHYSIOLOGY_SERVER_INPUT_PATH"]
    assert "rtsp://10.0.0.7/a?b=$$c%20\"d'" == told
    assert (
        "ward-1,physiology,ward-2,demo"
        == (found["collector"]["environment"]["VITALRIG_COLLECTOR_PREFIXES"])
    )
