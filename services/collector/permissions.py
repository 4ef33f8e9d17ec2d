"""Who may read session files."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from smartspectra.ipc.storage.platform_calls import group_id

log = logging.getLogger(__name__)

_OTHERS = 0o007


def check_membership(group: str) -> None:
    """
    Make sure that files can be given to *group*; empty means no group.

    Raises:
        ValueError: If there is no such group, or the user of this process is not in it.
    """
    if not group or os.geteuid() == 0:
        return
    if group_id(group) not in {os.getegid(), *os.getgroups()}:
        raise ValueError(f"the user of this process is not in the group {group}")


def warn_of_public_files(sessions_folder: Path) -> None:
    """
    Say how many session files every user of the machine can read. They are not changed.

    Files of older versions are so, and it may be meant. A folder that cannot be read is passed
    over: whoever records into it says so.
    """
    number = sum(_is_public(path) for path in _session_files(sessions_folder))
    if number:
        log.warning(
            "every user of this machine can read session files; new ones are for the group alone",
            extra={"files": number, "remedy": f"chmod -R o-rwx '{sessions_folder}'"},
        )


def _session_files(sessions_folder: Path) -> Iterator[Path]:
    for folder in (sessions_folder, *_entries(sessions_folder)):
        if folder.is_dir() and _is_public(folder):  # in others nobody comes to the files
            yield from (
                path
                for path in _entries(folder)
                if path.name.startswith("metrics") and path.is_file()
            )


def _entries(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return list(folder.iterdir())
    return []


def _is_public(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False
