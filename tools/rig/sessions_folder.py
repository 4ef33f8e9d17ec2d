"""
The folder of session files: whose it is, and how much is in it.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from rig.errors import RigError

_FOLDER_MODE = 0o750
"""Recordings are of people: their user and group come in, and nobody else."""


def make_private(folder: Path) -> None:
    """
    Make *folder*, closed to others; one that is there stays as it is.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(_FOLDER_MODE, exist_ok=True)


def make(folder: Path, uid: int, gid: int) -> None:
    """
    Make *folder* and, as root, give it and what is in it to the containers' user.

    Without root there is nothing to give: the containers run as the user who calls this.

    Raises:
        RigError: If that is not possible.
    """
    try:
        make_private(folder)
        if os.getuid() == 0:
            for path in (folder, *folder.rglob("*")):
                if path.lstat().st_uid != uid:
                    os.chown(path, uid, gid, follow_symlinks=False)
    except OSError as exc:
        raise RigError(f"The folder {folder} cannot be made: {exc}.") from exc


def describe(folders: Sequence[Path]) -> list[str]:
    """
    Return one line for each of *folders* that is there: files and size.
    """
    lines = []
    for folder in folders:
        if folder.is_dir():
            files = [path for path in folder.rglob("*") if path.is_file()]
            size_mb = sum(path.stat().st_size for path in files) / 1_000_000
            lines.append(f"{folder}: {len(files)} files, {size_mb:.1f} MB")
    return lines


def delete(folders: Sequence[Path]) -> None:
    """
    Delete *folders* with all that is in them.

    Raises:
        RigError: If something cannot be deleted.
    """
    for folder in folders:
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except OSError as exc:
            raise RigError(
                f"{folder} cannot be deleted: {exc}. With sudo it can: sudo rm -r {folder}"
            ) from exc
