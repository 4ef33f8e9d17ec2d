"""Numbered parts of a recording, for where a file takes no more than so much."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

from smartspectra.ipc.session import manifest
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.session_paths import OLD, SessionPaths

PART_OF, PART_NUMBER, CONTINUED_IN = "part_of", "part", "continued_in"
"""What manifests say of parts, where there is more than one."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """
    One part of a recording: a session of its own, with all its files.

    The first one has the recording's own name, the others ``{name}_part2`` and so on.

    Attributes:
        whole_id: What the recording is called; None for what is recorded outside of sessions.
        whole_paths: The files of its first part.
        number: Which part it is, from 1.
    """

    whole_id: str | None
    whole_paths: SessionPaths
    number: int = 1

    @property
    def session_id(self) -> str | None:
        """The part's own id."""
        if self.number == 1 or self.whole_id is None:
            return self.whole_id
        return f"{self.whole_id}_part{self.number}"

    @property
    def paths(self) -> SessionPaths:
        """The part's own files."""
        if self.number == 1:
            return self.whole_paths
        return self.whole_paths.with_ending(f"part{self.number}")

    @property
    def name(self) -> str:
        """What manifests call it: the end of its files' names."""
        return self.session_id if self.session_id is not None else f"part{self.number}"

    def is_of(self, session_id: str | None) -> bool:
        """Whether that is its name, or the whole recording's."""
        return session_id in {self.session_id, self.whole_id}

    def next_free(self) -> Self:
        """The next part of which there is no file."""
        parts = (replace(self, number=number) for number in count(self.number + 1))
        return next(part for part in parts if not part.paths.exist())

    def newest(self) -> Self:
        """The last part that there is."""
        return max((self, *self.later()), key=attrgetter("number"))

    def later(self) -> Iterator[Self]:
        """The parts behind this one; each says in its manifest of what it is a part."""
        for number in count(self.number + 1):
            part = replace(self, number=number)
            if not part.paths.exist():
                return
            facts = part.facts()
            if (facts.get(PART_OF), facts.get(PART_NUMBER)) == (self.whole_id, number):
                yield part

    def set_aside(self, disk: Disk) -> None:
        """Rename what an earlier run left of it and of later parts to ``{stem}_old1`` and so on."""
        later = list(self.later())
        old = self.free_old_paths()
        log.warning("%s is there from an earlier run; kept as %s", *_shown(self.paths, old))
        self.paths.rename(old, disk)
        for part in later:
            part.paths.rename(old.with_ending(f"part{part.number}"), disk)

    def free_old_paths(self) -> SessionPaths:
        """The names ``{stem}_old1`` and so on, or with the next number that is free."""
        numbered = (self.paths.with_ending(f"{OLD}{number}") for number in count(1))
        return next(paths for paths in numbered if not paths.exist())

    def facts(self) -> dict[str, Any]:
        """What its manifest says; empty if there is none."""
        return manifest.read(self.paths.manifest) if self.paths.manifest else {}


def _shown(*several: SessionPaths) -> list[Path | None]:
    """One file of each, for people."""
    return [paths.jsonl or paths.summary for paths in several]


def part_called(session_id: str, paths_of: Callable[[str], SessionPaths]) -> Part:
    """
    The part that is called *session_id*, if it is one by its manifest; else a first one.

    Args:
        session_id: What it is called.
        paths_of: Gives the files of the session of a name.
    """
    part = Part(session_id, paths_of(session_id))
    facts = part.facts()
    whole_id, number = facts.get(PART_OF), facts.get(PART_NUMBER)
    if not isinstance(whole_id, str) or not isinstance(number, int):
        return part
    known = Part(whole_id, paths_of(whole_id), number)
    return known if known.session_id == session_id else part
