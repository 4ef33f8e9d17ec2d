"""Counting session files, by what they are."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)

KINDS = ("envelopes", "summary", "snapshot", "manifest", "torn")

Tally = Mapping[str, tuple[int, int]]
"""For each kind, how many files and how many bytes."""

MAX_DEPTH = 2
"""The sessions folder itself, and one folder per camera."""


class SessionFiles:
    """
    The last count of a sessions folder.

    Args:
        folder: The sessions folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._latest: Tally | None = None

    def latest(self) -> Tally | None:
        """
        Give the last count; None before the first and after one that failed.
        """
        return self._latest

    def look(self) -> None:
        """
        Count anew.
        """
        try:
            self._latest = count(self._folder)
        except OSError as exc:
            self._latest = None
            log.debug("session files cannot be counted", extra={"why": str(exc)})


def count(folder: Path) -> Tally:
    """
    Count the files of *folder* and of the folders in it.

    Raises:
        OSError: If it cannot be listed.
    """
    tally = dict.fromkeys(KINDS, (0, 0))
    _count(folder, MAX_DEPTH, tally)
    return tally


def _count(folder: Path | str, depth: int, tally: dict[str, tuple[int, int]]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if depth > 1 and not entry.name.startswith("."):
                        _count(entry.path, depth - 1, tally)
                elif kind := kind_of(entry.name):
                    files, size_bytes = tally[kind]
                    tally[kind] = files + 1, size_bytes + entry.stat().st_size
            except FileNotFoundError:
                continue  # replaced or removed since it was listed


def kind_of(name: str) -> str:
    """
    Say what a file is by its name; empty for none of ours.
    """
    endings = {
        ".torn": "torn",
        "_manifest.json": "manifest",
        "_snapshot_temp.json": "snapshot",
        ".jsonl": "envelopes",
        ".json": "summary",
    }
    if name.startswith("."):
        return ""
    return next((kind for ending, kind in endings.items() if name.endswith(ending)), "")
