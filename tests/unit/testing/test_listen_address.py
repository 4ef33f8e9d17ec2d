"""Where the services of a rig for tests listen."""

import pytest

from vitalrig.testing.harness_ports import ReservedPorts
from vitalrig.testing.installed_redis import redis_command
from vitalrig.testing.listen_address import THIS_MACHINE, USUAL_PORTS, ListenAddress

BEYOND = ListenAddress("0.0.0.0")


@pytest.fixture
def ports():
    reserved = ReservedPorts()
    yield reserved
    reserved.release()


def test_on_this_machine_ports_are_free_ones(ports):
    """
    Two rigs never meet, and none meets the rig that people look at.
    """
    assert not {THIS_MACHINE.port(name, ports) for name in USUAL_PORTS} & set(USUAL_PORTS.values())


def test_in_a_container_ports_are_the_usual_ones(ports):
    """
    Whoever publishes them has to know them.
    """
    assert USUAL_PORTS == {name: BEYOND.port(name, ports) for name in USUAL_PORTS}


def test_redis_listens_on_this_machine_alone(tmp_path):
    """
    It has no password, so nobody else may reach it unless somebody asked for that.
    """
    command = redis_command(tmp_path / "redis-server", 6379, tmp_path)

    assert "127.0.0.1" == command[command.index("--bind") + 1]
    assert "--protected-mode" not in command


def test_what_is_reached_from_elsewhere_is_told_to_allow_it(tmp_path):
    """
    Redis and the server refuse others without a password otherwise.
    """
    command = redis_command(tmp_path / "redis-server", 6379, tmp_path, BEYOND)

    assert ["0.0.0.0", "no"] == [
        command[command.index(flag) + 1] for flag in ("--bind", "--protected-mode")
    ]
    assert {"listen_address": "0.0.0.0", "allow_insecure": True} == BEYOND.server_settings
