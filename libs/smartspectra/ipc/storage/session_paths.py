"""What the files of a session are called, and what to do with those already there."""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Self

from smartspectra.ipc.storage.append_file import TORN
from smartspectra.ipc.storage.disk import Disk

BASE_STEM = "metrics"
SUMMARY_ENDING = "_summary"
SNAPSHOT_ENDING = "_snapshot_temp.json"
MANIFEST_ENDING = "_manifest.json"
OLD = "old"
"""With a number, what the names of files end with that were in the way of others."""

ENDINGS = {
    "jsonl": ".jsonl",
    "summary": ".json",
    "snapshot": SNAPSHOT_ENDING,
    "manifest": MANIFEST_ENDING,
    "torn": TORN,
}
"""What the names of each kind of file end with; of several that fit the last counts."""

_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+@=-]{0,127}(?:_part[0-9]+)?")
_TAKEN_ENDINGS = re.compile(r"(?:^|_)(?:snapshot_temp|manifest|old[0-9]+)$")

SESSION_ID_RULE = (
    "1 to 128 letters, digits and the characters . _ : + @ = -, beginning with a letter or "
    "digit, and not ending in snapshot_temp, manifest or old with a number"
)


def check_session_id(session_id: str) -> str:
    """
    Give *session_id* back if it can be part of a file's name.

    Raises:
        ValueError: If it cannot; the message says what is allowed.
    """
    if (
        not isinstance(session_id, str)
        or not _SESSION_ID.fullmatch(session_id)
        or _TAKEN_ENDINGS.search(session_id)
    ):
        raise ValueError(f"no session id: {session_id!r}; allowed are {SESSION_ID_RULE}")
    return session_id


def new_session_id(epoch_s: float, is_taken: Callable[[str], bool]) -> str:
    """Make a session id from local date and time: ``20251006_205619``, then ``..._2``."""
    stem = datetime.fromtimestamp(epoch_s).strftime("%Y%m%d_%H%M%S")  # noqa: DTZ006
    ids = chain([stem], (f"{stem}_{number}" for number in count(2)))
    return next(session_id for session_id in ids if not is_taken(session_id))


@dataclass(frozen=True, slots=True)
class SessionPaths:
    """
    The files of one session, all named after the JSONL and the summary.

    Attributes:
        jsonl: Every envelope, a line each; None if none is wanted.
        summary: The aggregated JSON; None if none is wanted.
        keep_summary_stem: Whether a session's summary is named after all of the summary's
            base: ``metrics_summary_<id>.json`` rather than ``metrics_<id>.json``, where that
            is ``metrics_summary.json``. The vendor's documents have both.
    """

    jsonl: Path | None
    summary: Path | None
    keep_summary_stem: bool = False

    @classmethod
    def in_folder(cls, folder: Path, stem: str = BASE_STEM, summary_stem: str = "") -> Self:
        """Files in *folder* by their stems, by default those that sessions' files are made from."""
        return cls(folder / f"{stem}.jsonl", folder / f"{summary_stem or stem}.json")

    @staticmethod
    def kind_of(name: str) -> str:
        """
        What a file is by its name.

        Returns:
            ``jsonl``, ``summary``, ``snapshot``, ``manifest`` or ``torn``; empty for none of
            these.
        """
        if name.startswith("."):
            return ""
        return next((kind for kind in reversed(ENDINGS) if name.endswith(ENDINGS[kind])), "")

    @property
    def snapshot(self) -> Path | None:
        """The aggregated JSON while the session goes on."""
        return self.summary and self.summary.with_name(self.summary.stem + SNAPSHOT_ENDING)

    @property
    def manifest(self) -> Path | None:
        """What can be said of the JSONL: counts, gaps, hash, verdict."""
        return self.jsonl and self.jsonl.with_name(self.jsonl.stem + MANIFEST_ENDING)

    @property
    def torn(self) -> Path | None:
        """What a crash left behind the last whole line, set aside."""
        return self.jsonl and self.jsonl.with_name(self.jsonl.name + TORN)

    @property
    def work_folder(self) -> Path | None:
        """A hidden folder for columns, gone when the session is finished."""
        return self.summary and self.summary.with_name(f".{self.summary.stem}_work")

    def for_session(self, session_id: str) -> "SessionPaths":
        """The same with the session id appended to the stems."""
        short = self._with_short_summary().with_ending(session_id)
        if self.keep_summary_stem or short.summary == self.summary:
            return self.with_ending(session_id)
        return short

    def with_other_summary(self) -> "SessionPaths":
        """The same with summaries by the other of the two spellings."""
        return replace(self, keep_summary_stem=not self.keep_summary_stem)

    def _with_short_summary(self) -> "SessionPaths":
        stem = self.summary.stem.removesuffix(SUMMARY_ENDING) if self.summary else ""
        if self.summary is None or not stem:
            return self
        return replace(self, summary=self.summary.with_name(stem + self.summary.suffix))

    def with_ending(self, ending: str) -> "SessionPaths":
        """The same with ``_{ending}`` appended to the stems."""

        def longer(path: Path | None) -> Path | None:
            return path and path.with_name(f"{path.stem}_{ending}{path.suffix}")

        return replace(self, jsonl=longer(self.jsonl), summary=longer(self.summary))

    def by_kind(self) -> dict[str, Path]:
        """Every file that a finished session may have, by its kind."""
        files = {kind: getattr(self, kind) for kind in ENDINGS if kind != "torn"}
        return {kind: path for kind, path in files.items() if path is not None}

    def sessions(self) -> Iterator[tuple[str | None, "SessionPaths"]]:
        """
        The sessions whose JSONL is there, in the order of their names.

        Yields:
            The session's id, None for these files themselves, and its files.
        """
        if self.jsonl is None:
            return
        stem, suffix = self.jsonl.stem, self.jsonl.suffix
        for path in sorted(self.jsonl.parent.glob(f"{_plain(stem)}*{_plain(suffix)}")):
            if path == self.jsonl:
                yield None, self
            elif path.stem.startswith(f"{stem}_"):
                session_id = path.stem.removeprefix(f"{stem}_")
                with contextlib.suppress(ValueError):
                    yield session_id, self.for_session(check_session_id(session_id))

    def some(self) -> bool:
        """Whether any file is wanted."""
        return self.jsonl is not None or self.summary is not None

    def exist(self) -> bool:
        """Whether an earlier run has left any of them."""
        return any(path.exists() for path in self.by_kind().values())

    def rename(self, others: "SessionPaths", disk: Disk) -> None:
        """
        Give those that are there the names of *others*.

        Raises:
            OSError: If that cannot be done now.
        """
        names = others.by_kind()
        for kind, path in self.by_kind().items():
            if path.exists():
                disk.rename(path, names[kind])


def _plain(text: str) -> str:
    """The text as a pattern that means just itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
