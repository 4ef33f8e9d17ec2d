"""A session opened for reading: from its summary, or without one from its JSONL."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vitalrig.harmless import harmless
from vitalrig.sessions.errors import Missing, Unreadable, extra
from vitalrig.sessions.store.catalogue import camera_of, meta_of, resolve
from vitalrig.sessions.store.lines import Advance, no_progress
from vitalrig.sessions.store.session_files import SessionFiles
from vitalrig.sessions.store.summary_reader import Columns, SummaryReader
from vitalrig.sessions_folder import sessions_folder as usual_folder

with extra("export"):
    from vitalrig.sessions.reading.aggregate import aggregate
    from vitalrig.sessions.reading.series import RecordedSeries, RecordedSession, Samples


def open_session(
    session: SessionFiles | Path | str,
    sessions_folder: Path | None = None,
    advance: Advance = no_progress,
) -> RecordedSession:
    """
    Open a session.

    A finished session is read from its summary, whose columns are loaded one by one. One
    without a summary, or that a collector is still writing, is read from its JSONL, as
    far as that goes now. If only a snapshot is left, that is read.

    Args:
        session: Its files, the path of one of them, or its name.
        sessions_folder: Where names are looked up; by default where the rig keeps sessions.
        advance: Told of bytes of the JSONL that were read.

    Raises:
        Missing: If there is no such session.
        Unreadable: If its summary is damaged.
        OSError: If its files cannot be read.
    """
    if not isinstance(session, SessionFiles):
        session = resolve(str(session), sessions_folder or usual_folder())
    if session.summary is not None and not session.is_unfinished:
        return _of_document(session, session.summary)
    if session.jsonl is not None:
        return _of_lines(session, session.jsonl, advance)
    if session.snapshot is not None:
        return _of_document(session, session.snapshot)
    if session.summary is not None:
        return _of_document(session, session.summary)
    raise Missing(f"session {session.name} has neither summary nor JSONL; there is nothing to read")


def open_summary(path: Path) -> RecordedSession:
    """
    Open one summary or snapshot by its path, whatever it is called.

    Raises:
        Unreadable: If it is no such document.
        OSError: If it cannot be read.
    """
    return _of_document(SessionFiles(path.stem, path.parent, summary=path), path)


def _of_document(files: SessionFiles, path: Path) -> RecordedSession:
    document = SummaryReader(path)
    source = document.meta.get("source") or files.facts.get("source") or "unknown"
    return _session(files, document.meta, series_of(document), str(source), path.name)


def _session(
    files: SessionFiles,
    meta: dict[str, Any],
    series: Iterable[RecordedSeries],
    source: str,
    read_from: str,
) -> RecordedSession:
    """A session whose names can be shown and exported, whatever the files hold."""
    named = (
        replace(each, channel=harmless(each.channel), name=harmless(each.name)) for each in series
    )
    return RecordedSession(files, meta, tuple(named), harmless(source), read_from)


def series_of(document: SummaryReader) -> tuple[RecordedSeries, ...]:
    """The series of a summary, to be loaded one by one."""
    return tuple(
        RecordedSeries(channel, name, _Loader(document, name, columns))
        for channel, of_channel in document.columns.items()
        for name, columns in of_channel.items()
    )


def _of_lines(files: SessionFiles, jsonl: Path, advance: Advance) -> RecordedSession:
    found = aggregate(jsonl, camera_of(files), advance)
    series = found.series()
    started_ms = files.facts.get("started_at_ms")
    if started_ms is None and found.first_us is not None:
        started_ms = found.first_us // 1000
    stale = meta_of(files)
    meta: dict[str, Any] = {
        **{key: value for key, value in stale.items() if key.startswith("redis_")},
        "session_id": files.facts.get("session_id") or files.name,
        "started_at_ms": started_ms,
        "series_count": len(series),
        "total_samples": sum(collected.count for collected in found.table.all()),
        "jsonl_envelopes_written": found.lines,
    }
    if found.first_us is not None and found.last_us is not None:
        meta["duration_seconds"] = max(0, found.last_us - found.first_us) / 1e6
    source = found.table.provenance.name
    if source == "unknown":
        source = str(files.facts.get("source") or stale.get("source") or source)
    return _session(files, meta, series, source, jsonl.name)


@dataclass(frozen=True, slots=True)
class _Loader:
    document: SummaryReader
    name: str
    columns: Columns

    def __call__(self) -> Samples:
        timestamps, values = self._load("timestamps"), self._load("values")
        relative = self._load("relative_us") if "relative_us" in self.columns else timestamps
        if not len(timestamps) == len(values) == len(relative):
            raise Unreadable(
                f"{self.document.path}: the columns of {self.name} differ in length; "
                f"`vitalrig sessions verify {self.document.path}` tells more"
            )
        return Samples(timestamps, values, relative)

    def _load(self, column: str) -> Any:  # noqa: ANN401
        if column not in self.columns:
            raise Unreadable(f"{self.document.path}: {self.name} has no {column}")
        return self.document.load(self.columns[column])
