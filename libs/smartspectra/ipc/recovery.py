"""Finish what a crash left open."""

import contextlib
import logging
import shutil
from collections.abc import Iterator

from smartspectra.ipc import manifest
from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.options import StorageOptions
from smartspectra.ipc.session import Session
from smartspectra.ipc.session_files import SessionPaths, check_session_id

log = logging.getLogger(__name__)


def interrupted_sessions(base: SessionPaths) -> Iterator[tuple[str | None, SessionPaths]]:
    """
    Sessions whose manifest says that they are open, or that have no summary.

    Yields:
        The session's id, None for the base files themselves, and its paths.
    """
    for session_id, paths in _sessions(base):
        if _is_unfinished(paths):
            yield session_id, paths


def _sessions(base: SessionPaths) -> Iterator[tuple[str | None, SessionPaths]]:
    if base.jsonl is None:
        return
    stem, suffix = base.jsonl.stem, base.jsonl.suffix
    for path in sorted(base.jsonl.parent.glob(f"{_plain(stem)}*{_plain(suffix)}")):
        if path == base.jsonl:
            yield None, base
        elif path.stem.startswith(f"{stem}_"):
            session_id = path.stem.removeprefix(f"{stem}_")
            with contextlib.suppress(ValueError):
                yield session_id, base.for_session(check_session_id(session_id))


def _plain(text: str) -> str:
    """The text as a pattern that means just itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def _is_unfinished(paths: SessionPaths) -> bool:
    assert paths.manifest is not None
    if paths.manifest.exists():
        return manifest.read(paths.manifest).get("state") != manifest.FINISHED
    return paths.summary is not None and not paths.summary.exists()


def finish_interrupted(
    base: SessionPaths, config: MetricsCollectorConfig, options: StorageOptions
) -> list[str | None]:
    """
    Rebuild interrupted sessions from their JSONL and write what is missing.

    Each keeps its original start; its end is when its file was last written. A session
    that cannot be finished now is logged and left for the next time.

    Returns:
        The ids of the sessions that were finished.
    """
    finished: list[str | None] = []
    for session_id, paths in _sessions(base):
        if not _is_unfinished(paths):
            if paths.work_folder is not None:
                shutil.rmtree(paths.work_folder, ignore_errors=True)
            continue
        try:
            finish_one(session_id, paths, config, options)
        except OSError as exc:
            log.error("could not finish %s: %s", paths.jsonl, exc)
        else:
            log.warning("finished an interrupted session: %s", paths.jsonl)
            finished.append(session_id)
    return finished


def finish_one(
    session_id: str | None,
    paths: SessionPaths,
    config: MetricsCollectorConfig,
    options: StorageOptions,
) -> None:
    """
    Rebuild one session from its JSONL and write its summary and manifest.

    Raises:
        OSError: If the disk does not allow it now.
        FolderInUse: If a collector is writing it.
    """
    assert paths.jsonl is not None
    written_ms = round(paths.jsonl.stat().st_mtime * 1000)
    session = Session(session_id, paths, config, options, append=True)
    session.open()
    try:
        session.losses.resumptions -= 1  # nothing is added
        session.finish(max(written_ms, session.started_ms))
    finally:
        session.abandon()
