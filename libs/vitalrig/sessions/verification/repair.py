"""Finish what was interrupted and rebuild what is derived; never touch what was recorded."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartspectra.ipc import MetricsCollectorConfig
from smartspectra.ipc.session import manifest as manifests
from smartspectra.ipc.session.recovery import finish_one
from smartspectra.ipc.storage.append_file import set_end_aside
from smartspectra.ipc.storage.disk import Disk, FileRange, free_name
from smartspectra.ipc.storage.folder_lock import FolderInUse, FolderLock
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.storage.session_paths import SessionPaths
from vitalrig.errors import InvalidState, VitalrigError
from vitalrig.sessions.store.catalogue import camera_of, meta_of, resolve
from vitalrig.sessions.store.lines import Advance, no_progress
from vitalrig.sessions.store.session_files import SessionFiles
from vitalrig.sessions.verification.verify import Report, verify
from vitalrig.version import VERSION


class BeyondRepair(VitalrigError):
    """What was recorded is damaged or gone. Nothing was changed; restore it from a copy."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """
    What a repair did.

    Attributes:
        before: What was found.
        after: What is found now; the same as *before* if there was nothing to do.
        kept: Files that were replaced, under the names they have now.
    """

    before: Report
    after: Report
    kept: tuple[Path, ...]

    @property
    def did_something(self) -> bool:
        """Whether there was something to repair."""
        return self.after is not self.before


def repair(files: SessionFiles, advance: Advance = no_progress) -> Repaired:
    """
    Make a session whole again from its JSONL.

    A torn end, and what else follows the last envelope, is set aside to ``*.torn``.
    Summary and manifest are written anew, and what they replace is kept under
    ``*.before_repair``. The manifest names every loss that is known. Envelopes in the JSONL
    are never changed.

    Args:
        files: The session.
        advance: Told of bytes of the JSONL that were read.

    Raises:
        InvalidState: If a collector works in the session's folder.
        BeyondRepair: If the JSONL itself is not what was recorded.
        OSError: If the disk does not allow it.
    """
    with _folder_to_ourselves(files):
        files = _as_they_are_now(files)
        before = verify(files, advance)
        if before.is_intact:
            return Repaired(before, before, ())
        if files.jsonl is None or not before.can_be_repaired:
            raise BeyondRepair(
                f"session {files.name} is {before.verdict}. Nothing was changed: what is wrong "
                "cannot be made good from the JSONL; restore the session from a copy"
            )
        if any(finding.what == "added" for finding in before.findings):
            set_end_aside(files.jsonl, before.sound_bytes, Disk())
            after = verify(_as_they_are_now(files))
            if after.is_intact:
                return Repaired(before, after, ())
        kept = tuple(_keep(path) for path in _replaced(files))
        _set_end(files, files.jsonl)
        if not files.facts or before.missing_envelopes:
            _admit_losses(files, before.missing_envelopes)
        session_id = files.facts.get("session_id") or files.name
        finish_one(session_id, files.paths, _config(files), _options(), before.sound_bytes)
        return Repaired(before, verify(_as_they_are_now(files)), kept)


@contextlib.contextmanager
def _folder_to_ourselves(files: SessionFiles) -> Iterator[None]:
    """Hold the locks that collectors of this folder hold while they run."""
    usual = SessionPaths.in_folder(files.folder).by_kind()["jsonl"]
    with contextlib.ExitStack() as stack:
        for base in sorted({usual, *FolderLock.bases_in(files.folder)}):
            try:
                stack.callback(FolderLock.take(base).release)
            except FolderInUse as exc:
                who = "a collector" if exc.pid is None else f"a collector (process {exc.pid})"
                raise InvalidState(
                    f"{who} works in {files.folder}; it finishes interrupted sessions by itself "
                    "when it starts. To repair one by hand stop it first (`make down`)"
                ) from exc
        yield


def _as_they_are_now(files: SessionFiles) -> SessionFiles:
    known = next(files.all())
    return resolve(str(known), files.folder)


def _replaced(files: SessionFiles) -> list[Path]:
    found = (files.summary, files.snapshot, files.manifest)
    return [path for path in found if path is not None]


def _keep(path: Path) -> Path:
    """A second name for a file that is about to be replaced."""
    kept = free_name(path, ".before_repair")
    try:
        os.link(path, kept)
    except OSError:
        # Not every file system has links.
        Disk().replace(kept, [FileRange(path, 0, path.stat().st_size)])
    return kept


def _admit_losses(files: SessionFiles, missing_envelopes: int) -> None:
    """
    Leave a manifest that says what is lost, for recovery to go on from.

    Of a lost manifest recovery says so by itself, but does not know the source that the
    summary names.
    """
    losses = manifests.Losses.from_dict(files.facts)
    if not files.facts:
        losses.note_gap(0, manifests.NO_MANIFEST)
    if missing_envelopes and manifests.CUT_SHORT not in losses.gaps:
        losses.note_gap(missing_envelopes, manifests.CUT_SHORT)
    source = files.facts.get("source") or meta_of(files).get("source", "unknown")
    path = files.paths.manifest
    assert path is not None
    known = {"state": "lost", "source": source}
    manifests.write(path, {**files.facts, **losses.to_dict(), **known}, Disk())


def _set_end(files: SessionFiles, jsonl: Path) -> None:
    """
    Give the JSONL the time at which it ended, which recovery takes for the session's end.

    A copy's own time is when it was copied.
    """
    ended_ms = files.facts.get("stopped_at_ms") or meta_of(files).get("stopped_at_ms")
    if isinstance(ended_ms, int):
        with contextlib.suppress(PermissionError, OverflowError):
            os.utime(jsonl, ns=(ended_ms * 1_000_000, ended_ms * 1_000_000))


def _config(files: SessionFiles) -> MetricsCollectorConfig:
    meta: dict[str, Any] = meta_of(files)
    host, port = meta.get("redis_host"), meta.get("redis_port")
    return MetricsCollectorConfig(
        redis_host=host if isinstance(host, str) else "localhost",
        redis_port=port if isinstance(port, int) else 6379,
        redis_key_prefix=camera_of(files),
    )


def _options() -> StorageOptions:
    return StorageOptions(fsync="always", software_version=f"vitalrig {VERSION}")
