"""What gRPC, the frame loop and the publisher share."""

from collections.abc import Mapping

from services.physiology_server.control import Control
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.envelopes import of_change
from services.physiology_server.publishing.outbox import Outbox


class ServerState:
    """
    The server as a whole.

    Args:
        control: What runs and what is recorded.
        outbox: What waits to be sent.
        warm_up_s: For each signal, the seconds of frames that it needs at first.
        drops: Frames that were left out.
        buffer_duration_s: Seconds of frames in one core message.

    Attributes:
        buffer_duration_s: The same; who sets it changes the next run of the graph, not this one.
    """

    def __init__(
        self,
        control: Control,
        outbox: Outbox,
        warm_up_s: Mapping[str, float],
        drops: DroppedFrames,
        buffer_duration_s: float = 0.2,
    ) -> None:
        self.control = control
        self.outbox = outbox
        self.drops = drops
        self.buffer_duration_s = buffer_duration_s
        self.frames = 0
        self.graph_time_s = 0.0
        self._warm_up_s = warm_up_s

    def announce(self) -> None:
        """
        Tell subscribers what changed.
        """
        for change in self.control.take_changes():
            self.outbox.put(of_change(change))

    def restart(self) -> None:
        """
        Behave as if the server were started anew: nothing runs for a moment, nothing is recorded.
        """
        self.control.restart()
        self.announce()

    def settling(self) -> dict[str, float]:
        """
        Signals that are not there yet, with the seconds that they still need.
        """
        running_s = self.graph_time_s if self.control.edge_running else 0.0
        return {
            signal: round(needed_s - running_s, 1)
            for signal, needed_s in self._warm_up_s.items()
            if running_s < needed_s
        }
