"""
``Heartbeat``: the interface that callers use.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from vitalrig.heartbeat._engine.arguments import checked_shapes
from vitalrig.heartbeat._engine.field import Field
from vitalrig.heartbeat._engine.ring import Ring
from vitalrig.heartbeat._engine.rows import Norms, rows_of
from vitalrig.heartbeat._engine.window_reader import WindowReader
from vitalrig.heartbeat._engine.window_view import WindowView
from vitalrig.heartbeat.records import (
    HeartbeatFieldCount,
    HeartbeatFieldRate,
    HeartbeatFieldValue,
    HeartbeatIdentifier,
    HeartbeatRecord,
    HeartbeatRecordData,
    zero_record,
)
from vitalrig.heartbeat.stats import Span, Summary, span_of, summary_of

_Read = Callable[[WindowReader, int, Field], Any]


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
        TypeError: If *window_size* is no integer or *fields_shape* cannot be iterated over.
        ValueError: If *window_size* is not positive or a shape is neither 1 nor 2.
    """

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
        self._ring = Ring(window, shape, shapes, clock)
        self._reader = WindowReader(self._ring)
        self._beat = self._ring.beat
        # Whoever gave a list gets a list back.
        self._fields_shape = list(shapes) if isinstance(fields_shape, list) else shapes
        self._strict = strict
        self._started_s = None if clock is None else clock()

    def heartbeat(
        self,
        tag: HeartbeatIdentifier,
        time: HeartbeatFieldValue,
        fields: Iterable[HeartbeatFieldValue] | None = None,
    ) -> None:
        """
        Issue a heartbeat: one unit of work is done.

        Args:
            tag: The caller's name for it, most likely a number of its own.
            time: ``(elapsed,)`` or ``(start, end)``, as ``time_shape`` says; time must pass.
            fields: For each field ``(total,)`` or ``(start, end)``, as ``fields_shape`` says.

        Raises:
            TypeError: If a value is no real number.
            ValueError: If a shape is wrong, no time passes, or a value is not finite.
        """
        self._beat(tag, time, fields)

    @property
    def count(self) -> int:
        """
        Beats so far.
        """
        return self._ring.count

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
        return self._ring.shapes[0]

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
        return self._strict

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
        return WindowView(self._reader)

    def get_record(self, off: int = 0) -> HeartbeatRecord:
        """
        Get a snapshot of the beat *off* beats back: 0 is the last, -1 the one before.

        Raises:
            IndexError: If the heartbeat is strict and there is no such beat.
            ValueError: If *off* is out of range: ``-window_size <= off <= 0``.
        """
        ring = self._ring
        with ring.lock:
            ring.settle()
            ident = self._ident(off)
            return zero_record(len(ring.others)) if ident < 0 else self._reader.record(ident)

    def get_value(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldValue:
        """
        Get a value as it was reported: of time, or of field number *fld*.
        """
        return cast("HeartbeatFieldValue", self._read(WindowReader.value, off, fld, (0,)))

    def get_global_count(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldCount:
        """
        Get the sum over all beats up to that one.
        """
        return cast("HeartbeatFieldCount", self._read(WindowReader.global_count, off, fld, 0))

    def get_window_count(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldCount:
        """
        Get the sum over the window that ends with that beat.
        """
        return cast("HeartbeatFieldCount", self._read(WindowReader.window_count, off, fld, 0))

    def get_instant_count(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldCount:
        """
        Get that beat's own amount.
        """
        return cast("HeartbeatFieldCount", self._read(WindowReader.instant_count, off, fld, 0))

    def get_global_rate(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldRate:
        """
        Get beats, or the sum of the field, per unit of time over all beats up to that one.
        """
        return cast("HeartbeatFieldRate", self._read(WindowReader.global_rate, off, fld, 0))

    def get_window_rate(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldRate:
        """
        Get beats, or the sum of the field, per unit of time over that beat's window.
        """
        return cast("HeartbeatFieldRate", self._read(WindowReader.window_rate, off, fld, 0))

    def get_instant_rate(self, off: int = 0, fld: int | None = None) -> HeartbeatFieldRate:
        """
        Get one beat, or the field's amount, per unit of time of that beat.
        """
        return cast("HeartbeatFieldRate", self._read(WindowReader.instant_rate, off, fld, 0))

    def get_records(self, last: int | None = None, since: int = 0) -> list[HeartbeatRecord]:
        """
        Get snapshots of the beats in the window, oldest first, without any that is not there.

        Args:
            last: So many at most, the newest; None for all.
            since: Only beats with this number or a later one.
        """
        ring = self._ring
        with ring.lock:
            return self._reader.records(self._settled(last, since))

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
            return rows_of(self._reader, self._settled(last, since), norms or Norms())

    def get_window_values(self, fld: int | None = None) -> list[HeartbeatFieldCount]:
        """
        Get the amounts of the beats in the window, oldest first.
        """
        ring = self._ring
        with ring.lock:
            return list(self._field(fld).instants(self._settled(), ring.state.count))

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
            start, stop = self._settled(), ring.state.count
            stamps = ring.stamps(start, stop)
            amounts = self._field(fld).instants(start, stop)
            # Asked for last, so that no beat is later than now.
            now_s = max([ring.clock(), *stamps[-1:]])
        return span_of(
            stamps,
            amounts,
            now_s=now_s,
            asked_s=seconds,
            started_s=self._started_s,
            overwritten=start > 0,
        )

    def __getstate__(self) -> dict[str, Any]:
        kept = self.__dict__.copy()
        del kept["_beat"]
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept)
        self._beat = self._ring.beat

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
            stamps = ring.stamps(self._settled(last=1), ring.state.count)
        return stamps[0] if stamps else None

    def _read(self, read: _Read, off: int, fld: int | None, zero: object) -> object:
        ring = self._ring
        with ring.lock:
            ring.settle()
            ident = self._ident(off)
            field = self._field(fld)
            return zero if ident < 0 else read(self._reader, ident, field)

    def _field(self, fld: int | None) -> Field:
        return self._ring.time if fld is None else self._ring.others[fld]

    def _ident(self, off: int) -> int:
        """
        The number of the beat at *off*; negative if there is none.
        """
        window = self._ring.window
        if off < -window or off > 0:
            raise ValueError(f"Offset must be None or in range -{window} <= off <= 0")
        count = self._ring.state.count
        if self._strict and off <= -min(count, window):
            raise IndexError(f"no beat at offset {off}: there are {min(count, window)}")
        return count - 1 + range(-window, 1)[off + window] % -window

    def _settled(self, last: int | None = None, since: int = 0) -> int:
        """
        Settle, and tell with which beat the newest ones begin that are wanted and there.
        """
        self._ring.settle()
        count = self._ring.state.count
        wanted = count if last is None else last
        return max(count - self._ring.window, count - wanted, since, 0)
