"""Whether a collector has a session's JSONL open, found out without disturbing it."""

import os
from pathlib import Path

from smartspectra.ipc.storage.platform_calls import OPEN_FLAGS, lock_exclusively

_LOCKS = Path("/proc/locks")


def is_being_recorded(jsonl: Path) -> bool:
    """
    Whether some process holds the writer's lock on *jsonl*.

    The kernel's list of locks is read rather than the lock tried, since a trial that
    coincides with a collector's start would make that one give up. This is for display:
    what changes files takes the locks themselves.
    """
    try:
        inode = jsonl.stat().st_ino
        lines = _LOCKS.read_text().splitlines()
    except FileNotFoundError:
        return jsonl.exists() and _is_taken(jsonl)
    return any(
        fields[1] == "FLOCK" and fields[3] == "WRITE" and fields[5].endswith(f":{inode}")
        for line in lines
        if len(fields := line.split()) > 5 and fields[1] != "->"  # noqa: PLR2004
    )


def _is_taken(jsonl: Path) -> bool:
    """Where the kernel has no list, try."""
    descriptor = os.open(jsonl, os.O_RDONLY | OPEN_FLAGS)
    try:
        lock_exclusively(descriptor)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
