"""Which backend the settings ask for, and how it is configured."""

from dataclasses import replace
from typing import Any

from services.physiology_server.rpc.subscribers import Subscribers
from services.physiology_server.settings import Settings
from services.physiology_server.streaming.base import Backend
from services.physiology_server.streaming.file_config import FileConfig
from services.physiology_server.streaming.file_ipc import FileBackend
from services.physiology_server.streaming.grpc_stream import GrpcStreamBackend
from services.physiology_server.streaming.redis_config import RedisConfig
from services.physiology_server.streaming.redis_ipc import RedisBackend
from vitalrig.beats import Beats

_REDIS_KEYS = {
    "redis_host": "host",
    "redis_port": "port",
    "redis_database": "database",
    "redis_key_prefix": "key_prefix",
}
"""Keys of ours, and what they are called in the vendor's JSON."""


def redis_config(settings: Settings) -> RedisConfig:
    """
    The JSON's values; what our settings name explicitly goes before them.

    Raises:
        BadSettings: If a file cannot be read or cannot work.
    """
    config = RedisConfig()
    if settings.redis_config_path is not None:
        config = RedisConfig.load(settings.redis_config_path)
    changes: dict[str, Any] = {
        name: getattr(settings, key)
        for key, name in _REDIS_KEYS.items()
        if settings.redis_config_path is None or key in settings.model_fields_set
    }
    if (password := settings.redis_password()) is not None:
        changes["password"] = password
    return replace(config, **changes)


def file_config(settings: Settings) -> FileConfig:
    """
    The JSON's values; what our settings name explicitly goes before them.

    Raises:
        BadSettings: If the file cannot be read or cannot work.
    """
    config = FileConfig()
    if settings.file_config_path is not None:
        config = FileConfig.load(settings.file_config_path)
    if settings.file_base_directory:
        config = replace(config, base_directory=settings.file_base_directory)
    return config


def make_backend(
    settings: Settings, run_id: str, subscribers: Subscribers, beats: Beats
) -> Backend:
    """
    Make the backend.

    Raises:
        BadSettings: If it cannot work as configured.
        CannotStart: If its folder is in use or cannot be written.
    """
    if settings.streaming_backend == "file":
        return FileBackend(file_config(settings), beats)
    if settings.streaming_backend == "redis":
        return RedisBackend.of(redis_config(settings), run_id, settings.stream_max_entries, beats)
    return GrpcStreamBackend(subscribers)
