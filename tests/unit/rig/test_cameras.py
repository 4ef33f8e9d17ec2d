"""config/cameras.yml: each camera once, and what stops `make up`."""

from pathlib import Path

import pytest
import yaml

from rig.cameras import Camera, parse
from rig.environment import Environment, load
from rig.errors import RigError
from rig.fleet import started, wanted

ROOT = Path(__file__).resolve().parents[3]

LIST = """\
# two wards
- name: ward-1   # by the window
  device: /dev/video0

- name: ward-2
  url: "rtsp://10.0.0.7/stream?a=1#b"
- name: demo
  source: synthetic
  scenario: config/scenarios/apnea.yml
  pulse_rate: 84
"""


def an_environment(**changes: object) -> Environment:
    values = load(ROOT, {"RIG_ENV_FILE": "/nonexistent"}).values
    return Environment(ROOT, values | {name: str(value) for name, value in changes.items()})


def test_a_list_says_what_each_camera_is():
    """
    A device is a camera, a URL is a video, and any other key is the server's own.
    """
    assert [
        Camera("ward-1", "/dev/video0", {"source": "camera"}),
        Camera("ward-2", "", {"source": "video", "input_path": "rtsp://10.0.0.7/stream?a=1#b"}),
        Camera(
            "demo",
            "",
            {
                "source": "synthetic",
                "scenario": "config/scenarios/apnea.yml",
                "pulse_rate": "84",
            },
        ),
    ] == parse(LIST, "cameras.yml")


def test_the_list_is_yaml():
    """
    Other programs read it as `make up` does.
    """
    names = [camera["name"] for camera in yaml.safe_load(LIST)]

    assert names == [camera.name for camera in parse(LIST, "cameras.yml")]


def test_a_name_that_is_there_twice_stops_with_both_lines():
    """
    Two servers with one prefix would be recorded as one person.
    """
    with pytest.raises(RigError, match=r"cameras\.yml, line 3: ward is the camera of line 1"):
        parse("- name: ward\n  source: replay\n- name: ward\n", "cameras.yml")


@pytest.mark.parametrize(
    "name", ["", "ward 1", "ward:1", "../ward", "wörd", "-x", "x" * 65, "vitalrig"]
)
def test_a_name_that_cannot_be_a_prefix_stops_with_its_line(name):
    """
    It is part of names in Redis, of a container, of a folder.
    """
    with pytest.raises(RigError, match=r"cameras\.yml, line 2: .* cannot be a camera's name"):
        parse(f'\n- name: "{name}"\n', "cameras.yml")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "- name: a\n  device: /dev/video0\n- name: b\n  device: /dev/video0\n",
            "that of a as well",
        ),
        ("- name: a\n  device: /dev/video0\n  url: rtsp://b\n", "only one of them"),
        ("- name: a\n  source: webcam\n", "source is webcam"),
        ("- name: a\n  url: 10.0.0.7\n", "write it whole"),
        ("- name: a\n  redis_host: b\n", "what the rig says"),
        ("- name: a\n  name: b\n", "there twice"),
        ("- name: a\n  device\n", "line 2 is not understood"),
        ("cameras:\n- name: a\n", "line 1 is not understood"),
        ("- name: 'a\n", "quotes do not match"),
        ("# nothing\n", "names no camera"),
    ],
)
def test_what_cannot_be_started_stops_with_the_reason(text, why):
    """
    Nothing is guessed, and nothing is left out in silence.
    """
    with pytest.raises(RigError, match=why):
        parse(text, "cameras.yml")


def test_a_rig_has_one_camera_unless_more_are_asked_for():
    """
    A fresh checkout starts as it always did.
    """
    fleet = wanted(an_environment())

    assert ["physiology"] == [camera.name for camera in fleet.cameras]
    assert ["redis", "physiology_server", "collector", "exporter", "telemetry"] == fleet.services


def test_as_many_cameras_as_are_asked_for_have_names_and_ports_of_their_own():
    """
    `make up CAMERAS=3` needs no file, and no two give the same signals.
    """
    fleet = wanted(an_environment(CAMERAS=3, GRPC_PORT=50100))

    assert ["physiology", "physiology-2", "physiology-3"] == [c.name for c in fleet.cameras]
    assert [50100, 50101, 50102] == [fleet.port(camera) for camera in fleet.cameras]
    assert 3 == len({camera.settings.get("seed") for camera in fleet.cameras})
    assert "physiology,physiology-2,physiology-3" == fleet.variables()["RIG_PREFIXES"]


def test_the_exporter_shows_every_camera_of_a_large_rig():
    """
    Its limit on cameras is meant for prefixes that somebody makes up.
    """
    variables = wanted(an_environment(CAMERAS=150)).variables()

    assert "150" == variables["VITALRIG_EXPORTER_MAX_CAMERAS"]


def test_later_verbs_know_the_cameras_that_were_started(tmp_path):
    """
    `make record CAMERA=physiology-2` works after `make up CAMERAS=3`, whatever .env says.
    """
    environment = an_environment(DATA_DIR=tmp_path, CAMERAS=3, GRPC_PORT=50100)
    wanted(environment).remember(environment)

    fleet = started(an_environment(DATA_DIR=tmp_path))

    assert 50101 == fleet.port(fleet.camera("physiology-2"))


def test_which_camera_is_meant_is_asked_where_there_are_more():
    """
    Recording the wrong person is worse than a question.
    """
    fleet = wanted(an_environment(CAMERAS=2))

    with pytest.raises(RigError, match="Which camera.*physiology-2"):
        fleet.camera("")
    with pytest.raises(RigError, match="no camera ward; there are physiology"):
        fleet.camera("ward")
    assert "physiology" == wanted(an_environment()).camera("").name


def test_a_device_in_dot_env_is_that_of_the_only_camera():
    """
    Two places that name devices would contradict each other.
    """
    (camera,) = wanted(an_environment(CAMERA_DEVICE="/dev/video2")).cameras

    assert ("/dev/video2", "camera") == (camera.device, camera.settings["source"])
    with pytest.raises(RigError, match="CAMERA_DEVICE is for a rig with one camera"):
        wanted(an_environment(CAMERA_DEVICE="/dev/video2", CAMERAS=2))


def test_the_vendors_server_is_for_one_camera():
    """
    More of them are refused by name rather than left out.
    """
    with pytest.raises(RigError, match="PHYSIOLOGY_IMAGE"):
        wanted(an_environment(PHYSIOLOGY_IMAGE="vendor:1", CAMERAS=2))
