"""What happens to the camera's clock: stamps of envelopes and of the samples in them."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from services.physiology_server.scenarios.events import Lasting, Seconds, StampEvent

_US = 1_000_000
_COUNTER_US = 1 << 32


class ClockReset(Lasting, StampEvent):
    """The clock jumps, and jumps back at the end."""

    do: Literal["clock_reset"] = "clock_reset"
    by_s: Seconds = Field(
        ge=-86_400, le=86_400, description="how far, in seconds; back if below zero"
    )

    def flaws(self) -> Iterator[tuple[str, str]]:
        """
        A clock that jumps must jump somewhere.
        """
        if not self.by_s:
            yield "by_s", "a jump by 0 s is none"

    def restamp(self, stamp_us: int, since_us: int, inside_us: int) -> int:  # noqa: ARG002
        """
        The stamp of a clock that is off.
        """
        return stamp_us + round(self.by_s * _US) if self.holds(inside_us / _US) else stamp_us


class Wrap32Bit(StampEvent):
    """All along the clock is a 32-bit counter of microseconds, and here it begins at 0 again."""

    do: Literal["wrap_32_bit"] = "wrap_32_bit"
    at_s: Seconds = Field(
        gt=0, le=4_294, description="when it passes its end, in seconds since the start"
    )

    def restamp(self, stamp_us: int, since_us: int, inside_us: int) -> int:  # noqa: ARG002
        """
        What such a counter shows.
        """
        return (since_us - round(self.at_s * _US)) % _COUNTER_US
