"""Counting session files, by what they are."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smartspectra.ipc.storage.session_paths import ENDINGS, SessionPaths

log = logging.getLogger(__name__)

KINDS = {kind: "envelopes" if kind == "jsonl" else kind for kind in ENDINGS}
"""What metrics call each kind of file."""


@dataclass(frozen=True, slots=True)
class FileCounts:
    """
    What a sessions folder holds.

    Attributes:
        kinds: For each kind of file, how many there are and how many bytes.
        unreadable: Why folders of cameras, or files, could not be counted.
    """

    kinds: Mapping[str, tuple[int, int]]
    unreadable: tuple[str, ...] = ()


class SessionFileCounts:
    """
    The last count of a sessions folder.

    Args:
        folder: The sessions folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._latest: FileCounts | None = None

    def latest(self) -> FileCounts | None:
        """
        Give the last count; None before the first and after one that failed.
        """
        return self._latest

    def look(self) -> None:
        """
        Count anew.
        """
        try:
            tally = count(self._folder)
        except OSError as exc:
            log.debug("session files cannot be counted", extra={"why": str(exc)})
            self._latest = None
            return
        known = self._latest.unreadable if self._latest else ()
        for why in sorted(set(tally.unreadable) - set(known)):
            log.warning("some session files cannot be counted", extra={"why": why})
        self._latest = tally


def count(folder: Path) -> FileCounts:
    """
    Count the files of *folder* and of the folders in it; one that cannot be listed costs itself.

    Raises:
        OSError: If *folder* cannot be listed.
    """
    kinds = dict.fromkeys(KINDS.values(), (0, 0))
    unreadable: list[str] = []
    for inner in _count(folder, kinds, unreadable):
        try:
            _count(inner, kinds, unreadable)
        except FileNotFoundError:
            continue  # removed since it was listed
        except OSError as exc:
            unreadable.append(str(exc))
    return FileCounts(kinds, tuple(unreadable))


def _count(
    folder: Path | str, kinds: dict[str, tuple[int, int]], unreadable: list[str]
) -> list[str]:
    """
    Count the files of one folder, and give the folders in it.
    """
    folders = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        folders.append(entry.path)
                elif kind := KINDS.get(SessionPaths.kind_of(entry.name)):
                    files, size_bytes = kinds[kind]
                    kinds[kind] = files + 1, size_bytes + entry.stat().st_size
            except FileNotFoundError:
                continue  # replaced or removed since it was listed
            except OSError as exc:
                unreadable.append(str(exc))
    return folders
