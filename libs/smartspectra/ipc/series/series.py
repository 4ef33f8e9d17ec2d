"""One series of samples on a time line that only rises."""

from array import array
from collections.abc import Iterator
from itertools import islice
from math import isfinite
from operator import itemgetter, lt
from typing import Any

from smartspectra.ipc.series.chunk_store import (
    COLUMNS,
    RELATIVE_US,
    TIMESTAMPS,
    VALUES,
    ChunkStore,
    ColumnPart,
    TimestampColumn,
    ValueColumn,
)
from smartspectra.ipc.wire.measurements import LATEST_STAMP_US

RESET_US = 1_000_000
"""A clock that goes back by more than this was reset; by less, the sample is late."""

CHUNK_SAMPLES = 512

_WRAP_US = 1 << 32
_WRAP_STEP_US = 60_000_000
_FORWARD_US = 3_600_000_000
_EXACT_US = 2**53 - 1
"""Beyond this a float cannot tell one microsecond from the next."""

_WHOLE = frozenset({str, int})
_stamp_of = itemgetter("timestamp")
_value_of = itemgetter("value")


class Series:
    """
    The samples of one series, oldest first.

    Time stamps are whole microseconds. A sample at or before the last one is dropped.
    A clock that goes back by more than a second was reset: from then on an offset is
    added that keeps the series rising, and the original is in ``relative_us``.
    A 32-bit counter that wraps goes on as if it had more bits.

    Reads as the documented mapping too: ``series["timestamps"]`` and so on.

    Attributes:
        count: Samples taken, whether or not a limit has let them go since.
        duplicates: Samples dropped because their time had passed.
        resets: How often the clock was reset.
        wraps: How often it wrapped at 32 bits.
        unusable: Samples that have no finite value or no possible time.
        pending: Raw samples waiting for :meth:`take_pending`.
    """

    __slots__ = (
        "_former_offset",
        "_last",
        "_limit",
        "_offset",
        "_raws",
        "_stamps",
        "_store",
        "_values",
        "count",
        "duplicates",
        "pending",
        "resets",
        "unusable",
        "wraps",
    )

    def __init__(self, store: ChunkStore, limit: int = 0) -> None:
        self._store = store
        self._limit = limit
        self._stamps = array("q")
        self._values = array("d")
        self._raws: array[int] | None = None
        self._last = 0
        self._offset = 0
        self._former_offset: int | None = None
        self.pending: list[Any] = []
        self.count = 0
        self.duplicates = 0
        self.resets = 0
        self.wraps = 0
        self.unusable = 0

    def store(self, stamp_us: int, value: float) -> None:
        """Take one sample, a finite value at *stamp_us* by its own clock."""
        if abs(stamp_us) > _EXACT_US:
            self.unusable += 1
            return
        at = stamp_us + self._offset
        if self.count:
            if at <= self._last:
                if self._last - at <= RESET_US:
                    self.duplicates += 1
                    return
                at = self._restarted(stamp_us)
            elif self._former_offset is not None and at - self._last > _FORWARD_US:
                at = self._returned(stamp_us)
        if at > _EXACT_US:
            self.unusable += 1
            return
        self._stamps.append(at)
        self._values.append(value)
        if self._raws is not None:
            self._raws.append(stamp_us)
        self._last = at
        self.count += 1
        if len(self._values) >= CHUNK_SAMPLES:
            self.seal()

    def take(self, stamps: list[int], values: "array[float]") -> None:
        """Take samples together, finite values at whole microseconds by their own clock."""
        if not self._goes_on(stamps):
            for stamp, value in zip(stamps, values, strict=True):
                self.store(stamp, value)
            return
        if self._offset:
            self._stamps.extend(map(self._offset.__add__, stamps))
        else:
            self._stamps.fromlist(stamps)
        if self._raws is not None:
            self._raws.extend(stamps)
        self._last = self._stamps[-1]
        self._values += values
        self.count += len(values)
        if len(self._values) >= CHUNK_SAMPLES:
            self.seal()

    def _goes_on(self, stamps: list[int]) -> bool:
        """Whether these times rise, from the last one on, with no reset and no stray among them."""
        first, last = stamps[0] + self._offset, stamps[-1] + self._offset
        if self.count:
            if first <= self._last:
                return False
            if self._former_offset is not None and last - self._last > _FORWARD_US:
                return False
        return (
            stamps[0] > 0
            and stamps[-1] <= LATEST_STAMP_US
            and last <= _EXACT_US
            and all(map(lt, stamps, islice(stamps, 1, None)))
        )

    def take_pending(self) -> bool:
        """
        Take all of ``pending`` at once if it is plain: whole stamps and finite values.

        Returns:
            False if it is not; nothing was taken then, and the caller takes the
            samples one by one. ``pending`` is empty in both cases.
        """
        samples, self.pending[:] = self.pending[:], ()
        try:
            raw_stamps = list(map(_stamp_of, samples))
            stamps = list(map(int, raw_stamps))
            values = array("d", map(_value_of, samples))
        except (KeyError, TypeError, ValueError, OverflowError):
            return False
        # Zero and what is not whole are looked at one by one: another field may say the time.
        is_plain = _WHOLE.issuperset(map(type, raw_stamps)) and isfinite(sum(values))
        if is_plain and min(stamps) > 0 and max(stamps) <= LATEST_STAMP_US:
            self.take(stamps, values)
            return True
        return False

    def _restarted(self, stamp_us: int) -> int:
        last_raw = self._last - self._offset
        self._keep_raws()
        step = stamp_us + _WRAP_US - last_raw
        if last_raw < _WRAP_US and 0 < step <= _WRAP_STEP_US:
            self._offset += _WRAP_US
            self.wraps += 1
        else:
            self._former_offset = self._offset
            self._offset = self._last + 1 - stamp_us
            self.resets += 1
        return stamp_us + self._offset

    def _returned(self, stamp_us: int) -> int:
        """Undo a reset that was one stray stamp: the old clock goes on."""
        assert self._former_offset is not None
        former = stamp_us + self._former_offset
        if self._last < former < stamp_us + self._offset:
            self._offset, self._former_offset = self._former_offset, None
        return stamp_us + self._offset

    def _keep_raws(self) -> None:
        if self._raws is None:
            self.seal()
            self._raws = array("q")

    def seal(self) -> None:
        """Hand what was taken to the store, as one chunk."""
        if self._values:
            self._store.keep(self._stamps, self._values, self._raws)
            self._stamps, self._values = array("q"), array("d")
            if self._raws is not None:
                self._raws = array("q")

    @property
    def kept(self) -> int:
        """Samples that the limit leaves."""
        return min(self.count, self._limit) if self._limit else self.count

    def columns(self) -> dict[str, list[ColumnPart]]:
        """
        The kept samples by column, as parts that later samples do not change.

        Costs as much as one chunk, however long the series.
        """
        columns = self._store.parts()
        stamps, values = self._stamps[:], self._values[:]
        if values:
            raws = stamps if self._raws is None else self._raws[:]
            columns[TIMESTAMPS].append(TimestampColumn(stamps))
            columns[VALUES].append(ValueColumn(values))
            columns[RELATIVE_US].append(TimestampColumn(raws))
        if self._limit:
            return {column: newest(parts, self._limit) for column, parts in columns.items()}
        return columns

    def __getitem__(self, column: str) -> list[float]:
        return [number for part in self.columns()[column] for number in part.floats()]

    def keys(self) -> tuple[str, ...]:
        """The names of the columns."""
        return COLUMNS

    def __iter__(self) -> Iterator[str]:
        return iter(COLUMNS)

    def __len__(self) -> int:
        return len(COLUMNS)


def newest(parts: list[ColumnPart], limit: int) -> list[ColumnPart]:
    """The last *limit* numbers of parts that are all in memory."""
    kept: list[ColumnPart] = []
    for part in reversed(parts):
        if limit <= 0:
            break
        assert isinstance(part, TimestampColumn | ValueColumn)
        excess = len(part.items) - limit
        limit -= len(part.items)
        kept.append(part.after(excess) if excess > 0 else part)
    return kept[::-1]
