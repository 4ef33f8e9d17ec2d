"""
``Heartbeat``: the interface that callers use.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from vitalrig.heartbeat._engine.arguments import checked_shapes
from vitalrig.heartbeat._engine.exact import ratio
from vitalrig.heartbeat._engine.fast_beat import Beat
from vitalrig.heartbeat._engine.history import records_of
from vitalrig.heartbeat._engine.kept_beats import GLOBAL, INSTANT, WINDOW
from vitalrig.heartbeat._engine.ring import Ring
from vitalrig.heartbeat._engine.rows import Norms, rows_of
from vitalrig.heartbeat._engine.window_view import WindowView
from vitalrig.heartbeat.records import (
    HeartbeatFieldCount,
    HeartbeatFieldRate,
    HeartbeatFieldValue,
    HeartbeatRecord,
    HeartbeatRecordData,
)
from vitalrig.heartbeat.stats import Span, Summary, span_of, summary_of


class Heartbeat:
    """
    Counts units of work, their time and further amounts, over all beats and over a window.

    Time is the one field that every beat has; its rates are heart rates, in beats per unit of
    time. Other fields have rates with respect to time. Units are the caller's.

    Beats may come from any thread, and from a signal handler. What is read is consistent, and the
    reader's own; a signal handler must not read, for it may have interrupted a reader. Sums are
    exact: integers and fractions as such, floats rounded once, when read; a sum beyond all floats
    reads as infinity. A beat that is refused changes nothing.

    Args:
        window_size: Beats in a window.
        time_shape: 1 if beats report elapsed time, 2 if start and end.
        fields_shape: The same for each further field: 1 for a total, 2 for start and end.
        clock: Stamps each beat, in seconds. Only ``get_span`` and ``last_beat_s`` need it.
        strict: Whether reading a beat that is not there raises ``IndexError``. Otherwise it gives
            a record of zeros, and offset ``-window_size`` the last beat, as callers may expect.

    Raises:
        TypeError: If *window_size* is not an integer or *fields_shape* cannot be iterated over.
        ValueError: If *window_size* is not positive or a shape is neither 1 nor 2.
    """

    __slots__ = {"__dict__": None, "__weakref__": None, "heartbeat": Beat.__call__.__doc__}

    #: ``heartbeat(tag, time, fields)``; a method around it would cost a sixth of the beat.
    heartbeat: Beat

    def __init__(
        self,
        window_size: int,
        time_shape: int = 1,
        fields_shape: Sequence[int] | None = None,
        *,
        clock: Callable[[], float] | None = None,
        strict: bool = False,
    ) -> None:
        window, shape, shapes = checked_shapes(window_size, time_shape, fields_shape)
        self._ring = Ring(window, shape, shapes, clock, strict=strict)
        self._set_beat()
        # Whoever gave a list gets a list back.
        self._fields_shape = list(shapes) if isinstance(fields_shape, list) else shapes
        self._started_s = None if clock is None else clock()

    @property
    def count(self) -> int:
        """
        Beats so far.
        """
        ring = self._ring
        with ring.lock:
            return ring.kept.count

    @property
    def window_size(self) -> int:
        """
        Beats in a full window.
        """
        return self._ring.window

    @property
    def time_shape(self) -> int:
        """
        1 or 2.
        """
        return self._ring.kept.time.shape

    @property
    def fields_shape(self) -> tuple[int, ...]:
        """
        1 or 2 for each field.
        """
        return cast("tuple[int, ...]", self._fields_shape)

    @property
    def strict(self) -> bool:
        """
        Whether reading a beat that is not there is an error.
        """
        return self._ring.strict

    @property
    def clock(self) -> Callable[[], float] | None:
        """
        What stamps the beats, if anything does.
        """
        return self._ring.clock

    @property
    def started_s(self) -> float | None:
        """
        When this heartbeat was made, by its clock.
        """
        return self._started_s

    @property
    def last_beat_s(self) -> float | None:
        """
        When the last beat came, by the clock; None without a beat or without a clock.
        """
        ring = self._ring
        with ring.lock:
            # The latest may be one of those before, by so many threads as may beat at once.
            return max(ring.stamps(ring.newest_idents(last=64)), default=None)

    def __len__(self) -> int:
        """
        Beats in the window now: this many records are there to read.
        """
        return min(self.count, self.window_size)

    def __bool__(self) -> bool:
        """
        True, also before the first beat.
        """
        return True

    @property
    def _window_buffer(self) -> WindowView:
        return WindowView(self._ring)

    def get_record(self, off: int = 0) -> HeartbeatRecord:
        """
        Get a snapshot of the beat *off* beats back: 0 is the last, -1 the one before.

        Its ``field_records`` are worked out when somebody first looks at them. Until then it holds
        on to the beats that they are made of, which are two windows and some more.

        Raises:
            IndexError: If the heartbeat is strict and there is no such beat.
            ValueError: If *off* is out of range: ``-window_size <= off <= 0``.
        """
        ring = self._ring
        newest = ring.newest(None, True) if off == 0 else None
        return ring.record(off) if newest is None else newest

    def get_value(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldValue:
        """
        Get a value as it was reported: of time, or of field number *fld*.
        """
        ring = self._ring
        with ring.lock:
            ident, row = ring.find(off)
            field = ring.kept.field(fld)
            return cast("HeartbeatFieldValue", field.value(row)) if ident >= 0 else (0,)

    def get_global_count(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldCount:
        """
        Get the sum over all beats up to that one.
        """
        return self._count(fld, off, GLOBAL)

    def get_window_count(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldCount:
        """
        Get the sum over the window that ends with that beat.
        """
        return self._count(fld, off, WINDOW)

    def get_instant_count(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldCount:
        """
        Get that beat's own amount.
        """
        return self._count(fld, off, INSTANT)

    def get_global_rate(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldRate:
        """
        Get beats, or the sum of the field, per unit of time over all beats up to that one.
        """
        return self._rate(fld, off, GLOBAL)

    def get_window_rate(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldRate:
        """
        Get beats, or the sum of the field, per unit of time over that beat's window.
        """
        return self._rate(fld, off, WINDOW)

    def get_instant_rate(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldRate:
        """
        Get one beat, or the field's amount, per unit of time of that beat.
        """
        return self._rate(fld, off, INSTANT)

    def get_records(self, last: int | None = None, since: int = 0) -> list[HeartbeatRecord]:
        """
        Get snapshots of the beats in the window, oldest first, without any that is not there.

        Args:
            last: So many at most, the newest; None for all.
            since: Only beats with this number or a later one.
        """
        ring = self._ring
        with ring.lock:
            return records_of(ring.kept, ring.newest_idents(last, since))

    def get_rows(
        self, norms: Norms | None = None, last: int | None = None, since: int = 0
    ) -> list[list[HeartbeatRecordData]]:
        """
        Get log rows of the beats in the window, oldest first, without any that is not there.

        Args:
            norms: Factors for other units.
            last: So many at most, the newest; None for all.
            since: Only beats with this number or a later one.
        """
        ring = self._ring
        with ring.lock:
            return rows_of(ring.kept, ring.newest_idents(last, since), norms or Norms())

    def get_window_values(self, fld: int | None = None) -> list[HeartbeatFieldCount]:
        """
        Get the amounts of the beats in the window, oldest first.
        """
        ring = self._ring
        with ring.lock:
            kept = ring.kept
            return list(kept.amounts(kept.field(fld), ring.newest_idents()))

    def get_summary(
        self, fld: int | None = None, percents: Iterable[float] = (50, 90, 99)
    ) -> Summary | None:
        """
        Get minimum, maximum, mean and percentiles of the window; None before the first beat.

        Raises:
            ValueError: If one of *percents* is not from 0 to 100.
        """
        return summary_of(self.get_window_values(fld), percents)

    def get_span(self, seconds: float, fld: int | None = None) -> Span:
        """
        Get beats and the sum of a field over the last *seconds* by the clock.

        Raises:
            ValueError: If *seconds* is not positive, or the heartbeat was made without a clock.
        """
        if not seconds > 0:
            raise ValueError("seconds must be > 0")
        ring = self._ring
        if ring.clock is None or self._started_s is None:
            raise ValueError("a span of time needs a heartbeat with a clock")
        with ring.lock:
            idents = ring.newest_idents()
            stamps = ring.stamps(idents)
            amounts = ring.kept.amounts(ring.kept.field(fld), idents)
            # Asked for last, so that no beat is later than now.
            now_s = max([ring.clock(), *stamps[-1:]])
        return span_of(
            stamps,
            amounts,
            now_s=now_s,
            asked_s=seconds,
            started_s=self._started_s,
            overwritten=idents.start > 0,
        )

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept)
        self._set_beat()

    def _set_beat(self) -> None:
        # Not by assignment: that would hide the method of a subclass that calls this one.
        Heartbeat.heartbeat.__set__(self, self._ring.beat)  # type: ignore[attr-defined]

    def _count(self, fld: int | None, off: int, scope: int) -> HeartbeatFieldCount:
        _, sums = self._ring.look(fld, off)
        return cast("HeartbeatFieldCount", sums[scope])

    def _rate(self, fld: int | None, off: int, scope: int) -> HeartbeatFieldRate:
        ring = self._ring
        if fld is None:
            newest = ring.newest(None, False) if off == 0 else None
            ident, times = newest if newest is not None else ring.look(None, off)
            if ident < 0:
                return 0
            amount = 1 if scope == INSTANT else ident + 1
            if scope == WINDOW and amount > ring.window:
                amount = ring.window
        else:
            with ring.lock:
                kept = ring.kept
                ident, row = ring.find(off)
                field = kept.others[fld]
                if ident < 0:
                    return 0
                amount = kept.sums(field, ident, row)[scope]
                times = kept.sums(kept.time, ident, row)
        return ratio(amount, times[scope])
