"""What every container must be kept from, and what keeps it running for years."""

import os
import subprocess

import pytest

from tests.support.programs import docker_compose
from tests.support.rig_files import (
    ROOT,
    compose,
    packages,
    seconds,
    services,
    supervisor_environment,
    text,
)

EVERY = pytest.mark.parametrize("name", sorted(services()))


@EVERY
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("restart", "unless-stopped"),
        ("init", True),
        ("read_only", True),
        ("cap_drop", ["ALL"]),
        ("security_opt", ["no-new-privileges:true"]),
    ],
)
def test_every_container_is_hardened(name, key, value):
    """
    A service that is broken into can do little, and one that ends is started again.
    """
    assert value == services()[name][key]


@EVERY
def test_no_container_runs_as_root(name):
    """
    The user is a number, so that it does not depend on what an image calls it.
    """
    user = str(services()[name]["user"]).removeprefix("${RIG_UID:-")

    assert user.partition(":")[0].rstrip("}") not in {"", "0", "root"}


@EVERY
def test_memory_and_processes_are_limited(name):
    """
    A leak costs one service, not the machine.
    """
    limits = services()[name]["deploy"]["resources"]["limits"]

    assert {"memory", "pids"} <= limits.keys()


@EVERY
def test_logs_do_not_fill_the_disk(name):
    """
    The disk is for recordings.
    """
    options = services()[name]["logging"]["options"]

    assert {"max-size", "max-file"} <= options.keys()


@EVERY
def test_health_is_checked_often_and_without_curl(name):
    """
    The checks work with what the image has, and on engines that do not know start_interval.
    """
    check = services()[name]["healthcheck"]

    assert 5 == seconds(check["interval"])
    assert "start_interval" not in check
    assert "curl" not in " ".join(check["test"])


@EVERY
def test_every_port_is_bound_to_the_address_of_dot_env(name):
    """
    Docker goes past a host's firewall, so the default is this machine alone.

    Telemetry never is anywhere else: it takes what is posted from everybody who reaches it.
    """
    address = "127.0.0.1" if name == "telemetry" else "${BIND_ADDRESS:-127.0.0.1}"
    for port in services()[name].get("ports", []):
        assert address == port["host_ip"]


@EVERY
def test_no_container_has_a_fixed_name_or_the_engines_socket(name):
    """
    Two rigs fit on one machine, and none of them can control the engine.
    """
    service = services()[name]

    assert "container_name" not in service
    assert "privileged" not in service
    assert "docker.sock" not in str(service.get("volumes", ""))


@EVERY
def test_what_publishes_a_port_is_on_the_edge_and_redis_is_not(name):
    """
    An internal network cannot publish, so one that has to is on the other as well.
    """
    service = services()[name]

    assert ("ports" in service) == ("edge" in service["networks"])


def test_redis_is_not_published_and_its_network_is_internal():
    """
    Only the services that use Redis reach it.
    """
    assert ["data"] == services()["redis"]["networks"]
    assert compose()["networks"]["data"]["internal"] is True


def test_redis_asks_for_a_password_and_keeps_it_out_of_sight():
    """
    It comes from a file, never from an argument that `ps` shows.
    """
    redis = services()["redis"]

    assert {"redis_acl", "redis_password"} == set(redis["secrets"])
    assert "--aclfile" in redis["command"]
    assert "requirepass" not in text("docker-compose.yml") + text("config/redis.conf")
    assert " -a " not in " ".join(redis["healthcheck"]["test"])


def test_redis_keeps_the_streams_and_throws_nothing_away():
    """
    A collector that was away can read on after a restart of Redis.
    """
    conf = dict(
        line.split(None, 1)
        for line in text("config/redis.conf").splitlines()
        if line and not line.startswith("#")
    )

    assert "yes" == conf["appendonly"]
    assert "everysec" == conf["appendfsync"]
    assert "noeviction" == conf["maxmemory-policy"]
    assert "maxmemory" in conf


@EVERY
def test_own_configuration_is_mounted_read_only(name):
    """
    A service cannot change what it is told.
    """
    for volume in services()[name].get("volumes", []):
        if isinstance(volume, str) and volume.startswith("./"):
            assert volume.endswith(":ro"), volume


def test_telemetry_writes_its_own_folder_and_nothing_else():
    """
    It looks at the disk of session files; whoever breaks into it can change none.
    """
    volumes = [each for each in services()["telemetry"]["volumes"] if isinstance(each, dict)]

    assert {"/sessions": True, "/telemetry": False} == {
        volume["target"]: volume.get("read_only", False) for volume in volumes
    }


def test_only_the_collector_can_write_session_files():
    """
    Nothing else can harm a recording.
    """
    writers = [
        name
        for name, service in services().items()
        for volume in service.get("volumes", [])
        if isinstance(volume, dict)
        and volume["target"] == "/sessions"
        and not volume.get("read_only")
    ]

    assert ["collector"] == writers


def test_the_collector_has_time_to_finish_its_files():
    """
    Being stopped must not cut a summary short.
    """
    assert seconds(services()["collector"]["stop_grace_period"]) >= 30


@pytest.mark.parametrize("name", [n for n in sorted(services()) if n != "redis"])
def test_every_service_waits_for_a_healthy_peer_at_the_start(name):
    """
    `up --wait` starts in an order in which each finds what it needs.
    """
    peers = services()[name]["depends_on"].values()

    assert {"service_healthy"} == {peer["condition"] for peer in peers}


@pytest.mark.parametrize("name", sorted(packages()))
def test_a_service_is_given_its_own_password_of_redis_and_no_other(name):
    """
    A service that is broken into can do to Redis what it could before, and no more.
    """
    given = [secret for secret in services()[name]["secrets"] if "redis" in secret]
    there, local = services()[name]["environment"], supervisor_environment(name)
    prefix = f"VITALRIG_{name.upper()}_REDIS"

    assert [f"redis_password_{name}"] == given
    assert name == there[f"{prefix}_USERNAME"] == local[f"{prefix}_USERNAME"]
    assert f"/run/secrets/redis_password_{name}" == there[f"{prefix}_PASSWORD_FILE"]
    assert f"$RIG_SECRETS/redis_password_{name}" == local[f"{prefix}_PASSWORD_FILE"]


def test_plain_docker_compose_up_says_what_to_do():
    """
    Without passwords and folders it would leave half a rig; the first word of help is `make up`.
    """
    docker_compose()
    refused = subprocess.run(
        ["docker", "compose", "--env-file", "/dev/null", "config", "--quiet"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
    )  # fmt: skip

    assert 0 != refused.returncode
    assert "start the rig with `make up`" in refused.stderr
