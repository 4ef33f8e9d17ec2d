"""How long envelopes took from their stamp until somebody had them, as a histogram."""

from bisect import bisect_left
from typing import Any

LIMITS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Upper limits of the buckets; one more, without a limit, follows."""

LONGEST_S = 86_400.0
"""What seems to be older was stamped by another clock, or was recorded on another day."""


class LatencyHistogram:
    """
    Counts envelopes by how long they took.

    Attributes:
        off_clock: Envelopes whose stamp is ahead of our clock, or more than a day behind it: no
            latency can be told of them.
    """

    def __init__(self) -> None:
        self._counts = [0] * (len(LIMITS_S) + 1)
        self._sum_s = 0.0
        self.off_clock = 0

    def see(self, stamp_us: float, received_us: float) -> None:
        """
        Count an envelope that was stamped at *stamp_us* and received at *received_us*.
        """
        took_s = (received_us - stamp_us) / 1_000_000
        if 0 <= took_s <= LONGEST_S:
            self._counts[bisect_left(LIMITS_S, took_s)] += 1
            self._sum_s += took_s
        else:
            self.off_clock += 1

    def document(self) -> dict[str, Any]:
        """
        What a report says of it, JSON-ready.
        """
        return {"limits_s": list(LIMITS_S), "counts": list(self._counts), "sum_s": self._sum_s}
