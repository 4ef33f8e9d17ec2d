"""Starts and ends runs, in the log's thread."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.folder_lock import FolderInUse
from vitalrig.telemetry.event_line import ENCODER
from vitalrig.telemetry.event_log import EventLog
from vitalrig.telemetry.run_folders import RUN_FILE, RunFolders
from vitalrig.telemetry.telemetry_errors import (
    TelemetryConflictError,
    TelemetryNotFoundError,
    TelemetryRequestError,
)


class RunControl:
    """
    What is done to runs.

    Args:
        log: The log that they belong to.
        folders: Where they lie.
        disk: How their folders are made.
        utc_now: Gives the present time as text.
    """

    def __init__(
        self, log: EventLog, folders: RunFolders, disk: Disk, utc_now: Callable[[], str]
    ) -> None:
        self._log = log
        self._folders = folders
        self._disk = disk
        self._utc_now = utc_now

    def start(
        self, run_dir: str | Path | None, meta: Mapping[str, Any], run_id: str | None
    ) -> dict[str, Any]:
        """
        Start the client's run; see `TelemetryService.start_run`.
        """
        if self._log.runs.client is not None:
            raise TelemetryConflictError("A run is already active")
        run_meta = _copy(meta)
        name = str(run_id or run_meta.get("run_id") or self._folders.next_number())
        run_meta["run_id"] = name
        folder = self._folders.folder_of(run_dir, name)
        self._make(folder)
        self._folders.folder_of(run_dir, name)  # nobody has put a link in its place
        run = self._log.runs.start("client", folder, name, run_meta, self._utc_now(), self._log.seq)
        return run.as_dict()

    def stop(self) -> dict[str, Any]:
        """
        End the client's run; see `TelemetryService.stop_run`.
        """
        run = self._log.runs.client
        if run is None and self._log.runs.recordings:
            raise TelemetryConflictError(
                "This run is a recording, and ends with it: stop the recording of "
                f"{', '.join(self._log.runs.recordings[-1].cameras)}"
            )
        if run is None:
            raise TelemetryNotFoundError("No run is active")
        self._log.runs.stop(run, self._utc_now(), self._log.seq)
        return run.as_dict()

    def start_recording(
        self, session_id: str, camera: str, meta: Mapping[str, Any]
    ) -> dict[str, Any]:
        """
        Start a recording's run; see `TelemetryService.start_recording_run`.
        """
        run = self._log.runs.recording(session_id)
        if run is None:
            folder = self._folders.folder_of_recording(session_id)
            self._make(folder)
            run_meta = {"camera": camera, **_copy(meta), "run_id": session_id}
            run = self._log.runs.start(
                "recording", folder, session_id, run_meta, self._utc_now(), self._log.seq, (camera,)
            )
        elif camera not in run.cameras:
            self._log.runs.join(run, camera)
        return run.as_dict()

    def stop_recording(self, session_id: str) -> dict[str, Any]:
        """
        End a recording's run; see `TelemetryService.stop_recording_run`.
        """
        run = self._log.runs.recording(session_id)
        if run is None:
            raise TelemetryNotFoundError(f"No recording {session_id!r} is active")
        self._log.runs.stop(run, self._utc_now(), self._log.seq)
        return run.as_dict()

    def _make(self, folder: Path) -> None:
        path = folder.resolve() / RUN_FILE
        if any(run.path == path for run in self._log.runs.active):
            raise TelemetryConflictError(f"another run has {folder}")
        try:
            self._disk.make_folder(folder)
            if path.exists():
                self._log.files.open(path)
        except FolderInUse as exc:
            raise TelemetryConflictError(f"another process writes {folder}") from exc
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as exc:
            raise TelemetryRequestError(422, f"{folder} cannot be a folder: {exc}") from exc


def _copy(meta: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give a copy that nobody else changes.

    Raises:
        TelemetryRequestError: If JSON has no form for it.
    """
    try:
        copied: dict[str, Any] = json.loads(ENCODER.encode(dict(meta)))
    except (ValueError, TypeError, RecursionError) as exc:
        raise TelemetryRequestError(422, f"a run's meta is no JSON: {exc}") from exc
    return copied
