"""Every shipped scenario through the whole server, twice: the same JSONL but for the wall clock."""

from pathlib import Path

import pytest
import yaml

from services.physiology_server import app
from services.physiology_server.scenarios.compare import first_difference
from services.physiology_server.settings import Settings
from tests.support.conformance import until_the_end
from tests.support.rounds import rounds
from tests.support.running import a_watchdog, load, running

SHIPPED = sorted((Path(__file__).parents[2] / "config" / "scenarios").glob("*.yml"))
FILES = {"core_metrics.jsonl", "edge_metrics.jsonl", "status.jsonl", "recording_state.jsonl"}
FPS = rounds(10.0, 30.0)
SHORT = {
    "name": "short",
    "duration_s": 2.5,
    "timeline": [
        {"at_s": 0.2, "do": "record", "session": "short"},
        {"at_s": 0.5, "for_s": 0.3, "do": "subject_leaves"},
        {"at_s": 1.0, "for_s": 1, "do": "malformed", "share": 0.2},
        {"at_s": 1.2, "for_s": 1, "do": "late", "by_s": 0.2, "share": 0.2},
        {"at_s": 2.2, "do": "stop_recording"},
    ],
}


def one_turn_of(scenario, folder):
    """The scenario without its loop, which has no end."""
    path = folder / scenario.name
    path.write_text(yaml.safe_dump(yaml.safe_load(scenario.read_text()) | {"loop": False}))
    return path


def played(scenario, folder, speed="inf", **keys):
    """What the server leaves in *folder*."""
    settings = load(
        Settings, source="synthetic", streaming_backend="file", port=0, autostart=True,
        publish_core="always", enable_eda=True, enable_phasic_bp=True, enable_micromotion=True,
        frame_fps=0, scenario=scenario, speed=speed, file_base_directory=folder, **keys,
    )  # fmt: skip
    server = app.build(settings, a_watchdog(scenario.parent))
    with running(server):
        until_the_end(server)
    return {path.name: path.read_bytes().splitlines() for path in folder.glob("*.jsonl")}


def differences(one, other):
    return {name: first_difference(one[name], other[name]) for name in one.keys() | other.keys()}


@pytest.mark.parametrize("scenario", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_leaves_the_same_files_again(scenario, tmp_path):
    """
    With the same seed, whenever it is played.
    """
    scenario = one_turn_of(scenario, tmp_path)
    one, other = (played(scenario, tmp_path / name, fps=FPS) for name in ("one", "other"))

    assert dict.fromkeys(FILES) == differences(one, other)
    assert len(one["edge_metrics.jsonl"]) > 500 / 30 * FPS


def test_the_speed_changes_nothing(tmp_path):
    """
    In real time, a hundred times faster, and as fast as it goes.
    """
    scenario = tmp_path / "short.yml"
    scenario.write_text(yaml.safe_dump(SHORT))
    real, faster, fastest = (
        played(scenario, tmp_path / speed, speed) for speed in ("1", "100", "inf")
    )

    assert dict.fromkeys(FILES) == differences(real, faster) == differences(real, fastest)
    assert 60 < len(real["edge_metrics.jsonl"]) <= 75


def test_another_seed_leaves_other_files(tmp_path):
    """
    So the comparison can see a difference.
    """
    scenario = tmp_path / "short.yml"
    scenario.write_text(yaml.safe_dump(SHORT))
    one, other = (played(scenario, tmp_path / f"{seed}", seed=seed) for seed in (1, 2))
    found = differences(one, other)

    assert {"core_metrics.jsonl", "edge_metrics.jsonl"} == {name for name in found if found[name]}
