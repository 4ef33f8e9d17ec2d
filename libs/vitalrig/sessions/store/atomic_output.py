"""Exports that appear whole, and never in the place of another by mistake."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartspectra.ipc.storage.platform_calls import sync_path
from vitalrig.errors import BadRequest


@contextmanager
def atomic_output(path: Path, *, force: bool = False) -> Iterator[Path]:
    """
    Give the block a temporary file beside *path*, whose folder is made; afterwards it is *path*.

    If the block fails, nothing is left.

    Args:
        path: What is to be made.
        force: Whether a file that is there already may be replaced.

    Raises:
        BadRequest: If the file is there already.
        OSError: If it cannot be written.
    """
    if not force and path.exists():
        raise BadRequest(f"{path} exists; --force replaces it, --output names another file")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        sync_path(partial)
        if force:
            partial.replace(path)
        else:
            _put(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    sync_path(path.parent)


def _put(partial: Path, path: Path) -> None:
    """Name it *path* unless something got that name meanwhile."""
    try:
        os.link(partial, path)
    except FileExistsError as exc:
        raise BadRequest(f"{path} has appeared meanwhile; --force replaces it") from exc
    except OSError:
        # Not every file system has links; there the earlier look has to do.
        partial.replace(path)
