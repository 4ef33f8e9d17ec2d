import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig


def test_the_fields_and_their_defaults_are_the_documented_ones():
    """
    Scripts rely on asdict giving these keys, in JSON, and no others.
    """
    assert {
        "redis_host": "localhost",
        "redis_port": 6379,
        "redis_key_prefix": "physiology",
        "output_jsonl_path": None,
        "output_json_path": None,
        "max_samples_per_series": 0,
        "append_mode": False,
        "whitespace": False,
    } == asdict(MetricsCollectorConfig())


def test_the_documented_save_and_load_works_as_it_stands(tmp_path):
    """
    With a session_id in the constructor call, and paths turned back by hand.
    """
    config = MetricsCollectorConfig(redis_host="192.168.1.100", session_id="experiment_42")
    path = tmp_path / "config.json"
    with path.open("w") as file:
        json.dump(asdict(config), file, indent=2)
    with path.open() as file:
        loaded = json.load(file)
    for name in ("output_jsonl_path", "output_json_path"):
        if loaded[name]:
            loaded[name] = Path(loaded[name])

    assert config == MetricsCollectorConfig(**loaded)


def test_a_session_id_in_the_settings_names_the_session():
    """
    It is not a field, but it is not lost either.
    """
    config = MetricsCollectorConfig(session_id="experiment_42")

    assert "experiment_42" == MetricsCollector(config).current_session_id
    assert "session_id" not in asdict(config)


def test_what_is_unknown_is_a_warning():
    """
    A configuration of a later version still works.
    """
    with pytest.warns(UserWarning, match="colour"):
        config = MetricsCollectorConfig(redis_port=7, colour="red")

    assert 7 == config.redis_port


def test_replace_changes_one_field():
    """
    dataclasses.replace is documented to work.
    """
    assert MetricsCollectorConfig(redis_port=7, whitespace=True) == replace(
        MetricsCollectorConfig(whitespace=True), redis_port=7
    )


def test_text_is_a_path_and_empty_text_is_none():
    """
    What comes out of JSON needs no conversion.
    """
    config = MetricsCollectorConfig(output_jsonl_path="a/metrics.jsonl", output_json_path="")

    assert Path("a/metrics.jsonl") == config.output_jsonl_path
    assert config.output_json_path is None


def test_a_saved_configuration_loads_with_its_paths(tmp_path):
    """
    Unlike asdict and json.dump, which refuse paths.
    """
    config = MetricsCollectorConfig(output_jsonl_path=Path("a/metrics.jsonl"), append_mode=True)

    config.save(tmp_path / "config.json")

    assert config == MetricsCollectorConfig.load(tmp_path / "config.json")


def test_a_file_without_an_object_is_a_value_error(tmp_path):
    """
    The message names the file.
    """
    (tmp_path / "config.json").write_text("[]")

    with pytest.raises(ValueError, match=r"config\.json holds no JSON object"):
        MetricsCollectorConfig.load(tmp_path / "config.json")


def test_one_path_for_both_outputs_is_refused(tmp_path):
    """
    Two writers of one file would destroy it.
    """
    path = tmp_path / "metrics.json"

    with pytest.raises(ValueError, match="cannot both be"):
        MetricsCollector(MetricsCollectorConfig(output_jsonl_path=path, output_json_path=path))
