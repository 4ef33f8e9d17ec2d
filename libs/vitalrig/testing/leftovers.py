"""
What a harness that was killed has left: found by its token, never by a name.

A rig's processes die with it, so mostly a folder is left. `sweep` is called whenever a rig starts.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from vitalrig.testing.run_folder import (
    TOKEN_NAME,
    UNFINISHED,
    harness_folder,
    is_owned,
    owner_of,
    start_ticks,
)

LABEL = "vitalrig.testing"
"""The label of containers and networks; its value is the token."""

_UNFINISHED_FOR_S = 60.0
_MAKING_S = 1.0
"""In another container the process that makes a folder is not seen."""

_DOCKER_S = 60.0


def sweep(*, kept: bool = False) -> list[str]:
    """
    Remove what rigs have left whose owner has ended.

    Args:
        kept: Also rigs that were kept for a look.

    Returns:
        Their tokens.
    """
    swept = [folder.name for folder in harness_folder().iterdir() if _is_left(folder, kept=kept)]
    for token in swept:
        for pid in processes_of(token):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if (harness_folder() / token / LABEL).exists():
            _remove_containers(token)
        shutil.rmtree(harness_folder() / token, ignore_errors=True)
    return swept


def processes_of(token: str) -> list[int]:
    """
    Give all processes of this user that have the token in their environment, but this one.
    """
    mark = f"{TOKEN_NAME}={token}".encode()
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            pid = int(folder.name)
            if pid != os.getpid() and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def _is_left(folder: Path, *, kept: bool) -> bool:
    if not folder.is_dir() or is_owned(folder):
        return False
    if folder.name.startswith(UNFINISHED):
        with contextlib.suppress(OSError):
            age_s = time.time() - folder.stat().st_mtime
            pid = int(folder.name.removeprefix(UNFINISHED).partition("-")[0])
            return age_s > (_UNFINISHED_FOR_S if start_ticks(pid) else _MAKING_S)
        return False
    return kept or not (owner_of(folder).get("kept") and processes_of(folder.name))


def _remove_containers(token: str) -> None:
    if (docker := shutil.which("docker")) is None:
        return
    label = f"label={LABEL}={token}"
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        for listed, removed in (
            (["ps", "--all", "--quiet"], ["rm", "--force", "--volumes"]),
            (["network", "ls", "--quiet"], ["network", "rm"]),
        ):
            found = _said(docker, *listed, "--filter", label).split()
            if found:
                _said(docker, *removed, *found)


def _said(docker: str, *words: str) -> str:
    return subprocess.run(  # noqa: S603  the words are ours
        [docker, *words], capture_output=True, text=True, check=False, timeout=_DOCKER_S
    ).stdout
