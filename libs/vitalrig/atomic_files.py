"""Small files that others read meanwhile, for who has nothing to keep: nothing is synced."""

import contextlib
from pathlib import Path


def replace_bytes(path: Path, data: bytes) -> None:
    """
    Make *data* the whole content of *path*, in one step, as long as the machine runs.

    A reader sees the old file or the new one. What has to survive a power cut is written by
    `smartspectra.ipc.storage.disk.Disk`.

    Raises:
        OSError: If the folder cannot be written to; *path* is then as it was.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
