"""The vendor's command lines mean here what they mean there."""

import shlex

import pytest

from services.physiology_server.flags import FLAGS
from services.physiology_server.settings import Settings
from tests.support.guide_lines import ADVANCED, FILE, GRPC, REDIS, SAVER, WORKFLOW


def load(line):
    return Settings.load(shlex.split(line), {})


@pytest.mark.parametrize(
    "line",
    [GRPC, FILE, REDIS, SAVER, ADVANCED, WORKFLOW],
    ids=["grpc", "file", "redis", "saver", "advanced", "workflow"],
)
def test_a_documented_command_line_has_no_flag_that_is_unknown(line):
    """
    Scripts written for the vendor's program start this one.
    """
    assert [] == load(line)[1]


def test_without_a_camera_frames_are_uploaded():
    """
    The guide's gRPC command names no source: clients upload.
    """
    settings = load(GRPC)[0]

    assert ("upload", "grpc", True) == (
        settings.source,
        settings.streaming_backend,
        settings.enable_phasic_bp,
    )


def test_use_camera_makes_the_camera_the_source():
    """
    The backends other than gRPC need it.
    """
    settings = load(ADVANCED)[0]

    assert ("camera", 2, "ccw90", "debug") == (
        settings.source,
        settings.camera_device_index,
        settings.input_transform_mode,
        settings.log_level,
    )


@pytest.mark.parametrize(
    "line",
    ["--use_camera", "-use_camera", "--use_camera=true", "--use_camera=1"],
)
def test_a_boolean_of_the_vendor_stands_as_abseil_has_it(line):
    """
    One or two dashes, bare or with a value.
    """
    assert "camera" == load(line)[0].source


@pytest.mark.parametrize("line", ["--nouse_camera", "--use_camera=false", "--use_camera=0"])
def test_a_boolean_of_the_vendor_can_be_denied(line):
    """
    A wrapper script may pass what it was configured with.
    """
    assert "upload" == load(line)[0].source


@pytest.mark.parametrize(
    "name", ["filesystem_ipc_config_path", "file_ipc_config_path"], ids=["documented", "other"]
)
@pytest.mark.parametrize("between", ["=", " "], ids=["equals", "space"])
def test_a_value_stands_after_an_equals_sign_or_a_space(name, between):
    """
    The guide uses both, and its pages differ in the name.
    """
    assert "x.json" == str(load(f"--{name}{between}x.json")[0].file_config_path)


def test_the_guides_logging_is_logging_for_people():
    """
    JSON lines are for containers.
    """
    assert ("text", "json") == (
        load("--also_log_to_stderr")[0].log_format,
        load("")[0].log_format,
    )


def test_an_unknown_flag_is_handed_back_to_be_warned_of():
    """
    A newer script does not fail on what this program does not have.
    """
    assert ["--enable_hud"] == load("--enable_hud --port=1")[1]


def test_no_flag_of_the_table_hides_a_key_of_ours():
    """
    One name for one thing; a flag may keep its name only where it ends up in its own key.
    """
    same = {"redis_config_path", "log_edge_core_transfer_times"}

    assert same == {name for flag in FLAGS for name in flag.names} & set(Settings.model_fields)
