"""What runs and what is being recorded: the state that gRPC controls. No gRPC in it."""

import logging
from dataclasses import dataclass

from smartspectra.ipc.storage.session_paths import check_session_id
from vitalrig.clock import Clock
from vitalrig.errors import BadRequest, InvalidState
from vitalrig.statuses import StatusCode

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordingChange:
    """A recording began or ended."""

    recording: bool
    session_id: str
    timestamp_us: int


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The status code is another one now."""

    status: StatusCode
    timestamp_us: int


Change = RecordingChange | StatusChange

NO_CORE = "Container not initialized. Call StartCore first."
NO_GRAPH = "Graph not started. Call StartEdgeGraph first."
"""The vendor's words for what is missing, and ours for what to do."""


class Control:
    """
    The state machine: Core first, then the Edge graph, then a recording.

    Each verb changes the state and notes what subscribers have to learn; `take_changes` hands
    that over once. Verbs that find their wish fulfilled do nothing.

    Args:
        clock: What tells the time.
        taken_up: The session of a recording that a crash cut off, which goes on; it may have no
            name. None to begin without one.

    Attributes:
        starts: How often the Edge graph was started; so a stop and a start in quick succession
            can be told from no stop at all.
    """

    def __init__(self, clock: Clock, taken_up: str | None = None) -> None:
        self._clock = clock
        self._changes: list[Change] = []
        # Whatever is recorded has a graph that runs.
        self.recording = self.core_running = self.edge_running = taken_up is not None
        self.session_id = taken_up or ""
        self.status = StatusCode.PROCESSING_NOT_STARTED
        self.status_timestamp_us = clock.wall_us()
        self.resets = 0
        self.starts = int(self.edge_running)
        self._changes.append(StatusChange(self.status, self.status_timestamp_us))
        self._changes.append(
            RecordingChange(self.recording, self.session_id, self.status_timestamp_us)
        )
        if self.recording:
            log.info("recording taken up again", extra={"session": self.session_id})

    def take_changes(self) -> list[Change]:
        """
        What changed since the last call, in order.
        """
        changes, self._changes = self._changes, []
        return changes

    def start_core(self) -> None:
        """
        Start Core.
        """
        self.core_running = True

    def stop_core(self) -> None:
        """
        Stop Core.

        Raises:
            InvalidState: While the Edge graph, which needs it, runs.
        """
        if self.edge_running:
            raise InvalidState("the Edge graph needs Core: call StopEdgeGraph first")
        self.core_running = False

    def start_edge_graph(self) -> None:
        """
        Start the Edge graph.

        Raises:
            InvalidState: Without Core.
        """
        self._require_core()
        if not self.edge_running:
            self.starts += 1
        self.edge_running = True

    def stop_edge_graph(self) -> None:
        """
        Stop the Edge graph, and a recording that runs.
        """
        self._end_recording()
        self.edge_running = False
        self.see(StatusCode.PROCESSING_NOT_STARTED, self._clock.wall_us())

    def restart(self) -> None:
        """
        End the recording, and have the graph begin again at once, as after a start of the server.
        """
        self.stop_edge_graph()
        self.start_edge_graph()

    def set_recording(self, recording: bool, session_id: str = "") -> None:
        """
        Start or stop a recording.

        Raises:
            BadRequest: If *session_id* cannot be part of a file's name.
            InvalidState: Without a running Edge graph, or while another session is recorded.
        """
        self.require_graph()
        if not recording:
            self._end_recording()
            return
        if session_id:
            try:
                check_session_id(session_id)
            except ValueError as exc:
                raise BadRequest(str(exc)) from exc
        if self.recording:
            if session_id in ("", self.session_id):
                return
            raise InvalidState(
                f"session {self.session_id or 'without a name'} is being recorded: stop it first"
            )
        self.recording, self.session_id = True, session_id
        log.info("recording started", extra={"session": session_id})
        self._changes.append(RecordingChange(True, session_id, self._clock.wall_us()))

    def reset_processing(self) -> None:
        """
        Have Core's buffer cleared before the next frame.

        Raises:
            InvalidState: Without Core.
        """
        self._require_core()
        self.resets += 1

    def require_graph(self) -> None:
        """
        Refuse what needs a running Edge graph.

        Raises:
            InvalidState: Without Core, or without the Edge graph.
        """
        self._require_core()
        if not self.edge_running:
            raise InvalidState(NO_GRAPH)

    def _require_core(self) -> None:
        if not self.core_running:
            raise InvalidState(NO_CORE)

    def see(self, status: StatusCode, timestamp_us: int) -> None:
        """
        Note the status of a frame; subscribers hear of it only when it changed.
        """
        if status != self.status:
            self.status, self.status_timestamp_us = status, timestamp_us
            self._changes.append(StatusChange(status, timestamp_us))

    def _end_recording(self) -> None:
        if self.recording:
            self._changes.append(RecordingChange(False, self.session_id, self._clock.wall_us()))
            log.info("recording stopped", extra={"session": self.session_id})
            self.recording, self.session_id = False, ""
