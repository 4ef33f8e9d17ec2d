"""Which backend the settings ask for, and how it is configured."""

from typing import Any

from services.physiology_server.publishing.backend import Backend
from services.physiology_server.publishing.backends.file.file_backend import FileBackend
from services.physiology_server.publishing.backends.file.file_config import FileConfig
from services.physiology_server.publishing.backends.grpc_backend import GrpcBackend
from services.physiology_server.publishing.backends.redis.lease import Lease
from services.physiology_server.publishing.backends.redis.redis_backend import RedisBackend
from services.physiology_server.publishing.backends.redis.redis_config import RedisConfig
from services.physiology_server.publishing.subscribers import Subscribers
from services.physiology_server.settings import Settings
from services.physiology_server.spool.spool import Spool
from vitalrig.clock import Clock
from vitalrig.errors import CannotStart
from vitalrig.redis_client import connect_async
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.stream_limits import Limits

MIB = 1 << 20

_REDIS_KEYS = {
    "redis_host": "host",
    "redis_port": "port",
    "redis_database": "database",
    "redis_username": "username",
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
    return config.changed(changes)


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
        config = config.changed({"base_directory": settings.file_base_directory})
    return config


def stream_limits(settings: Settings) -> Limits:
    """
    How much the durable stream holds.
    """
    return Limits(
        max_entries=settings.stream_max_entries,
        max_bytes=settings.stream_max_mib * MIB,
        max_age_s=settings.stream_max_age_s,
        least_s=settings.stream_least_s,
    )


def make_spool(settings: Settings, run_id: str, health: Health, clock: Clock) -> Spool | None:
    """
    Make the spool, if envelopes go to Redis and the settings name a folder for it.

    Raises:
        CannotStart: If the folder is in use, or cannot be made or written.
    """
    if settings.streaming_backend != "redis" or settings.spool_folder is None:
        return None
    folder = settings.spool_folder / f"{redis_config(settings).key_prefix}.spool"
    try:
        return Spool(folder, run_id, settings.spool_max_mib * MIB, health, clock)
    except OSError as exc:
        raise CannotStart(f"spool_folder: {exc}") from exc


def make_backend(
    settings: Settings,
    subscribers: Subscribers,
    run_id: str,
    beats: ServiceHeartbeats,
    clock: Clock,
    dead_run: str,
) -> tuple[Backend, Lease | None]:
    """
    Make the backend; for Redis also the lease on the key prefix.

    Raises:
        BadSettings: If it cannot work as configured.
        CannotStart: If its folder is in use or cannot be written.
    """
    if settings.streaming_backend == "file":
        return FileBackend(file_config(settings), beats), None
    if settings.streaming_backend == "grpc":
        return GrpcBackend(subscribers), None
    config = redis_config(settings)
    client = connect_async(config.address)
    lease = Lease(client, config.key_prefix, run_id, clock, dead_run)
    limits = stream_limits(settings)
    return RedisBackend(client, config.key_prefix, run_id, limits, beats, config, lease), lease
