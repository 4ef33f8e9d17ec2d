"""What is said about a session: the summary's meta, and the manifest."""

from typing import TYPE_CHECKING, Any

from smartspectra.ipc.session.manifest import FINISHED, FORMAT, VERSION
from smartspectra.ipc.session.moments import iso

if TYPE_CHECKING:
    from smartspectra.ipc.session.session import Session


def meta(session: "Session") -> dict[str, Any]:
    """The ``meta`` object of a snapshot or a summary, as documented, and the source."""
    data = session.table.data
    of_series = [series for of_channel in data.values() for series in of_channel.values()]
    updated_ms = session.stopped_ms or max(session.now_ms(), session.started_ms)
    known: dict[str, Any] = {
        "started_at_ms": session.started_ms,
        "started_at_iso": iso(session.started_ms),
        "updated_at_ms": updated_ms,
        "updated_at_iso": iso(updated_ms),
    }
    if session.stopped_ms is not None:
        known |= {"stopped_at_ms": session.stopped_ms, "stopped_at_iso": iso(session.stopped_ms)}
    known["duration_seconds"] = (updated_ms - session.started_ms) / 1000
    if session.session_id is not None:
        known["session_id"] = session.session_id
    known |= {
        "redis_host": session.config.redis_host,
        "redis_port": session.config.redis_port,
        "redis_prefix": session.config.redis_key_prefix,
        "jsonl_envelopes_written": session.written,
        "series_count": len(of_series),
        "total_samples": sum(series.kept for series in of_series),
        "source": session.table.source.name,
    }
    return known


def manifest_of(session: "Session", state: str) -> dict[str, Any]:
    """The manifest: counts, losses, hash and verdict."""
    file, table, losses = session.file, session.table, session.all_losses
    reasons = losses.why_not_complete()
    finished = state == FINISHED
    verdict = "complete" if not reasons else "not complete: " + "; ".join(reasons)
    stopped_ms = session.stopped_ms
    return {
        "format": FORMAT,
        "version": VERSION,
        "state": state,
        "verdict": verdict if finished else "still open",
        "complete": finished and not reasons,
        "session_id": session.session_id,
        **session.about_parts(),
        "source": table.source.name,
        "redis_prefix": session.config.redis_key_prefix,
        "software_version": session.options.software_version,
        "started_at_ms": session.started_ms,
        "started_at_iso": iso(session.started_ms),
        "stopped_at_ms": stopped_ms,
        "stopped_at_iso": None if stopped_ms is None else iso(stopped_ms),
        "wall_clock_moved_ms": session.wall_clock_moved_ms,
        "envelopes": {"total": session.written, "by_type": dict(table.counts)},
        "series": sum(map(len, table.data.values())),
        "samples": table.total("count"),
        "duplicates": table.total("duplicates"),
        "resets": table.total("resets"),
        "wraps": table.total("wraps"),
        "unusable_samples": table.total("unusable") + table.refused,
        **losses.to_dict(),
        "bytes": file.size_bytes if file else 0,
        "sha256": file.sha256 if file and finished else None,
    }
