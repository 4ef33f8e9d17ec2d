"""
The folder of one rig: `<temporary folder>/vitalrig-testing-<user id>/<token>`.

It holds logs, health files, sessions and `owner.json`. Its owner keeps a lock on that file for as
long as it lives, so that who comes later knows which folders nobody needs any more.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from vitalrig.testing.harness_errors import HarnessError

TOKEN_NAME = "VITALRIG_TESTING_TOKEN"  # noqa: S105  a name
"""The variable that every process of a rig has in its environment."""

UNFINISHED = ".new-"
"""How the name of a folder begins that has no owner yet; the process that makes it follows."""

_OWNER = "owner.json"


def harness_folder() -> Path:
    """
    Give the folder of all rigs of this user, made if need be.

    Raises:
        HarnessError: If it is somebody else's.
    """
    folder = Path(tempfile.gettempdir()) / f"vitalrig-testing-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise HarnessError(f"{folder} belongs to somebody else; set TMPDIR to a folder of yours")
    return folder


class RunFolder:
    """
    A rig's folder, made for it.

    Args:
        kept: It stays when its owner ends, and what runs for it too.

    Attributes:
        token: What tells this rig from all others.
        path: The folder.
    """

    def __init__(self, *, kept: bool = False) -> None:
        self.token = secrets.token_hex(4)
        self.path = harness_folder() / self.token
        unseen = self.path.with_name(f"{UNFINISHED}{os.getpid()}-{self.token}")
        unseen.mkdir(mode=0o700)
        self._lock = os.open(unseen / _OWNER, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        owner = {
            "pid": os.getpid(),
            "start_ticks": start_ticks(os.getpid()),
            "started_at_s": round(time.time(), 3),
            "kept": kept,
        }
        os.write(self._lock, json.dumps(owner).encode())
        unseen.rename(self.path)

    def sub(self, name: str) -> Path:
        """
        Give a folder in it, made if need be.
        """
        folder = self.path / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def remove(self) -> None:
        """
        Remove it with all that is in it.
        """
        shutil.rmtree(self.path, ignore_errors=True)
        self.close()

    def close(self) -> None:
        """
        Own it no more.
        """
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def owner_of(folder: Path) -> dict[str, Any]:
    """
    Give what a folder says of its owner; empty if it says nothing.
    """
    with contextlib.suppress(OSError, ValueError):
        owner = json.loads((folder / _OWNER).read_text(encoding="utf-8"))
        if isinstance(owner, dict):
            return owner
    return {}


def is_owned(folder: Path) -> bool:
    """
    Tell whether the process that made the folder still lives and has not let it go.
    """
    try:
        handle = os.open(folder / _OWNER, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def kept_folders() -> list[Path]:
    """
    Give the folders of rigs that were kept and that nobody has now, the newest first.
    """
    kept = [
        folder
        for folder in harness_folder().iterdir()
        if owner_of(folder).get("kept") and not is_owned(folder)
    ]
    return sorted(kept, key=lambda folder: folder.stat().st_mtime, reverse=True)


def start_ticks(pid: int) -> int:
    """
    Give when a process started, in ticks since the machine did; 0 where nobody can tell.

    A number of a process is given to another one later; with this beside it, it is not.
    """
    stat = _stat(pid)
    return int(stat[19]) if stat else 0


def is_alive(pid: int, started: int) -> bool:
    """
    Tell whether the process that started then is there, and not merely unburied.
    """
    stat = _stat(pid)
    return bool(stat) and stat[0] != "Z" and int(stat[19]) == started


def _stat(pid: int) -> list[str]:
    """The fields of a process from its state on; none if it is gone."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()
    return []
