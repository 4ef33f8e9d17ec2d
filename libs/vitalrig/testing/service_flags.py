"""What the services of a rig under test are told."""

import os
from collections.abc import Mapping
from pathlib import Path

from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.run_folder import TOKEN_NAME

_NOT_INHERITED = {"DATA_DIR", "PYTHONWARNINGS", "PYTHONINSPECT", "PYTHONSTARTUP"}


def as_flags(settings: Mapping[str, object]) -> list[str]:
    """
    Write settings as flags: what is None is left out.
    """
    return [f"--{key}={value}" for key, value in settings.items() if value is not None]


def common_settings(address: RigAddress, name: str, folder: Path) -> dict[str, object]:
    """
    Give what every service is told: where Redis is, and where its health goes.

    Args:
        address: Where Redis is.
        name: What the process is called.
        folder: The rig's folder, which holds the file with the password as well.
    """
    password = folder / "redis_password"
    if address.password and not password.exists():
        password.touch(mode=0o600)
        password.write_text(address.password, encoding="utf-8")
    return {
        "redis_host": address.host,
        "redis_port": address.port,
        "redis_database": address.database or None,
        "redis_username": address.username or None,
        "redis_password_file": password if address.password else None,
        "health_file": health_file(name, folder),
        "log_format": "json",
    }


def health_file(name: str, folder: Path) -> Path:
    """
    Give the file in which a process says how it is.
    """
    return folder / f"{name}.health"


def server_settings(prefix: str, port: int, spool_folder: Path) -> dict[str, object]:
    """
    Give what a physiology_server is told, as the rig's own configuration tells it.

    Args:
        prefix: The camera's key prefix.
        port: Where gRPC listens.
        spool_folder: Where it keeps what Redis does not take.
    """
    return {
        "listen_address": "127.0.0.1",
        "port": port,
        "redis_key_prefix": prefix,
        "source": "synthetic",
        "autostart": True,
        "publish_core": "always",
        "streaming_backend": "redis",
        "enable_phasic_bp": True,
        "enable_eda": True,
        "enable_micromotion": True,
        "spool_folder": spool_folder,
        "resume_recording": True,
        "frame_fps": 0,
    }


def child_environment(token: str, **more: str) -> dict[str, str]:
    """
    Give the environment of a rig's process: ours, without what would set the services otherwise.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("VITALRIG_") and name not in _NOT_INHERITED
    }
    return inherited | {TOKEN_NAME: token, "PYTHONUNBUFFERED": "1"} | more
