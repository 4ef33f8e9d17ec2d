"""When recorded envelopes are due, from the stamps in them."""

from dataclasses import dataclass

_US = 1_000_000
LONGEST_US = 15 * _US
"""A longer time without envelopes is passed over: nothing was recorded in it."""

LATE_US = 1 * _US
"""What is stamped at most this much earlier than the one before is late, not a clock set back."""


@dataclass(frozen=True, slots=True)
class EnvelopeTime:
    """
    Where an envelope is.

    Attributes:
        time_us: When it is due, in us since the beginning; never before the one before it.
        origin_us: Which stamp the beginning would have by the clock that stamped it.
    """

    time_us: int
    origin_us: int


class RecordedClock:
    """
    Turns stamps into a time that only rises, and never waits for long.

    A clock that was set, a counter that wrapped, a pause of hours: from the second envelope on
    that agrees with the new time, it counts from there. One stray stamp changes nothing.
    """

    def __init__(self) -> None:
        self._time_us = 0
        self._latest_us: int | None = None
        self._stray_us: int | None = None

    def place(self, stamp_us: int | None) -> EnvelopeTime:
        """
        Place the next envelope of the file.
        """
        if stamp_us is None:
            return EnvelopeTime(self._time_us, (self._latest_us or 0) - self._time_us)
        if self._latest_us is None:
            self._latest_us = stamp_us
        step_us = stamp_us - self._latest_us
        if 0 <= step_us <= LONGEST_US:
            self._go_to(stamp_us, step_us)
        elif not -LATE_US <= step_us < 0:
            return self._jump(stamp_us)
        return EnvelopeTime(self._time_us, self._latest_us - self._time_us)

    def begin_again(self, after_us: int) -> None:
        """
        Go on with the file's beginning, *after_us* behind its end.
        """
        self._time_us += after_us
        self._latest_us = self._stray_us = None

    def _jump(self, stamp_us: int) -> EnvelopeTime:
        if self._stray_us is not None and 0 <= stamp_us - self._stray_us <= LONGEST_US:
            self._go_to(stamp_us, stamp_us - self._stray_us)
        else:
            self._stray_us = stamp_us
        return EnvelopeTime(self._time_us, stamp_us - self._time_us)

    def _go_to(self, stamp_us: int, step_us: int) -> None:
        self._time_us += step_us
        self._latest_us, self._stray_us = stamp_us, None
