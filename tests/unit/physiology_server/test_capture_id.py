"""What `metadata.id` names: frames that can be had again, or else the run."""

import pytest

from services.physiology_server.app import RunInfo
from services.physiology_server.scenarios.scenario_file import scenario_of
from services.physiology_server.settings import Settings
from vitalrig.clock import ManualClock

SCENARIO = scenario_of({"name": "dark", "timeline": [{"at_s": 1, "do": "too_dark"}]}, "dark.yml")


def frames_id(kind, *argv, scenario=None):
    settings = Settings.load(argv, {})[0]
    return RunInfo(settings, scenario, kind, "this-run", ManualClock()).frames_id


@pytest.fixture
def videos(tmp_path):
    paths = [tmp_path / "one.avi", tmp_path / "two.avi"]
    for path in paths:
        path.touch()
    return paths


def test_the_same_made_up_person_has_the_same_id():
    """
    So two runs with a seed give the same bytes.
    """
    assert frames_id("synthetic", "--source=synthetic") == frames_id(
        "synthetic", "--source=synthetic", "--port=1"
    )


def test_another_seed_is_another_id():
    """
    Two people are told apart.
    """
    assert frames_id("synthetic", "--source=synthetic") != frames_id(
        "synthetic", "--source=synthetic", "--seed=2"
    )


def test_two_videos_have_two_ids(videos):
    """
    Each can be had again, and they are not the same.
    """
    ids = {frames_id("replay", "--source=video", f"--input_path={path}") for path in videos}

    assert (2, False) == (len(ids), "this-run" in ids)


@pytest.mark.parametrize(
    ("kind", "scenario"), [("camera", None), ("synthetic", SCENARIO)], ids=["plain", "scenario"]
)
def test_what_a_camera_sees_is_named_by_the_run(kind, scenario):
    """
    It cannot be had again, whatever is done to it afterwards.
    """
    assert "this-run" == frames_id(kind, "--source=camera", scenario=scenario)


def test_a_stream_is_named_by_the_run():
    """
    It is a camera somewhere else.
    """
    url = "--input_path=rtsp://192.0.2.1/live"

    assert "this-run" == frames_id("camera", "--source=video", url)
