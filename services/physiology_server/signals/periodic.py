"""What is due every so often, by the frames' own time."""

import math

# Frame times are sums of fractions: what is due within this time is due.
_GRACE_S = 5e-4


class Periodic:
    """
    Says of each moment whether something is due in it.

    It never drifts, because what is due is counted from the first moment. After a pause it is
    due once, not once for each time that was missed.

    Args:
        every_s: Seconds between.
        first_after_s: Seconds from the first moment until the first time.
    """

    def __init__(self, every_s: float, first_after_s: float = 0.0) -> None:
        self._every_s = every_s
        self._first_after_s = first_after_s
        self._origin_s: float | None = None
        self._count = 0
        self._not_before_s = -math.inf

    def due(self, time_s: float) -> bool:
        """
        Whether it is due at *time_s*; to ask is to have done it.
        """
        if time_s < self._not_before_s:
            return False
        if self._origin_s is None:
            self._origin_s = time_s + self._first_after_s
            self._count = 0
        late_s = time_s - self._origin_s - self._count * self._every_s + _GRACE_S
        if late_s < 0:
            return False
        self._count += 1 + int(late_s // self._every_s)
        self._not_before_s = self._origin_s + self._count * self._every_s - 2 * _GRACE_S
        return True
