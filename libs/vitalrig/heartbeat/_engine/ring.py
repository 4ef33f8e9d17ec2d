"""
The ring of recent beats: where they come in, and where they are found again.

A beat is put down in a list of waiting rows and that is all (see ``fast_beat``). A few hundred of
them settle in columns at once (see ``kept_beats``), for two windows, because the oldest beat of the
window has a window of its own.
"""

import threading
from collections.abc import Callable
from itertools import accumulate
from operator import index
from typing import Any

from vitalrig.heartbeat._engine.arguments import Marked
from vitalrig.heartbeat._engine.fast_beat import Beat, make_fast_beat
from vitalrig.heartbeat._engine.kept_beats import Field, KeptBeats, Sums
from vitalrig.heartbeat.records import HeartbeatFieldRecord, HeartbeatRecord, zero_record

_BATCH = 256
"""Beats that may wait. More of them settle no faster and take more memory."""

_SLACK = 512
"""Beats beyond those to keep that may stay: to let go of them costs a copy of the rest."""

_new = object.__new__


class Ring:
    """
    Everything that is kept of past beats.

    Args:
        window: Beats in a window.
        time_shape: 1 or 2.
        fields_shape: 1 or 2 for each field.
        clock: Stamps each beat; None for no stamps.
        strict: Whether it is an error to look for a beat that is not there.

    Attributes:
        lock: Held while ``kept`` is used. Beats never wait for it, so one may come from a signal
            handler or a finaliser in the middle of a read.
        beat: Puts down a beat.
        kept: The beats.
    """

    def __init__(
        self,
        window: int,
        time_shape: int,
        fields_shape: tuple[int, ...],
        clock: Callable[[], float] | None,
        *,
        strict: bool,
    ) -> None:
        self.window = window
        self.clock = clock
        self.strict = strict
        self._rows: list[Any] = []
        fields = []
        self._width = 1 if clock is None else 2
        for at, shape in enumerate((time_shape, *fields_shape)):
            fields.append(Field(at, shape, self._width, window))
            self._width += shape
        self.kept = KeptBeats(window, 0, fields, [[] for _ in range(self._width)], self._rows)
        self._open()

    def _open(self) -> None:
        self.lock = threading.Lock()
        self.beat: Beat = make_fast_beat(
            self.kept.time.shape,
            tuple(field.shape for field in self.kept.others),
            self.clock,
            self._rows,
            _BATCH * self._width,
            self._settle_unless_busy,
        )

    def _settle_unless_busy(self) -> None:
        # Whoever holds the lock reads, and leaves this to the next beat. Waiting here could be for
        # ever, if it is this very thread that a signal handler has interrupted.
        if not self.lock.locked():
            with self.lock:
                self._settle()

    def _settle(self) -> None:
        kept = self.kept
        kept.settle()
        first = kept.settled - 2 * self.window
        if first - kept.first > max(self.window // 8, _SLACK):
            self.kept = kept.from_beat(first)

    def find(self, off: int) -> tuple[int, list[Any]]:
        """
        The number of the beat *off* beats back, negative if there is no such beat, and its row.

        Raises:
            IndexError: If there is no such beat and that is an error.
            ValueError: If *off* is out of range: ``-window <= off <= 0``.
        """
        window, count = self.window, self.kept.count
        if off < -window or off > 0:
            raise ValueError(f"Offset must be None or in range -{window} <= off <= 0")
        if self.strict and off <= -min(count, window):
            raise IndexError(f"no beat at offset {off}: there are {min(count, window)}")
        ident = count - 1 + index(off) % -window
        return ident, self.kept.row(ident) if ident >= 0 else []

    def look(self, fld: int | None, off: int) -> tuple[int, Sums]:
        """
        The number of the beat *off* beats back, and the sums of a field as of it.

        The number is negative, and the sums are zeros, if there is no such beat.
        """
        if off == 0 and (newest := self.newest(fld, False)) is not None:
            return newest  # type: ignore[no-any-return]
        with self.lock:
            kept = self.kept
            ident, row = self.find(off)
            field = kept.field(fld)
            if ident < 0:
                return ident, (0, 0, 0)
            sums = kept.sums(field, ident, row)
            if off == 0:
                field.prepare_step(ident)
            return ident, sums

    def record(self, off: int) -> HeartbeatRecord:
        """
        All there is to read of the beat *off* beats back.
        """
        with self.lock:
            kept = self.kept
            ident, row = self.find(off)
            if ident < 0:
                return zero_record(len(kept.others))
            record = kept.record(ident, row, self.lock)
            if off == 0:
                kept.time.prepare_step(ident)
            return record

    def newest(self, fld: int | None, as_record: bool) -> Any:  # noqa: ANN401, C901, PLR0911, PLR0912
        """
        Read the newest beat, after the beat before it has been read, at the cost of one addition.

        It needs no lock: what it reads is replaced in one step where it changes, and what it writes
        is the same whoever writes it. All is in one place here, because calls would cost more than
        what they do.

        Args:
            fld: The field; None for time.
            as_record: Whether a record is wanted, rather than the beat's number and the sums.

        Returns:
            None where it is not as simple as that.
        """
        kept, rows, width = self.kept, self._rows, self._width
        field = kept.time if fld is None else kept.others[fld]
        settled, length = kept.settled, len(rows)
        row = rows[length - width : length]
        if not row or settled != kept.settled or kept is not self.kept:
            return None
        ident = settled + length // width - 1
        amount = row[field.column] if field.shape == 1 else field.amount(row)
        known, count, before, counts, scale, inverse, denominator = field.next_step
        if known != ident:
            if known != ident - 1:
                return None
            if type(amount) is float:
                scaled = amount * scale
                if not scaled.is_integer():
                    return None
                count += int(scaled)
            elif type(amount) is int:
                count += amount * denominator
            else:
                return None
            before += 1
            field.next_step = ident, count, before, counts, scale, inverse, denominator
        if before <= 0:
            in_window = count
        elif before < len(counts):
            in_window = count - counts[before]
        else:
            return None
        try:
            in_all = count * inverse
            in_window *= inverse
            if not as_record:
                return ident, (in_all, in_window, amount)
            beats = ident + 1
            # Filled by hand: that takes half as long as a call of the class.
            time = _new(HeartbeatFieldRecord)
            time.glbl, time.wndw, time.inst = in_all, in_window, amount
            time.glbl_rate = beats / in_all
            time.wndw_rate = (beats if before < 0 else self.window) / in_window
            time.inst_rate = 1 / amount
        except (OverflowError, TypeError, ZeroDivisionError):
            return None
        record, tag = _new(HeartbeatRecord), row[0]
        record.ident, record.time = ident, time
        if type(tag) is Marked:
            record.tag, time.val = tag.tag, field.value(row)
        else:
            record.tag, time.val = tag, (amount,) if field.shape == 1 else field.value(row)
        if kept.others:
            sums = in_all, in_window, amount
            record._unread = self.lock, kept, ident, row, sums  # type: ignore[attr-defined]  # noqa: SLF001
        return record

    def newest_idents(self, last: int | None = None, since: int = 0) -> range:
        """
        The numbers of the newest beats that are wanted and there.
        """
        count = self.kept.count
        wanted = count if last is None else last
        return range(max(count - self.window, count - wanted, since, 0), count)

    def stamps(self, idents: range) -> list[float]:
        """
        When some beats came; nothing without a clock.

        Two threads may put their beats down in the other order than they asked for the time. What
        is looked up by time has to rise.
        """
        return [] if self.clock is None else list(accumulate(self.kept.entries(1, idents), max))

    def __getstate__(self) -> dict[str, Any]:
        with self.lock:
            self._settle()
            kept = self.__dict__.copy()
        del kept["lock"], kept["beat"]
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept)
        self._open()
