"""Finish what a crash left open."""

import logging
import shutil

from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.session import manifest
from smartspectra.ipc.session.session import ResumptionFacts, Session
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.storage.session_paths import SessionPaths

log = logging.getLogger(__name__)


def is_unfinished(paths: SessionPaths, base: SessionPaths, session_id: str | None) -> bool:
    """Whether a session's manifest says that it is open, or it has no summary and no manifest."""
    assert paths.manifest is not None
    if paths.manifest.exists():
        return manifest.read(paths.manifest).get("state") != manifest.FINISHED
    other = base.with_other_summary().for_session(session_id) if session_id else paths
    summaries = [each.summary for each in (paths, other) if each.summary is not None]
    return bool(summaries) and not any(summary.exists() for summary in summaries)


class InterruptedSession(Session):
    """
    A session that a crash left open: finishing it rebuilds it from its JSONL.

    It keeps its original start; its end is when its file was last written.
    """

    def finish(self, stopped_ms: int | None = None) -> None:
        """
        Write its summary and manifest.

        Raises:
            OSError: If the disk does not allow it now.
            FolderInUse: If a collector is writing it.
        """
        assert self.paths.jsonl is not None
        stopped_ms = stopped_ms or round(self.paths.jsonl.stat().st_mtime * 1000)
        self.open()
        try:
            self.losses.resumptions -= 1  # nothing is added
            super().finish(max(stopped_ms, self.started_ms))
        finally:
            self.abandon()


def finish_interrupted(
    base: SessionPaths,
    config: MetricsCollectorConfig,
    options: StorageOptions,
    but: str | None = None,
) -> list[tuple[Session, OSError]]:
    """
    Rebuild interrupted sessions from their JSONL and write what is missing.

    Args:
        base: What the files are named after.
        config: What the collector was told.
        options: How files are kept.
        but: A session that is not to be touched, since it is being recorded.

    Returns:
        The sessions that cannot be finished now, and why.
    """
    left: list[tuple[Session, OSError]] = []
    for session_id, paths in base.sessions():
        if session_id is not None and session_id == but:
            continue
        if not is_unfinished(paths, base, session_id):
            if paths.work_folder is not None:
                shutil.rmtree(paths.work_folder, ignore_errors=True)
            continue
        session = InterruptedSession(session_id, paths, config, options, append=True)
        try:
            session.finish()
        except OSError as exc:
            log.error("could not finish %s: %s", paths.jsonl, exc)
            left.append((session, exc))
        except Exception:
            # Whatever a file holds, it costs only itself; it is left as it is.
            log.exception("passed over what cannot be finished: %s", paths.jsonl)
        else:
            log.warning("finished an interrupted session: %s", paths.jsonl)
    return left


def finish_one(
    session_id: str | None,
    paths: SessionPaths,
    config: MetricsCollectorConfig,
    options: StorageOptions,
    sound_bytes: int | None = None,
) -> None:
    """
    Rebuild one session from its JSONL and write its summary and manifest.

    Args:
        session_id: The session's id.
        paths: Its files.
        config: What the collector was told.
        options: How files are kept.
        sound_bytes: Where in the JSONL the last envelope ends; what follows it is set
            aside.

    Raises:
        OSError: If the disk does not allow it now.
        FolderInUse: If a collector is writing it.
    """
    resumed = ResumptionFacts(sound_bytes=sound_bytes)
    InterruptedSession(session_id, paths, config, options, append=True, resumed=resumed).finish()
