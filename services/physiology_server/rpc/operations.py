"""What the server can be asked to do. No gRPC in it: facts in, facts out."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from services.physiology_server.rpc.message_shapes import Mat
from services.physiology_server.rpc.reply_builder import Facts
from services.physiology_server.rpc.uploaded_pictures import PictureSink, PictureUploads, picture_of
from services.physiology_server.state import ServerState
from vitalrig.errors import BadRequest, InvalidState
from vitalrig.statuses import DropReason
from vitalrig.version import VERSION

log = logging.getLogger(__name__)

SHORTEST_BUFFER_S, ADVISED_BUFFER_S, LONGEST_BUFFER_S = 0.1, 0.2, 10.0
LIVE = frozenset({"camera", "upload"})


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """
    What does not change while the server runs.

    Attributes:
        source: What frames are made of.
        backend: Where envelopes go.
        camera: Name of the camera, which is the prefix of its channels.
        run_id: Names this run.
        started_at_us: When it began, in us since the epoch.
        capabilities: What is switched on beyond the least.
        signals: What its source gives of that which is switched on.
    """

    source: str = ""
    backend: str = ""
    camera: str = ""
    run_id: str = ""
    started_at_us: int = 0
    capabilities: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()


class Operations:
    """
    Every request that a client can make, over the server's state.

    Each answers with facts, under the names that our own replies have for them.

    Args:
        state: What is shared with the frame loop.
        about: What does not change.
        uploads: Where uploaded pictures go; None if frames come from elsewhere.
    """

    def __init__(
        self, state: ServerState, about: ServerInfo, uploads: PictureUploads | None = None
    ) -> None:
        self.state = state
        self._about = about
        self._uploads = uploads

    @property
    def source(self) -> str:
        """
        What frames are made of.
        """
        return self._about.source

    @property
    def takes_uploads(self) -> bool:
        """
        Whether clients may upload frames.
        """
        return self._uploads is not None

    async def start_core(self) -> Facts:
        """
        Start Core.
        """
        return self._do(self.state.control.start_core)

    async def stop_core(self) -> Facts:
        """
        Stop Core.

        Raises:
            InvalidState: While the Edge graph runs.
        """
        return self._do(self.state.control.stop_core)

    async def start_edge_graph(self) -> Facts:
        """
        Start the Edge graph.

        Raises:
            InvalidState: Without Core.
        """
        return self._do(self.state.control.start_edge_graph)

    async def stop_edge_graph(self) -> Facts:
        """
        Stop the Edge graph, and a recording that runs.
        """
        return self._do(self.state.control.stop_edge_graph)

    async def set_recording(self, recording: bool, session_id: str) -> Facts:
        """
        Start or stop a recording.

        Raises:
            BadRequest: If *session_id* cannot be part of a file's name.
            InvalidState: Without a running Edge graph, or while another session is recorded.
        """
        return self._do(lambda: self.state.control.set_recording(recording, session_id))

    async def reset_processing(self) -> Facts:
        """
        Clear Core's buffer.

        Raises:
            InvalidState: Without Core.
        """
        return self._do(self.state.control.reset_processing)

    async def set_buffer_duration(self, seconds: float) -> Facts:
        """
        Set the seconds of frames in one core message, from the graph's next start on.

        Raises:
            BadRequest: If it cannot work.
        """
        if not SHORTEST_BUFFER_S <= seconds <= LONGEST_BUFFER_S:  # NaN too
            raise BadRequest(
                f"buffer duration must be {SHORTEST_BUFFER_S:g} to {LONGEST_BUFFER_S:g} s; "
                f"it is {seconds:g}"
            )
        if seconds < ADVISED_BUFFER_S:
            log.warning(
                "a short buffer may keep Core from producing metrics",
                extra={"buffer_duration_s": seconds, "advised_s": ADVISED_BUFFER_S},
            )
        self.state.buffer_duration_s = seconds
        return self.status()

    async def get_status(self) -> Facts:
        """
        Tell the state.
        """
        return self.status()

    async def get_server_info(self) -> Facts:
        """
        Tell what this server is.
        """
        about, source = self._about, self.source
        return {
            "version": VERSION,
            "source": source,
            "synthetic": source == "synthetic",
            "live": source in LIVE,
            "backend": about.backend,
            "camera": about.camera,
            "capabilities": about.capabilities,
            "run_id": about.run_id,
            "started_at_us": about.started_at_us,
        }

    @contextmanager
    def uploading(self, *, many: bool) -> Iterator["ClientUpload"]:
        """
        Take a client's frames.

        Args:
            many: Whether there are several, so that no other client's may come between.

        Raises:
            InvalidState: If frames come from elsewhere, the graph does not run, or another
                client uploads.
        """
        if self._uploads is None:
            raise InvalidState(
                f"frames come from {self.source}: start the server with source=upload to send yours"
            )
        self.state.control.require_graph()
        with self._uploads.claim() if many else nullcontext(self._uploads) as sink:
            yield ClientUpload(self.state, sink)

    def status(self) -> Facts:
        """
        The facts of the moment.
        """
        state, control = self.state, self.state.control
        return {
            "status": control.status,
            "status_timestamp_us": control.status_timestamp_us,
            "core_running": control.core_running,
            "edge_running": control.edge_running,
            "recording": control.recording,
            "session_id": control.session_id,
            "source": self.source,
            "signals": self._about.signals,
            "frames": state.frames,
            "frames_dropped": state.drops.total,
            "envelopes": state.outbox.accepted,
            "envelopes_lost": state.outbox.lost,
            "version": VERSION,
            "buffer_duration_s": state.buffer_duration_s,
            "settling": [
                {"signal": signal, "remaining_s": remaining_s}
                for signal, remaining_s in state.settling().items()
            ],
            "done": True,
        }

    def _do(self, verb: Callable[[], None]) -> Facts:
        verb()
        self.state.announce()
        return self.status()


class ClientUpload:
    """
    One client's frames, each accounted for.

    Args:
        state: What is shared with the frame loop.
        sink: Where pictures go.
    """

    def __init__(self, state: ServerState, sink: PictureSink) -> None:
        self._state = state
        self._sink = sink
        self._dropped: Counter[DropReason] = Counter()
        self._received = 0
        self._used = 0

    async def take(self, mat: Mat, timestamp_us: int) -> None:
        """
        Take one frame, when there is room for it.
        """
        self._received += 1
        picture = picture_of(mat)
        if not self._state.control.edge_running:
            self._drop("not_started")
        elif picture is None:
            self._drop("bad_picture")
        elif (reason := await self._sink.put(picture, timestamp_us)) is not None:
            self._dropped[reason] += 1
        else:
            self._used += 1

    def report(self) -> dict[str, Any]:
        """
        What became of them.
        """
        return {"received": self._received, "used": self._used, "dropped": dict(self._dropped)}

    def _drop(self, reason: DropReason) -> None:
        self._dropped[reason] += 1
        self._state.drops.count(reason)
