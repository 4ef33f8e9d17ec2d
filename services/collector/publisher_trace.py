"""
What a server that only publishes gives away of itself: that it was silent, or began anew.

Such a server numbers nothing, so nothing proves what it lost in a crash. But its envelopes bear
times, and a server that is restarted falls silent first, says that it has not begun to process,
and counts the time of its capture from zero again.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from services.collector.transport.base import ReceivedEnvelope
from services.collector.transport.entry_ids import order_of
from smartspectra.ipc.wire.channels import CORE_METRICS, EDGE_METRICS, STATUS
from smartspectra.ipc.wire.envelope import BadEnvelope, timestamp_us
from vitalrig import redis_keys

SILENT = "the server was silent; what it had not published is unknown"
BEGAN_ANEW = "the server began anew; what it had not published is unknown"

SILENCE_S = 2.0
USUAL_TIMES = 10
"""A silence is longer than the first, and so many times longer than what is usual."""

USUAL_AT_FIRST_S = 0.5
"""How far apart envelopes are, as long as nobody knows."""

BACK_S = 1.0
"""By less a server's own time does not go back when it begins anew."""

NOT_STARTED = frozenset({"PROCESSING_NOT_STARTED", "8"})


class Doubt(NamedTuple):
    """
    Why something may be missing before an envelope.

    Attributes:
        why: As the manifest says it.
        within_s: In how long a time that was published.
    """

    why: str
    within_s: float


@dataclass(frozen=True, slots=True)
class PublisherTrace:
    """
    What was last known of a server that only publishes.

    Attributes:
        came_s: When its last envelope came, by the stream's times or by our clock; None before.
        stamp_s: When that was published, by what it says itself.
        usual_s: How far apart its envelopes are.
        captured_s: The time since its capture began, by channel.
    """

    came_s: float | None = None
    stamp_s: float | None = None
    usual_s: float = USUAL_AT_FIRST_S
    captured_s: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, entry_id: str) -> "PublisherTrace":
        """
        Go on where a collector was that has ended.
        """
        return cls(order_of(entry_id)[0] / 1_000) if entry_id else cls()

    def then(
        self, arrival: ReceivedEnvelope, now_s: float
    ) -> tuple["PublisherTrace", Doubt | None]:
        """
        Look at the next envelope.

        Args:
            arrival: It.
            now_s: Now, by the clock that only goes forward; what no stream keeps came then.

        Returns:
            What is known after it, and why something before it may be missing; None if nothing
            says so.
        """
        came_s = order_of(arrival.entry_id)[0] / 1_000 if arrival.entry_id else now_s
        try:
            document = arrival.document()
        except BadEnvelope:
            return replace(self, came_s=came_s, stamp_s=None), None
        stamp_us = timestamp_us(document.get("timestamp")) if isinstance(document, dict) else None
        stamp_s = None if stamp_us is None else stamp_us / 1_000_000
        if stamp_s is not None and self.stamp_s is not None and stamp_s < self.stamp_s:
            return replace(self, came_s=came_s, stamp_s=stamp_s), None  # late, or a clock was set
        silent_s = self._silent_s(came_s, stamp_s)
        captured_s, began_anew = self._captured(arrival.channel, _payload_of(document))
        after = PublisherTrace(
            came_s, stamp_s, self.usual_s + (silent_s - self.usual_s) / 50, captured_s
        )
        if began_anew:
            return after, Doubt(BEGAN_ANEW, silent_s)
        if silent_s > max(SILENCE_S, USUAL_TIMES * self.usual_s):
            return replace(after, usual_s=self.usual_s), Doubt(SILENT, silent_s)
        return after, None

    def _silent_s(self, came_s: float, stamp_s: float | None) -> float:
        """A relay that was held up was not silent, and stamps that are no times say nothing."""
        if self.came_s is None:
            return 0.0
        silent_s = came_s - self.came_s
        if stamp_s is not None and self.stamp_s is not None:
            silent_s = min(silent_s, stamp_s - self.stamp_s)
        return max(0.0, silent_s)

    def _captured(self, channel: str, payload: dict[str, Any]) -> tuple[tuple[float, float], bool]:
        core_s, edge_s = self.captured_s
        if channel == STATUS:
            return self.captured_s, str(payload.get("value")) in NOT_STARTED
        if channel == CORE_METRICS:
            metadata = payload.get("metadata")
            frame_us = metadata.get("frame_timestamp") if isinstance(metadata, dict) else None
            now_s = _seconds(frame_us, 1_000_000)
            if now_s is not None:
                return (now_s, edge_s), now_s < core_s - BACK_S
        elif channel == EDGE_METRICS:
            now_s = _seconds(_first_time(payload), 1)
            if now_s is not None:
                return (core_s, now_s), now_s < edge_s - BACK_S
        return self.captured_s, False


def only_publishes(arrival: ReceivedEnvelope) -> bool:
    """
    Whether the server of *arrival* gives no numbers of its own.
    """
    return not arrival.run or arrival.run.startswith(redis_keys.RELAY_RUN)


def _payload_of(document: Any) -> dict[str, Any]:  # noqa: ANN401
    payload = document.get("payload") if isinstance(document, dict) else None
    return payload if isinstance(payload, dict) else {"value": payload}


def _first_time(node: Any) -> Any:  # noqa: ANN401
    """The time of the first sample that has one."""
    if isinstance(node, list):
        return node[0].get("time") if node and isinstance(node[0], dict) else None
    if isinstance(node, dict):
        return next((time for each in node.values() if (time := _first_time(each))), None)
    return None


def _seconds(value: Any, units: int) -> float | None:  # noqa: ANN401
    try:
        seconds = float(value) / units
    except (TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < float("inf") else None
