"""
What a run of amounts looks like: extremes, mean, percentiles, and the last seconds of it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitalrig.heartbeat._engine.exact import Number, Values, exact_sum


def percentile(ordered: Sequence[Any], percent: float) -> Number:
    """
    The value below which *percent* of 100 of the sorted values lie.

    Between two values it is taken on the straight line (type 7 of Hyndman and Fan, Sample
    Quantiles in Statistical Packages, 1996; the usual one in statistics programs).

    Raises:
        ValueError: If there are no values or *percent* is not from 0 to 100.
    """
    if not ordered:
        raise ValueError("no values, no percentile")
    if not 0 <= percent <= 100:  # noqa: PLR2004 - the meaning of per cent
        raise ValueError("percent must be from 0 to 100")
    place = percent / 100 * (len(ordered) - 1)
    below = int(place)
    low = ordered[below]
    share = place - below
    if not share:
        return low  # type: ignore[no-any-return]
    # Weights rather than a difference: that could be beyond all floats.
    return low * (1 - share) + ordered[below + 1] * share  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Summary:
    """
    The amounts of one field in the window.

    Attributes:
        beats: How many there are.
        minimum: The smallest.
        maximum: The largest.
        mean: Their sum, divided by their number.
        percentiles: From per cent to value, as asked for.
    """

    beats: int
    minimum: Number
    maximum: Number
    mean: float
    percentiles: Mapping[float, Number]


def summary_of(amounts: Values, percents: Iterable[float]) -> Summary | None:
    """
    Sum up *amounts*; None where there are none.
    """
    if not amounts:
        return None
    ordered = sorted(amounts)
    return Summary(
        beats=len(ordered),
        minimum=ordered[0],
        maximum=ordered[-1],
        mean=exact_sum(amounts) / len(ordered),
        percentiles={percent: percentile(ordered, percent) for percent in percents},
    )


@dataclass(frozen=True, slots=True)
class Span:
    """
    The last seconds of one field, by the clock.

    Attributes:
        seconds: How long the span is. Less than was asked for while the heartbeat is younger than
            that, or where the window does not reach back so far.
        beats: Beats in it.
        total: The sum of their amounts.
        complete: Whether the window reached back far enough.
    """

    seconds: float
    beats: int
    total: Number
    complete: bool

    @property
    def beats_per_s(self) -> float:
        """
        Beats per second; 0 for a span of no length.
        """
        return self.beats / self.seconds if self.seconds > 0 else 0.0

    @property
    def total_per_s(self) -> float:
        """
        Amount per second; 0 for a span of no length.
        """
        return self.total / self.seconds if self.seconds > 0 else 0.0


def span_of(
    stamps: Sequence[float],
    amounts: Values,
    *,
    now_s: float,
    asked_s: float,
    started_s: float,
    overwritten: bool,
) -> Span:
    """
    Cut the last *asked_s* seconds out of a window.

    A beat that came exactly *asked_s* ago is out.

    Args:
        stamps: When the window's beats came, rising.
        amounts: Their amounts.
        now_s: Where the span ends.
        asked_s: How long it shall be.
        started_s: When the heartbeat was made.
        overwritten: Whether there were beats before the window.
    """
    since_s = now_s - asked_s
    if since_s < started_s:
        since_s = started_s
        start = bisect_left(stamps, since_s)
    else:
        start = bisect_right(stamps, since_s)
    complete = not (overwritten and start == 0)
    if not complete:
        # The span begins at the oldest beat that is left; what that one did came before it.
        since_s, start = stamps[0], 1
    return Span(
        seconds=now_s - since_s,
        beats=len(stamps) - start,
        total=exact_sum(amounts[start:]),
        complete=complete,
    )
