"""The two JSON files that the vendor documents."""

import json
import logging
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.physiology_server.publishing.backends.file.file_config import FileConfig
from services.physiology_server.publishing.backends.redis.redis_config import RedisConfig
from vitalrig.errors import BadSettings

CONFIG = Path(__file__).parents[4] / "config"

FILE_KEYS = [
    "base_directory", "create_if_missing", "truncate_on_init", "max_frame_count",
    "use_file_locking", "frame_extension", "compress_frames", "io_buffer_size",
    "enable_debug_logging",
]  # fmt: skip
REDIS_KEYS = [
    "host", "port", "password", "database", "key_prefix", "connection_timeout_ms",
    "operation_timeout_ms", "enable_debug_logging", "max_bulk_string_bytes", "max_array_elements",
]  # fmt: skip

counts = st.integers(1, 2**31 - 1)
file_configs = st.builds(
    FileConfig,
    base_directory=st.text(min_size=1).filter(lambda name: "\0" not in name),
    create_if_missing=st.booleans(),
    truncate_on_init=st.booleans(),
    max_frame_count=st.integers(0, 1_000_000),
    use_file_locking=st.booleans(),
    frame_extension=st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True),
    compress_frames=st.booleans(),
    io_buffer_size=counts,
    enable_debug_logging=st.booleans(),
    write_recording_state=st.booleans(),
)
redis_configs = st.builds(
    RedisConfig,
    host=st.from_regex(r"[a-z0-9.:-]{1,20}", fullmatch=True),
    port=st.integers(1, 65_535),
    password=st.text(),
    database=st.integers(0, 100),
    key_prefix=st.from_regex(r"[A-Za-z0-9_.:-]{1,64}", fullmatch=True),
    connection_timeout_ms=counts,
    operation_timeout_ms=counts,
    enable_debug_logging=st.booleans(),
    max_bulk_string_bytes=counts,
    max_array_elements=st.integers(20, 2**31 - 1),
)


def loaded(kind, tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    return kind.load(path)


@given(st.one_of(file_configs, redis_configs))
@example(RedisConfig(password="\ud800"))
def test_what_was_saved_is_loaded_again(tmp_path_factory, config):
    """
    Every config survives the way through its file.
    """
    path = tmp_path_factory.getbasetemp() / "config.json"
    path.write_text(config.to_json())

    assert config == type(config).load(path)


@pytest.mark.parametrize(
    ("text", "keys"),
    [(FileConfig().to_json(), FILE_KEYS), (RedisConfig().to_json(), REDIS_KEYS)],
    ids=["file", "redis"],
)
def test_the_default_file_has_the_documented_keys_in_their_order(text, keys):
    """
    And none of ours, so that the vendor's server can read it.
    """
    assert keys == list(json.loads(text))


def test_the_file_backends_defaults_are_the_documented_ones():
    """
    Section 5.2 of the interface's description, value for value.
    """
    documented = {
        "base_directory": "./file_ipc_output",
        "create_if_missing": True,
        "truncate_on_init": True,
        "max_frame_count": 0,
        "use_file_locking": True,
        "frame_extension": "jpg",
        "compress_frames": True,
        "io_buffer_size": 8192,
        "enable_debug_logging": False,
    }

    assert documented == json.loads(FileConfig().to_json())


def test_the_redis_backends_defaults_are_the_documented_ones():
    """
    Section 4.3; only the value of max_array_elements is not documented, and ours.
    """
    documented = {
        "host": "localhost",
        "port": 6379,
        "password": "",
        "database": 0,
        "key_prefix": "physiology",
        "connection_timeout_ms": 5000,
        "operation_timeout_ms": 1000,
        "enable_debug_logging": False,
        "max_bulk_string_bytes": 10485760,
        "max_array_elements": 1048576,
    }

    assert documented == json.loads(RedisConfig().to_json())


@pytest.mark.parametrize(
    ("name", "text"),
    [("file_ipc.json", FileConfig().to_json()), ("redis_ipc.json", RedisConfig().to_json())],
    ids=["file", "redis"],
)
def test_the_files_in_config_are_the_default_ones(name, text):
    """
    The ones that --save_default_file_ipc_config and --save_default_redis_ipc_config write.

    If this fails: put what they write in place of the files in config/.
    """
    assert text == (CONFIG / name).read_text()


def test_an_unknown_key_is_a_warning_that_names_the_nearest_one(tmp_path, caplog):
    """
    Another version of the server may know it; a typing mistake is found all the same.
    """
    with caplog.at_level(logging.WARNING):
        loaded(FileConfig, tmp_path, '{"max_frames_count": 3}')

    assert "did you mean max_frame_count?" in caplog.text


def test_a_missing_key_has_its_default(tmp_path):
    """
    A file may hold just what differs.
    """
    assert RedisConfig(port=7) == loaded(RedisConfig, tmp_path, '{"port": 7}')


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (FileConfig, '{"max_frame_count": "3"}', 'max_frame_count must be a whole number, not "3"'),
        (FileConfig, '{"max_frame_count": true}', "max_frame_count must be a whole number"),
        (FileConfig, '{"max_frame_count": -1}', "max_frame_count is -1: it must be from 0"),
        (FileConfig, '{"compress_frames": 1}', "compress_frames must be true or false, not 1"),
        (FileConfig, '{"frame_extension": "../x"}', "frame_extension is '../x'"),
        (FileConfig, '{"base_directory": ""}', "base_directory must name a folder"),
        (FileConfig, '{"io_buffer_size": 0}', "io_buffer_size is 0"),
        (RedisConfig, '{"port": 70000}', "port is 70000"),
        (RedisConfig, '{"key_prefix": "a b"}', "key_prefix is 'a b'"),
        (RedisConfig, '{"password": null}', "password must be a text, not null"),
        (RedisConfig, '{"max_array_elements": 3}', "max_array_elements is 3"),
        (RedisConfig, '{"connection_timeout_ms": 1e3}', "must be a whole number, not 1000.0"),
        (RedisConfig, "[1]", "must be a JSON object, not [1]"),
        (RedisConfig, "{", "is not JSON"),
        (RedisConfig, "[" * 100_000, "is not JSON"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else value.__name__,
)
def test_a_value_that_cannot_work_is_an_error_naming_file_and_key(tmp_path, kind, text, message):
    """
    Not a default used in silence.
    """
    with pytest.raises(BadSettings) as refused:
        loaded(kind, tmp_path, text)

    assert (True, True) == ("config.json: " in str(refused.value), message in str(refused.value))


@pytest.mark.parametrize("kind", [FileConfig, RedisConfig])
def test_a_file_with_the_guide_s_name_is_made_where_it_is_not(tmp_path, kind):
    """
    So that the guide's command lines work in any folder.
    """
    path = tmp_path / kind.usual_name

    assert (kind(), kind().to_json()) == (kind.load(path), path.read_text())


def test_the_default_file_is_found_under_the_name_that_it_was_saved_with(tmp_path):
    """
    The guide saves default_file_ipc_config.json, and starts the server with file_ipc_config.json.
    """
    (tmp_path / "default_file_ipc_config.json").write_text('{"max_frame_count": 7}')

    assert 7 == FileConfig.load(tmp_path / "file_ipc_config.json").max_frame_count
    assert not (tmp_path / "file_ipc_config.json").exists()


def test_a_file_that_cannot_be_made_is_named(tmp_path):
    """
    The folder may be missing.
    """
    with pytest.raises(BadSettings, match="none/file_ipc_config.json: is not there, and cannot be"):
        FileConfig.load(tmp_path / "none" / "file_ipc_config.json")


def test_a_file_that_is_not_there_is_named(tmp_path):
    """
    A flag may point at nothing.
    """
    with pytest.raises(BadSettings, match="nowhere.json: cannot be read"):
        FileConfig.load(tmp_path / "nowhere.json")


def test_the_password_is_not_shown():
    """
    Configs end up in logs.
    """
    assert "secret" not in repr(RedisConfig(password="secret"))


@pytest.mark.parametrize("kind", [FileConfig, RedisConfig], ids=["file", "redis"])
def test_every_key_says_what_it_does(kind):
    """
    A key without a sentence is a key that nobody can set.
    """
    undocumented = [name for name in kind.model_fields if f"        {name}: " not in kind.__doc__]

    assert [] == undocumented
