"""A rig in a container, as testcontainers has it: `vitalrig.testing.containers`."""

import os
import signal
import subprocess
import sys

import docker
import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.rig_files import ROOT
from vitalrig.testing.containers import RigContainer
from vitalrig.testing.harness_errors import HarnessError, NotReady
from vitalrig.testing.leftovers import LABEL, sweep
from vitalrig.testing.rig_description import RigDescription

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

STARTS_ONE = """
import sys
from vitalrig.testing.containers import RigContainer
container = RigContainer(sys.argv[1], parts="server", ready_s=float(sys.argv[2])).start()
print(container.description.to_json(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def image():
    subprocess.run(
        [ROOT / "tools" / "test-image.sh"], env=os.environ | {"RIG_TAG": "test"}, check=True
    )
    return "vitalrig/testing:test"


@pytest.fixture(scope="module")
def container(image):
    with RigContainer(image, scenario="apnea", speed=10, ready_s=PATIENCE_S) as container:
        yield container


SUITE = """
def test_a_rig_in_a_container_is_used_like_another(vitalrig_rig, vitalrig_camera, vitalrig_faults):
    camera = vitalrig_camera(speed=10)
    camera.expect(pulse="valid", within=240)
    camera.record(seconds=5).assert_complete().assert_balanced()
    assert 1.0 == vitalrig_rig.metric("vitalrig_redis_up")
    assert {"collector", "collector-1"} <= {e["process"] for e in vitalrig_rig.events()}
    vitalrig_faults.redis_away()
"""


@pytest.fixture(scope="module")
def engine():
    client = docker.from_env()
    yield client
    client.close()


def test_a_rig_in_a_container_gives_what_every_rig_gives(container):
    """
    Its page, its events and its logs, and cameras beside its own.
    """
    rig = container.rig()
    rig.wait_ready(PATIENCE_S)

    assert 1.0 == rig.metric("vitalrig_redis_up")
    assert {"physiology_server", "collector", "exporter"} <= {
        each["process"] for each in rig.events()
    }
    assert "collector ready" in rig.logs("collector")
    assert rig.url("redis") == container.redis_url == container.url("redis")
    assert rig.sessions_folder(rig.take_prefix()).is_relative_to(rig.folder)


def test_only_this_machine_reaches_it(container, engine):
    """
    It has no password.
    """
    ports = engine.containers.get(container.get_container_id()).attrs["NetworkSettings"]["Ports"]

    assert {"6379/tcp", "50051/tcp", "8317/tcp"} == ports.keys()
    assert {"127.0.0.1"} == {each["HostIp"] for found in ports.values() for each in found}


def test_nothing_of_a_container_is_left_by_a_program_that_was_killed(image, engine):
    """
    The rig ends with it, though no reaper runs, and the next start removes what is left.
    """
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE, image, str(PATIENCE_S)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with starter:
        token = RigDescription.parse(starter.stdout.readline()).folder.split("/")[-4]
        (left,) = engine.containers.list(filters={"label": f"{LABEL}={token}"})
        starter.send_signal(signal.SIGKILL)
    eventually(lambda: left.reload() or left.status == "exited")
    sweep()

    assert [] == engine.containers.list(all=True, filters={"label": f"{LABEL}={token}"})


def test_a_scenario_that_there_is_not_is_said_by_the_container(image):
    """
    With the nearest name, rather than that time was up.
    """
    with pytest.raises(NotReady, match="did you mean apnea") as caught:
        RigContainer(image, scenario="apnoea").start()

    assert 1 == caught.value.exit_status


def test_an_image_that_was_not_built_is_said(monkeypatch):
    """
    Nobody waits for a registry that does not have it.
    """
    monkeypatch.setattr("vitalrig.testing.containers.IMAGE", "vitalrig/testing:none")
    with pytest.raises(HarnessError, match="`make test-image` in a checkout builds it"):
        RigContainer("vitalrig/testing:none").start()


def test_the_plug_in_has_a_mode_with_containers(image, engine, tmp_path):
    """
    The test has what it has with processes, but for faults, and the report has the same sections.
    """
    before = engine.containers.list(all=True, filters={"label": LABEL})
    (tmp_path / "test_it.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-p", "vitalrig.testing.plugin"]
    ended = subprocess.run(
        [*command, "--vitalrig-mode=compose"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"VITALRIG_TESTING_IMAGE": image, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip

    assert "this rig was started by somebody else" in ended.stdout, ended.stdout
    assert "physiology_server during this test" in ended.stdout, ended.stdout
    assert before == engine.containers.list(all=True, filters={"label": LABEL})
