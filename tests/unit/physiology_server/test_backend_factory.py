"""Flag before JSON before default."""

import json

import pytest

from services.physiology_server.backend_factory import file_config, redis_config
from services.physiology_server.settings import Settings
from vitalrig.errors import BadSettings


def load(*argv):
    return Settings.load(argv, {})[0]


@pytest.fixture
def redis_json(tmp_path):
    path = tmp_path / "redis.json"
    path.write_text(json.dumps({"host": "from-json", "port": 7000, "key_prefix": "bed1"}))
    return path


def test_the_jsons_values_hold(redis_json):
    """
    A licensee's file is used as it is.
    """
    config = redis_config(load(f"--redis_config_path={redis_json}"))

    assert ("from-json", 7000, "bed1") == (config.host, config.port, config.key_prefix)


def test_a_flag_goes_before_the_json(redis_json):
    """
    Whoever types a flag means it.
    """
    config = redis_config(load(f"--redis_config_path={redis_json}", "--redis_host=typed"))

    assert ("typed", 7000) == (config.host, config.port)


def test_without_a_json_our_settings_hold():
    """
    The rig is configured in YAML and by its environment.
    """
    config = redis_config(load("--redis_port=7001"))

    assert ("127.0.0.1", 7001) == (config.host, config.port)


def test_a_password_comes_from_its_file(tmp_path):
    """
    Secrets stand in files.
    """
    (tmp_path / "password").write_text("secret\n")

    assert "secret" == redis_config(load(f"--redis_password_file={tmp_path / 'password'}")).password


def test_the_folder_of_the_file_backend_may_be_typed(tmp_path):
    """
    The other keys stay as the JSON has them.
    """
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"base_directory": "./there", "max_frame_count": 3}))
    config = file_config(load(f"--file_config_path={path}", "--file_base_directory=./here"))

    assert ("./here", 3) == (config.base_directory, config.max_frame_count)


def test_a_json_that_is_not_there_is_named():
    """
    Not a traceback, and not a default in silence.
    """
    with pytest.raises(BadSettings, match="nowhere.json"):
        redis_config(load("--redis_config_path=nowhere.json"))
