"""Which files on the disk make up one session."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from smartspectra.ipc.session import manifest as manifests
from smartspectra.ipc.session.manifest import FINISHED
from smartspectra.ipc.session.parts import CONTINUED_IN
from smartspectra.ipc.storage.session_paths import SessionPaths

SNAPSHOT = "_snapshot_temp.json"
MANIFEST = "_manifest.json"
TORN = ".jsonl.torn"
PICTURES = (".png", ".pdf", ".svg")
EXPORTS = (".csv", ".parquet", ".edf", ".xdf", *PICTURES)

_PREFIX = "metrics_"
_SUMMARY_PREFIX = "metrics_summary"
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
        return SessionPaths(
            self.jsonl or self.folder / f"{self.stem}.jsonl",
            self.summary or self.folder / f"{self.stem}.json",
        )

    def all(self) -> Iterator[Path]:
        """Every file that is there."""
        for path in (self.jsonl, self.summary, self.snapshot, self.manifest, self.torn):
            if path is not None:
                yield path


def group(folder: Path, names: Iterable[str]) -> tuple[list[SessionFiles], list[Path]]:
    """
    Sort the files of one folder into sessions.

    A summary may be named after its JSONL, or after a base of its own
    (``metrics_summary_<id>.json`` beside ``metrics_<id>.jsonl``); both are documented.

    Returns:
        The sessions by name, and the visible files that belong to none.
    """
    present = {name for name in names if not name.startswith(".")}
    jsonls = {name.removesuffix(".jsonl") for name in present if name.endswith(".jsonl")}
    documents = {name.removesuffix(".json") for name in present if _is_document(name)}
    summaries = {
        stem: next((each for each in _summary_stems(stem) if each in documents), stem)
        for stem in jsonls
    }
    used = set(summaries.values())
    stems = jsonls | {stem for stem in documents - used if _may_be_session(stem, present)}
    sessions = []
    for stem in sorted(stems):
        summary = summaries.get(stem, stem)
        found = {
            "jsonl": f"{stem}.jsonl",
            "summary": f"{summary}.json",
            "snapshot": f"{summary}{SNAPSHOT}",
            "manifest": f"{stem}{MANIFEST}",
            "torn": f"{stem}{TORN}",
        }
        paths = {what: folder / name for what, name in found.items() if name in present}
        sessions.append(SessionFiles(stem, folder, **paths))
    ours = {path.name for session in sessions for path in session.all()}
    unrecognized_files = [
        folder / name
        for name in sorted(present - ours)
        if not _KEPT.search(name) and not _is_export(name, stems)
    ]
    return sessions, unrecognized_files


def _is_document(name: str) -> bool:
    return name.endswith(".json") and not name.endswith((SNAPSHOT, MANIFEST))


def _summary_stems(stem: str) -> Iterator[str]:
    yield stem
    if stem == "metrics" or stem.startswith(_PREFIX):
        yield _SUMMARY_PREFIX + stem.removeprefix("metrics")


def _may_be_session(stem: str, present: set[str]) -> bool:
    """A summary alone is a session if it is named like one."""
    return stem.startswith("metrics") or f"{stem}{SNAPSHOT}" in present


def _is_export(name: str, stems: set[str]) -> bool:
    path = Path(name)
    return path.suffix in EXPORTS and (path.stem in stems or path.suffix in PICTURES)
