"""Sessions found in a folder, and one of them by its name or by a path."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartspectra.ipc.session.manifest import FINISHED
from smartspectra.ipc.storage.session_paths import ENDINGS
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig.sessions.errors import Missing, Unreadable
from vitalrig.sessions.store.is_recording import is_being_recorded
from vitalrig.sessions.store.session_files import SessionFiles, group
from vitalrig.sessions.store.summary_reader import read_meta

_MOST = 1 << 63
"""No number that a file tells of a session is as large."""


@dataclass(frozen=True, slots=True)
class Survey:
    """
    What a folder and those of its cameras hold.

    Attributes:
        sessions: Every session.
        unrecognized_files: Files that belong to no session.
        unreadable: Folders that could not be looked into, each with the reason.
    """

    sessions: list[SessionFiles]
    unrecognized_files: list[Path]
    unreadable: list[str]


def survey(sessions_folder: Path) -> Survey:
    """
    Look into a folder and those of its cameras; one that cannot be read costs only itself.

    Raises:
        Missing: If there is no such folder.
        OSError: If it cannot be read.
    """
    if not sessions_folder.is_dir():
        raise Missing(
            f"{sessions_folder} is not a folder; --sessions-folder says where the collector writes"
        )
    found = Survey([], [], [])
    children = sorted(sessions_folder.iterdir())
    _look_into(sessions_folder, found)
    for child in children:
        try:
            if child.is_dir() and not child.name.startswith("."):
                _look_into(child, found)
        except OSError as exc:
            found.unreadable.append(f"{child} cannot be read: {exc.strerror}")
    return found


def find(sessions_folder: Path) -> list[SessionFiles]:
    """
    Every session that :func:`survey` finds.

    Raises:
        Missing: If there is no such folder.
        OSError: If it cannot be read.
    """
    return survey(sessions_folder).sessions


def _look_into(folder: Path, found: Survey) -> None:
    sessions, unrecognized_files = _group(folder)
    found.sessions.extend(sessions)
    found.unrecognized_files.extend(unrecognized_files)


def _group(folder: Path) -> tuple[list[SessionFiles], list[Path]]:
    return group(folder, (path.name for path in folder.iterdir() if path.is_file()))


def resolve(which: str, sessions_folder: Path) -> SessionFiles:
    """
    The session that *which* means: a name, ``camera/name``, or the path of one of its files.

    Raises:
        Missing: If there is none, or more than one; the message says what there is.
    """
    path = Path(which)
    if path.is_file():
        return _of_file(path)
    found = [
        session
        for session in find(sessions_folder)
        if which in {session.name, session.stem, f"{camera_of(session)}/{session.name}"}
    ]
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(f"{camera_of(session)}/{session.name}" for session in found)
        raise Missing(f"more than one session is called {which}: {choices}; name one of these")
    if path.suffix in {".json", ".jsonl"}:
        raise Missing(f"{path} is not a file")
    raise Missing(
        f"no session {which} in {sessions_folder}; `vitalrig sessions list` shows what there is"
    )


def _of_file(path: Path) -> SessionFiles:
    sessions, _ = _group(path.absolute().parent)
    for session in sessions:
        if path.name in {each.name for each in session.all()}:
            return _as_given(session, path.parent)
    if path.suffix == ".json":
        # A summary by any name is worth reading if the caller points at it.
        return SessionFiles(path.stem, path.parent, summary=path)
    endings = ", ".join(ENDINGS.values())
    raise Missing(f"{path} is not a file of a session; those end in {endings}")


def _as_given(session: SessionFiles, folder: Path) -> SessionFiles:
    """The same files with the path that the caller used, so that messages look familiar."""
    given = {kind: getattr(session, kind) for kind in ENDINGS}
    moved = {kind: folder / path.name for kind, path in given.items() if path is not None}
    return SessionFiles(session.stem, folder, **moved)


def camera_of(session: SessionFiles) -> str:
    """The key prefix a session was recorded under, as far as can be known cheaply."""
    prefix = session.facts.get("redis_prefix") or meta_of(session).get("redis_prefix")
    return prefix if isinstance(prefix, str) and prefix else DEFAULT_PREFIX


def meta_of(session: SessionFiles) -> dict[str, Any]:
    """The ``meta`` of the summary, or of the snapshot; empty if neither can be read."""
    for path in (session.summary, session.snapshot):
        if path is not None:
            try:
                return read_meta(path)
            except (Unreadable, OSError):
                continue
    return {}


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of the list of sessions.

    Attributes:
        name: The session's id.
        camera: The key prefix.
        state: ``complete``, ``not complete``, ``recording``, ``interrupted``, ``no manifest``.
        source: What the numbers are made of: camera, replay, synthetic or unknown.
        started_at_ms: When it began, milliseconds since 1970; None if nothing tells.
        duration_s: How long it is; None if nothing tells.
        envelopes: Lines of the JSONL.
        samples: Samples in the series.
        size_bytes: Size of the JSONL.
        folder: Where it is.
    """

    name: str
    camera: str
    state: str
    source: str
    started_at_ms: int | None
    duration_s: float | None
    envelopes: int | None
    samples: int | None
    size_bytes: int
    folder: str


def entry(session: SessionFiles) -> Entry:
    """Describe a session without reading its data."""
    meta, facts = meta_of(session), session.facts
    envelopes = facts.get("envelopes")
    total = envelopes.get("total") if isinstance(envelopes, dict) else None
    return Entry(
        name=session.name,
        camera=camera_of(session),
        state=state_of(session),
        source=str(facts.get("source") or meta.get("source") or "unknown"),
        started_at_ms=_whole(facts.get("started_at_ms", meta.get("started_at_ms"))),
        duration_s=_duration_s(facts, meta),
        envelopes=_whole(total if total is not None else meta.get("jsonl_envelopes_written")),
        samples=_whole(facts.get("samples", meta.get("total_samples"))),
        size_bytes=session.jsonl.stat().st_size if session.jsonl else 0,
        folder=str(session.folder),
    )


def state_of(session: SessionFiles) -> str:
    """How far a session got, in a word or two."""
    if session.is_unfinished:
        return "recording" if session.jsonl and is_being_recorded(session.jsonl) else "interrupted"
    if session.facts.get("cut_off"):
        return "interrupted"
    if session.facts.get("state") == FINISHED:
        return "complete" if session.facts.get("complete") is True else "not complete"
    return "no manifest"


def _duration_s(facts: dict[str, Any], meta: dict[str, Any]) -> float | None:
    began_ms, ended_ms = _whole(facts.get("started_at_ms")), _whole(facts.get("stopped_at_ms"))
    if began_ms is not None and ended_ms is not None:
        return max(0, ended_ms - began_ms) / 1000
    seconds = meta.get("duration_seconds")
    return seconds if isinstance(seconds, int | float) and 0 <= seconds < _MOST else None


def _whole(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if -_MOST < value < _MOST else None
