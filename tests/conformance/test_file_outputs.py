"""The file backend: its outputs and each key of its configuration, with the whole server."""

import json
import logging

import pytest

from services.physiology_server import app
from services.physiology_server.settings import Settings
from tests.support.conformance import Play, play
from tests.support.eventually import eventually
from tests.support.running import a_watchdog, load, running
from vitalrig.errors import BadSettings, CannotStart

OUTPUTS = ["core_metrics.jsonl", "edge_metrics.jsonl", "status.jsonl"]
OURS = ["recording_state.jsonl"]


def with_config(runs, folder, duration_s=1, **config):
    """Play a moment with this configuration as JSON."""
    path = folder / "file_ipc_config.json"
    path.write_text(json.dumps({"base_directory": str(folder / "out")} | config))
    keys = {"file_config_path": path, "file_base_directory": "", "publish_core": "always"}
    return play(Play(duration_s, keys=keys), "file", folder, runs.redis)


def lines(folder, name="edge_metrics.jsonl"):
    return (folder / "out" / name).read_bytes().splitlines()


def test_the_folder_has_the_documented_files(runs):
    """
    And one of ours, which the vendor's list does not have.
    """
    folder = runs("calm", "file").folder / "file_ipc_output"

    assert sorted(OUTPUTS + OURS) == sorted(path.name for path in folder.glob("[!.]*"))


@pytest.mark.parametrize("name", OUTPUTS + OURS)
def test_a_file_has_envelopes_of_its_type_a_line_each(runs, name):
    """
    Each line is whole.
    """
    text = (runs("calm", "file").folder / "file_ipc_output" / name).read_bytes()
    types = {json.loads(line)["type"] for line in text.splitlines()}

    assert ({name.removesuffix(".jsonl")}, b"\n") == (types, text[-1:])


def test_without_a_configuration_files_are_where_the_guide_says(monkeypatch, runs, tmp_path):
    """
    In ./file_ipc_output, relative to where the server was started.
    """
    monkeypatch.chdir(tmp_path)
    play(Play(1, keys={"file_base_directory": ""}), "file", tmp_path, runs.redis)

    assert (tmp_path / "file_ipc_output" / "edge_metrics.jsonl").stat().st_size > 0


def test_base_directory_is_the_root_of_all_outputs(runs, tmp_path):
    """
    Missing folders above it are made too.
    """
    with_config(runs, tmp_path, base_directory=str(tmp_path / "a" / "b"))

    assert sorted(OUTPUTS + OURS) == sorted(p.name for p in (tmp_path / "a" / "b").glob("[!.]*"))


def test_without_create_if_missing_a_missing_folder_is_refused(runs, tmp_path):
    """
    The key is named.
    """
    with pytest.raises(BadSettings, match="create_if_missing"):
        with_config(runs, tmp_path, create_if_missing=False)


def test_truncate_on_init_begins_anew(runs, tmp_path):
    """
    Only the lines of the second run are there.
    """
    with_config(runs, tmp_path, 2)
    with_config(runs, tmp_path, 1)

    assert 30 == len(lines(tmp_path))


def test_without_truncate_on_init_lines_are_added(runs, tmp_path):
    """
    Behind those of the first run.
    """
    with_config(runs, tmp_path, 2, truncate_on_init=False)
    with_config(runs, tmp_path, 1, truncate_on_init=False)

    assert 90 == len(lines(tmp_path))


@pytest.mark.parametrize(
    ("config", "name", "begin"),
    [
        ({"frame_extension": "jpeg"}, "latest.jpeg", b"\xff\xd8\xff"),
        ({"compress_frames": False}, "latest.bmp", b"BM"),
    ],
    ids=["frame_extension", "compress_frames"],
)
def test_pictures_are_called_and_made_as_configured(runs, tmp_path, config, name, begin):
    """
    Uncompressed pictures are for readers that cannot decode JPEG.
    """
    path = tmp_path / "file_ipc_config.json"
    path.write_text(json.dumps(config))
    keys = {"file_config_path": path, "frame_fps": 5}
    play(Play(1, speed=1, keys=keys), "file", tmp_path, runs.redis)

    assert (tmp_path / "file_ipc_output" / name).read_bytes().startswith(begin)


def test_use_file_locking_keeps_a_second_server_out(tmp_path):
    """
    Their lines would be mixed.
    """

    def make():
        keys = {"streaming_backend": "file", "file_base_directory": tmp_path / "out", "port": 0}
        return app.build(load(Settings, **keys), a_watchdog(tmp_path))

    server = make()
    with running(server):
        eventually(lambda: server.port)
        with pytest.raises(CannotStart, match="in use by the server with process id"):
            make()


def test_a_small_io_buffer_costs_no_line(runs, tmp_path):
    """
    Writes are smaller than a line then.
    """
    with_config(runs, tmp_path, io_buffer_size=16)

    assert 30 == len([json.loads(line) for line in lines(tmp_path)])


@pytest.mark.parametrize("enabled", [True, False])
def test_enable_debug_logging_logs_every_batch(runs, tmp_path, caplog, enabled):
    """
    At the usual level.
    """
    with caplog.at_level(logging.INFO):
        with_config(runs, tmp_path, enable_debug_logging=enabled)

    assert enabled == ("batch written" in caplog.messages)
