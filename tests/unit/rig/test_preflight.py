"""What is looked at before anything starts."""

import os
import socket
from pathlib import Path

import pytest

from rig import preflight
from rig.environment import Environment, load
from rig.errors import RigError
from rig.fleet import wanted
from rig.preflight import Check, Port
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[3]


def an_environment(**changes: object) -> Environment:
    values = load(ROOT, {"RIG_ENV_FILE": "/nonexistent"}).values
    return Environment(ROOT, values | {name: str(value) for name, value in changes.items()})


@pytest.fixture
def taken_port():
    """A port on which this process really listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        yield server.getsockname()[1]


def test_a_free_port_is_well():
    """
    The check does not cry wolf.
    """
    (check,) = preflight.check_ports([Port("GRPC_PORT", "127.0.0.1", free_port())])

    assert check.ok


def test_a_port_is_free_right_after_its_server_has_ended():
    """
    A rig can be started again at once: connections that linger do not count.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            connection, _ = server.accept()
            connection.close()  # the server's side closes first, and lingers
            client.recv(1)

    (check,) = preflight.check_ports([Port("GRPC_PORT", "127.0.0.1", port)])

    assert check.ok


def test_a_taken_port_is_named_with_its_variable_and_a_free_one(taken_port):
    """
    The message says what to write into .env.
    """
    (check,) = preflight.check_ports([Port("EXPORTER_PORT", "127.0.0.1", taken_port)])

    assert not check.ok
    assert str(taken_port) in check.name
    assert "EXPORTER_PORT is taken" in check.found
    assert "EXPORTER_PORT=" in check.remedy


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's /proc")
def test_who_has_a_taken_port_is_named(taken_port):
    """
    One can decide whether to end it.
    """
    (check,) = preflight.check_ports([Port("EXPORTER_PORT", "127.0.0.1", taken_port)])

    assert f"(pid {os.getpid()})" in check.found


def test_two_variables_with_one_port_are_refused():
    """
    The second service would not start, with a message far from the cause.
    """
    port = free_port()
    wanted = [Port(name, "127.0.0.1", port) for name in ("GRPC_PORT", "EXPORTER_PORT")]

    checks = preflight.check_ports(wanted)

    assert [True, False] == [check.ok for check in checks]
    assert "both GRPC_PORT and EXPORTER_PORT" in checks[1].found


def test_redis_is_opened_on_the_host_only_without_docker():
    """
    In compose it is on an internal network; only processes need a port for it.
    """
    assert "REDIS_PORT" not in published("compose", monitoring=True)
    assert "REDIS_PORT" in published("local", monitoring=False)


def published(mode, *, monitoring, **changes):
    environment = an_environment(**changes)
    fleet = wanted(environment)
    ports = preflight.published_ports(environment, fleet, mode, monitoring=monitoring)
    return {port.name: port.number for port in ports}


def test_every_camera_has_a_port_from_the_first_upwards():
    """
    Each is looked at before anything starts.
    """
    names = published("local", monitoring=False, CAMERAS=3, GRPC_PORT=50100)

    assert {"GRPC_PORT": 50100, "GRPC_PORT+1": 50101, "GRPC_PORT+2": 50102} == {
        name: port for name, port in names.items() if name.startswith("GRPC_PORT")
    }


def test_a_port_beyond_the_highest_is_refused():
    """
    With many cameras the numbers may run out.
    """
    (check,) = preflight.check_ports([Port("GRPC_PORT+9", "127.0.0.1", 65_536)])

    assert "GRPC_PORT" in check.remedy


def test_a_disk_with_room_is_well_and_a_full_one_is_not(tmp_path):
    """
    A recording must not begin on a disk that cannot hold it.
    """
    folder = tmp_path / "not" / "there" / "yet"

    assert preflight.check_disk(folder, 0, "session files").ok
    full = preflight.check_disk(folder, 10**12, "session files")
    assert not full.ok
    assert "MIN_FREE_MB" in full.remedy


def test_no_camera_is_asked_for_by_default():
    """
    Without a device nothing is looked at but the names.
    """
    assert ["physiology"] == [check.found for check in cameras_of("compose")]


def cameras_of(mode, **changes):
    environment = an_environment(**changes)
    return preflight.check_cameras(wanted(environment), environment, mode)


@pytest.mark.parametrize("device", ["/dev/no-such-camera", "/etc/hostname"])
def test_a_camera_that_is_missing_or_none_is_refused(device):
    """
    A container whose device is missing would fail to start with Docker's own, unclear words.
    """
    _, check = cameras_of("compose", CAMERA_DEVICE=device, PHYSIOLOGY_IMAGE="vendor:1")

    assert not check.ok
    assert device in check.found


@pytest.mark.parametrize("mode", ["compose", "local"])
def test_a_camera_needs_no_other_server_than_ours(mode):
    """
    Ours reads it, in containers and without.
    """
    assert all(check.ok for check in cameras_of(mode, CAMERA_DEVICE="/dev/null"))


def test_the_vendors_server_wants_a_camera():
    """
    It is started with --use_camera.
    """
    _, check = cameras_of("compose", PHYSIOLOGY_IMAGE="vendor:1")

    assert "CAMERA_DEVICE" in check.remedy


def test_the_vendors_image_is_refused_in_local_mode():
    """
    It would not be used, and nobody would be told.
    """
    _, check, _ = cameras_of("local", CAMERA_DEVICE="/dev/null", PHYSIOLOGY_IMAGE="vendor:1")

    assert "MODE=compose" in check.remedy


def test_a_socket_path_that_the_system_cannot_take_is_refused(tmp_path):
    """
    Supervisord would fail with an error that does not name the length.
    """
    assert preflight.check_socket_path(Path("/data/run/supervisor.sock")).ok
    assert not preflight.check_socket_path(tmp_path / ("long" * 30) / "supervisor.sock").ok


@pytest.mark.parametrize(
    ("version", "ok"),
    [("2.26.1-4", True), ("v2.40.3", True), ("2.24.0", True), ("2.23.3", False), (None, False)],
)
def test_a_compose_that_is_too_old_or_missing_is_refused(monkeypatch, version, ok):
    """
    The message comes before anything starts, and names the way without Docker.
    """
    monkeypatch.setattr("rig.docker.compose_version", lambda: version)

    check = preflight.check_compose()

    assert ok is check.ok
    assert ok or "MODE=local" in check.remedy


@pytest.mark.parametrize(
    ("version", "ok"),
    [("20.10.24+dfsg1", True), ("28.2.2", True), ("19.03.15", False), (None, False)],
)
def test_an_engine_that_is_too_old_or_silent_is_refused(monkeypatch, version, ok):
    """
    The message comes before anything starts, and names the way without Docker.
    """
    monkeypatch.setattr("rig.docker.engine_version", lambda: version)

    check = preflight.check_engine()

    assert ok is check.ok
    assert ok or "MODE=local" in check.remedy


def test_all_that_is_wrong_is_said_at_once():
    """
    Nobody has to start five times to learn of five problems.
    """
    checks = [Check("disk", "full", "Make room."), Check("python", "3.11"), Check("port", "x", "y")]

    with pytest.raises(RigError) as stopped:
        preflight.insist(checks)

    assert "disk: full" in str(stopped.value)
    assert "port: x" in str(stopped.value)
    assert "python" not in str(stopped.value)
