"""Which files on the disk make up one session."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from smartspectra.ipc.session import manifest as manifests
from smartspectra.ipc.session.manifest import FINISHED
from smartspectra.ipc.session.parts import CONTINUED_IN
from smartspectra.ipc.storage.session_paths import (
    BASE_STEM,
    ENDINGS,
    SNAPSHOT_ENDING,
    SUMMARY_ENDING,
    SessionPaths,
)

PICTURES = (".png", ".pdf", ".svg")
EXPORTS = (".csv", ".parquet", ".edf", ".xdf", *PICTURES)

_PREFIX = f"{BASE_STEM}_"
_KEPT = re.compile(r"\.(?:before_repair|replaced)(?:_[0-9]+)?$")


@dataclass(frozen=True)
class SessionFiles:
    """
    The files of one session; what is not there is None.

    Attributes:
        stem: What their names begin with, such as ``metrics_first``.
        folder: Where they are.
        jsonl: Every envelope, a line each.
        summary: The series, once the session is finished.
        snapshot: The series as they were at the last snapshot.
        manifest: Counts, checksum and verdict.
        torn: What a crash cut off and a later start set aside.
    """

    stem: str
    folder: Path
    jsonl: Path | None = None
    summary: Path | None = None
    snapshot: Path | None = None
    manifest: Path | None = None
    torn: Path | None = None

    @property
    def name(self) -> str:
        """The session's id as its files tell it; ``metrics`` for files without one."""
        return self.stem.removeprefix(_PREFIX)

    @property
    def is_named(self) -> bool:
        """Whether its files' names begin as those of a session with an id do."""
        return self.stem.startswith(_PREFIX)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the manifest says; empty if there is none that can be read."""
        return manifests.read(self.manifest) if self.manifest else {}

    @property
    def continued_in(self) -> str:
        """The session in which the recording goes on where this one's file took no more."""
        name = self.facts.get(CONTINUED_IN)
        return name if isinstance(name, str) else ""

    @property
    def is_unfinished(self) -> bool:
        """Whether a collector began it and did not finish it, or not yet."""
        if self.facts:
            return self.facts.get("state") != FINISHED
        return self.manifest is None and self.summary is None

    @property
    def is_finished(self) -> bool:
        """Whether its manifest says that nothing will be added."""
        return self.facts.get("state") == FINISHED

    @property
    def paths(self) -> SessionPaths:
        """The names its files have, or would have, as the collector sees them."""
        return SessionPaths.in_folder(
            self.folder, self.stem, self.summary.stem if self.summary else ""
        )

    def all(self) -> Iterator[Path]:
        """Every file that is there."""
        yield from filter(None, (getattr(self, kind) for kind in ENDINGS))


def group(folder: Path, names: Iterable[str]) -> tuple[list[SessionFiles], list[Path]]:
    """
    Sort the files of one folder into sessions.

    A summary may be named after its JSONL, or after a base of its own
    (``metrics_summary_<id>.json`` beside ``metrics_<id>.jsonl``); both are documented.

    Returns:
        The sessions by name, and the visible files that belong to none.
    """
    present = {name for name in names if not name.startswith(".")}
    stems_of = defaultdict(set)
    for name in present:
        stems_of[SessionPaths.kind_of(name)].add(Path(name).stem)
    jsonls, documents = stems_of["jsonl"], stems_of["summary"]
    summaries = {
        stem: next((each for each in _summary_stems(stem) if each in documents), stem)
        for stem in jsonls
    }
    used = set(summaries.values())
    stems = jsonls | {stem for stem in documents - used if _may_be_session(stem, present)}
    sessions = []
    for stem in sorted(stems):
        paths = SessionPaths.in_folder(folder, stem, summaries.get(stem, ""))
        found = {kind: getattr(paths, kind) for kind in ENDINGS}
        there = {kind: path for kind, path in found.items() if path.name in present}
        sessions.append(SessionFiles(stem, folder, **there))
    ours = {path.name for session in sessions for path in session.all()}
    unrecognized_files = [
        folder / name
        for name in sorted(present - ours)
        if not _KEPT.search(name) and not _is_export(name, stems)
    ]
    return sessions, unrecognized_files


def _summary_stems(stem: str) -> Iterator[str]:
    yield stem
    if stem == BASE_STEM or stem.startswith(_PREFIX):
        yield BASE_STEM + SUMMARY_ENDING + stem.removeprefix(BASE_STEM)


def _may_be_session(stem: str, present: set[str]) -> bool:
    """A summary alone is a session if it is named like one."""
    return stem.startswith(BASE_STEM) or f"{stem}{SNAPSHOT_ENDING}" in present


def _is_export(name: str, stems: set[str]) -> bool:
    path = Path(name)
    return path.suffix in EXPORTS and (path.stem in stems or path.suffix in PICTURES)
