"""Files that others read meanwhile."""

import os
from pathlib import Path


def replace_text(path: Path, text: str, *, sync: bool = True) -> None:
    """
    Make *text* the whole content of *path*, in one step.

    A reader sees the old file or the new one. With *sync*, that also holds after
    a power cut; without, only while the machine runs (enough for a health file).

    Raises:
        OSError: If the folder cannot be written to; *path* is then as it was.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """
    Make the names in the folder *path* survive a power cut.
    """
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
