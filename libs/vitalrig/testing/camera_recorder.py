"""Recordings of a camera: begun and ended over gRPC, kept by a collector of the rig."""

import json
from collections.abc import Callable
from pathlib import Path

from smartspectra.ipc.session.manifest import FINISHED
from smartspectra.ipc.storage.session_paths import SessionPaths
from vitalrig.testing.camera_control import CameraControl
from vitalrig.testing.camera_stream import PublishedRecording
from vitalrig.testing.camera_watch import CameraWatch
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.session import Session


class CameraRecorder:
    """
    Records one camera.

    Args:
        control: Calls its server.
        watch: Waits for the camera.
        sessions_folder: Gives the folder of its sessions, and sees to it that it is collected.
        stem: How a session is called that is given no name, before its number.
    """

    def __init__(
        self,
        control: CameraControl,
        watch: CameraWatch,
        sessions_folder: Callable[[], Path],
        stem: str,
    ) -> None:
        self._control = control
        self._watch = watch
        self._sessions_folder = sessions_folder
        self._stem = stem
        self._begun = 0

    def record(self, seconds: float, session: str) -> Session:
        """
        Record for so many seconds of the camera's own time.

        Raises:
            HarnessError: If the server refuses, or the collector does not finish the files.
        """
        until_s = self.start(session).began_at_s + seconds
        history = self._watch.stream.history
        self._watch.see(
            f"its time is {until_s:.1f} s", lambda: history.now_s >= until_s, while_time_goes=True
        )
        return self.stop()

    def start(self, session: str) -> PublishedRecording:
        """
        Begin to record; it returns when the start is in the stream.

        Raises:
            HarnessError: If the server refuses, such as while it records.
        """
        self._sessions_folder()
        self._begun += 1
        name = session or f"{self._stem}_{self._begun}"
        before = len(self._watch.stream.recordings)
        self._control.set_recording(True, name)
        return self._watch.see(
            f"the start of session {name} is in the stream",
            lambda: next(
                (r for r in self._watch.stream.recordings[before:] if r.session == name), None
            ),
        )

    def stop(self) -> Session:
        """
        End the recording, and wait until the session's files are finished.

        Raises:
            HarnessError: If nothing was recorded, or the collector does not finish the files.
        """
        self._watch.history()
        if not self._watch.stream.recordings:
            raise HarnessError("nothing was recorded: call start_recording() first")
        recording = self._watch.stream.recordings[-1]
        if not recording.is_over:
            self._control.set_recording(False)
            self._watch.see(
                f"the end of session {recording.session} is in the stream",
                lambda: recording.is_over,
            )
        paths = SessionPaths.in_folder(self._sessions_folder()).for_session(recording.session)
        assert paths.manifest is not None
        assert paths.jsonl is not None
        manifest = paths.manifest
        self._watch.see(f"the collector has finished {manifest}", lambda: _is_finished(manifest))
        return Session(paths.jsonl, published=recording.published)


def _is_finished(manifest: Path) -> bool:
    try:
        facts = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(facts, dict) and facts.get("state") == FINISHED
