"""The times of uploaded pictures."""

from vitalrig.clock import Clock

_US = 1_000_000


class UploadClock:
    """
    Gives uploaded pictures their times, whoever uploads them.

    A client's first picture is stamped with the wall clock, the following ones by the client's
    own intervals. When another client goes on, it does so at the wall clock again, but never
    before what came already.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._owner: int | None = None
        self._offset_us = 0
        self._first_us: int | None = None
        self._last_us = 0

    def place(self, timestamp_us: int, owner: int) -> tuple[float, int] | None:
        """
        Place the picture that *owner* took at *timestamp_us* by its own clock.

        Returns:
            Seconds since capture start, and us since the epoch; None if it is not later than
            the picture before.
        """
        if owner != self._owner:
            self._owner = owner
            start_us = max(self._clock.wall_us(), self._last_us + 1)
            self._offset_us = start_us - timestamp_us
        stamp_us = timestamp_us + self._offset_us
        if stamp_us <= self._last_us:
            return None
        self._last_us = stamp_us
        self._first_us = stamp_us if self._first_us is None else self._first_us
        return (stamp_us - self._first_us) / _US, stamp_us
