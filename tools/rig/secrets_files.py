"""
The generated passwords, and the files in which the services find them.

The folder is closed to other users. The files in it can be read by all, since a container's user
has another number than yours and reads them through a mount.
"""

import hashlib
import json
import secrets
from pathlib import Path

from rig import redis_users
from rig.errors import RigError
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX

_FOLDER_MODE = 0o700
_FILE_MODE = 0o444


def ipc_config(password: str, prefix: str) -> str:
    """
    Return the vendor server's Redis configuration, with its documented keys.
    """
    return json.dumps(
        {
            "host": "redis",
            "port": 6379,
            "password": password,
            "database": 0,
            "key_prefix": prefix,
        },
        indent=2,
    )


def ensure(folder: Path, *, prefix: str = DEFAULT_PREFIX, vendors_server: bool = False) -> None:
    """
    Make the secrets that are missing, and leave those that are there.

    The ACL file and the vendor's configuration follow from the passwords, so they are written
    again where they do not fit them.

    Args:
        folder: Where they are.
        prefix: What the vendor's server puts before its names.
        vendors_server: Whether that is the one that runs.

    Raises:
        RigError: If the folder or a file cannot be read or written.
    """
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        folder.chmod(_FOLDER_MODE)
        of_redis = {
            user: _ensure_password(folder / redis_users.password_file(user))
            for user in redis_users.NAMES
        }
        _ensure_password(folder / "grafana_admin_password")
        acl = redis_users.acl(of_redis, vendors_server=vendors_server)
        _ensure_text(folder / "redis_acl", acl)
        config = ipc_config(of_redis[redis_users.DEFAULT], prefix)
        _ensure_text(folder / "redis_ipc_config.json", config + "\n")
    except OSError as exc:
        raise RigError(f"The passwords in {folder} cannot be made: {exc}.") from exc


def fingerprint(folder: Path) -> str:
    """
    Return what changes when Redis's users do, which Redis reads at its start alone.
    """
    try:
        content = (folder / "redis_acl").read_bytes()
    except OSError:
        return "none"
    return hashlib.sha256(content).hexdigest()[:12]


def read(folder: Path, name: str) -> str:
    """
    Return one password.
    """
    return (folder / name).read_text(encoding="utf-8").strip()


def _ensure_password(path: Path) -> str:
    if path.is_file() and (text := path.read_text(encoding="utf-8").strip()):
        return text
    password = secrets.token_urlsafe(32)
    _ensure_text(path, password + "\n")
    return password


def _ensure_text(path: Path, text: str) -> None:
    """
    Make *text* the content of *path*, in place.

    A running container sees a file through its inode, so a file that is right is not replaced.
    """
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    path.chmod(_FILE_MODE)
