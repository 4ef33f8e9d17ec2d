"""
The generated passwords, and the files in which the services find them.

The folder is closed to other users. The files in it can be read by all, since a container's user
has another number than yours and reads them through a mount.
"""

import hashlib
import json
import secrets
from pathlib import Path

from rig.errors import RigError

_FOLDER_MODE = 0o700
_FILE_MODE = 0o444

# One user, with a password, for data. The commands that could destroy or take over the server are
# left out, save those that only tell how it is.
_RULES = (
    "~* &* +@all -@dangerous +info +config|get +keys +role "
    "+client|list +slowlog|get +slowlog|len +latency|latest +latency|history"
)


def acl_line(password: str) -> str:
    """
    Return Redis's ACL file for *password*, which stands in it as a hash only.
    """
    return f"user default on #{hashlib.sha256(password.encode()).hexdigest()} {_RULES}\n"


def ipc_config(password: str) -> str:
    """
    Return the vendor server's Redis configuration, with its documented keys.
    """
    return json.dumps(
        {
            "host": "redis",
            "port": 6379,
            "password": password,
            "database": 0,
            "key_prefix": "physiology",
        },
        indent=2,
    )


def ensure(folder: Path) -> None:
    """
    Make the secrets that are missing, and leave those that are there.

    The ACL file and the vendor's configuration follow from the password, so they are written
    again where they do not fit it.

    Raises:
        RigError: If the folder or a file cannot be read or written.
    """
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        folder.chmod(_FOLDER_MODE)
        password = _ensure_password(folder / "redis_password")
        _ensure_password(folder / "grafana_admin_password")
        _ensure_text(folder / "redis_acl", acl_line(password))
        _ensure_text(folder / "redis_ipc_config.json", ipc_config(password) + "\n")
    except OSError as exc:
        raise RigError(f"The passwords in {folder} cannot be made: {exc}.") from exc


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
