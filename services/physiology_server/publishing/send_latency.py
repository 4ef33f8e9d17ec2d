"""How long envelopes waited from the outbox until they were sent, over the last seconds."""

from collections import deque
from dataclasses import dataclass

from vitalrig.clock import Clock

WINDOW_S = 3.0
"""The vendor's window for its figures of throughput and latency."""

MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """
    The latencies of one window.

    Attributes:
        count: Envelopes sent in it.
        per_second: The same, per second.
        p50_ms: Half of them were at least this fast.
        p99_ms: All but one in a hundred were at least this fast.
        max_ms: The slowest.
    """

    count: int
    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float


class SendLatencies:
    """
    The newest latencies.

    Args:
        clock: What tells the time.
        window_s: Seconds that are looked back.
    """

    def __init__(self, clock: Clock, window_s: float = WINDOW_S) -> None:
        self._clock = clock
        self._window_s = window_s
        self._sent: deque[tuple[float, float]] = deque(maxlen=MOST_KEPT)

    def add(self, sent_at_s: float, latency_s: float) -> None:
        """
        Note that an envelope was sent at *sent_at_s*, *latency_s* after it was made.
        """
        sent = self._sent
        sent.append((sent_at_s, latency_s))
        while sent[0][0] < sent_at_s - self._window_s:
            sent.popleft()

    def summary(self) -> LatencySummary | None:
        """
        Sum up the window that ends now; None if nothing was sent in it.
        """
        since_s = self._clock.monotonic_s() - self._window_s
        ordered = sorted(latency_s for sent_at_s, latency_s in self._sent if sent_at_s >= since_s)
        if not ordered:
            return None
        count = len(ordered)
        return LatencySummary(
            count=count,
            per_second=count / self._window_s,
            p50_ms=1_000 * ordered[(count - 1) // 2],
            p99_ms=1_000 * ordered[-(-99 * count // 100) - 1],
            max_ms=1_000 * ordered[-1],
        )
