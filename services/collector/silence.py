"""For how long a run has been silent, by the stream's own times or by our clock."""

from services.collector.transport.base import ReceivedEnvelope
from services.collector.transport.entry_ids import BEFORE_ALL, order_of
from vitalrig.clock import Clock

BEHIND_S = 2.0
"""What was written longer ago is judged by the times of the stream, not by when it is read."""


class Silence:
    """
    What one run has not said since it was last heard.

    Args:
        clock: What tells the time.
        heard_id: The entry that was last heard of it; empty for none.
    """

    def __init__(self, clock: Clock, heard_id: str = "") -> None:
        self._clock = clock
        self.heard_id = heard_id
        self._heard_s: float | None = None

    def end(self, entry_id: str, now_s: float | None = None) -> None:
        """
        The run said *entry_id*; at *now_s*, or some time ago.
        """
        self.heard_id, self._heard_s = entry_id, now_s

    def in_stream_s(self, until: ReceivedEnvelope) -> float:
        """
        How long it is until something else was written, in seconds, by the stream's own times.
        """
        written_ms, _ = order_of(until.entry_id)
        heard_ms, _ = order_of(self.heard_id or BEFORE_ALL)
        return (written_ms - heard_ms) / 1_000

    def lasts_s(self, until: ReceivedEnvelope, now_s: float) -> float:
        """
        How long it is until something else came, in seconds.

        What is read late is judged by the stream's times; what comes live by our clock, since the
        clock of Redis may be set. Where we have not heard the run ourselves, its times count if
        they say that it was long ago; otherwise we begin to wait now.
        """
        in_stream_s = self.in_stream_s(until)
        written_ms, _ = order_of(until.entry_id)
        is_read_late = self._clock.wall_us() / 1_000 - written_ms > BEHIND_S * 1_000
        if is_read_late and in_stream_s >= 0:
            return in_stream_s
        if self._heard_s is None:
            self._heard_s = now_s - max(0.0, in_stream_s)
        return now_s - self._heard_s
