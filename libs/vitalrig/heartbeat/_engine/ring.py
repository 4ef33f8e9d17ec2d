"""
The ring of recent beats: where they wait, how they settle into columns, and what is kept.

A beat is put down in a list of waiting rows and that is all (see ``fast_beat``). Once a few hundred
wait, or somebody reads, they settle: each column takes its values at once. Columns keep two windows
of values, because a look back to the oldest beat of the window asks for the window before it.
"""

import threading
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from vitalrig.heartbeat._engine.arguments import Marked
from vitalrig.heartbeat._engine.column import Column
from vitalrig.heartbeat._engine.fast_beat import FastBeat, make_fast_beat, row_width
from vitalrig.heartbeat._engine.field import Field, State
from vitalrig.heartbeat._engine.sums import common_type

_BATCH = 512
"""Beats that may wait. More of them settle no faster and take more memory."""


class Ring:
    """
    Everything that is kept of past beats.

    Args:
        window: Beats in a window.
        time_shape: 1 or 2.
        fields_shape: 1 or 2 for each field.
        clock: Stamps each beat; None for no stamps.

    Attributes:
        lock: Held while beats settle and while anything but ``beat`` is used. Beats never wait for
            it, so one may come from a signal handler or a finaliser in the middle of a read.
        beat: Puts down a beat.
    """

    def __init__(
        self,
        window: int,
        time_shape: int,
        fields_shape: tuple[int, ...],
        clock: Callable[[], float] | None,
    ) -> None:
        self.window = window
        self.shapes = (time_shape, *fields_shape)
        self.clock = clock
        self.state = State(len(self.shapes))
        self.time, *self.others = self.fields = [
            Field(shape, window, self.state, at) for at, shape in enumerate(self.shapes)
        ]
        self._tags = Column(window)
        self._stamps = Column(window)
        # Which values of a beat came as lists, where any did: they are given back as lists.
        self._lists: dict[int, int] = {}
        self._rows: list[Any] = []
        self._open()

    def _open(self) -> None:
        time_shape, *fields_shape = self.shapes
        stamped = self.clock is not None
        self._width = row_width(time_shape, tuple(fields_shape), stamped=stamped)
        self.lock = threading.Lock()
        self.beat: FastBeat = make_fast_beat(
            time_shape,
            tuple(fields_shape),
            self.clock,
            self._rows,
            _BATCH * self._width,
            self._settle_unless_busy,
        )

    def _settle_unless_busy(self) -> None:
        # Whoever holds the lock settles what waits, or leaves it to the next beat. Waiting here
        # could be for ever, if it is this very thread that a signal handler has interrupted.
        if not self.lock.locked():
            with self.lock:
                self.settle()

    @property
    def count(self) -> int:
        """
        Beats so far.
        """
        with self.lock:
            return self.state.count + len(self._rows) // self._width

    def settle(self) -> None:
        """
        Bring waiting beats into the columns. The caller holds the lock.

        An interrupt (Ctrl-C, no memory) at any point loses no beat and counts none twice: columns
        are written first and may be written again; then count and totals change and the waiting
        rows go, in one statement that calls nothing, so that nothing comes in between.
        """
        rows = self._rows[:]
        length = len(rows)
        if not length:
            return
        first = self.state.count
        stop = first + length // self._width
        parts = [rows[at :: self._width] for at in range(self._width)]
        self._write_tags(first, parts.pop(0))
        if self.clock is not None:
            self._write_stamps(first, parts.pop(0))
        totals = []
        for field in self.fields:
            totals.append(field.write(first, parts[: field.shape]))
            del parts[: field.shape]

        self.state.totals, self.state.count, self._rows[:length] = totals, stop, ()

    def _write_tags(self, first: int, tags: list[Any]) -> None:
        for ident in [ident for ident in self._lists if ident < first - self.window]:
            del self._lists[ident]
        kind = common_type(tags)
        if kind is Marked or (kind is None and any(type(tag) is Marked for tag in tags)):
            for ident, tag in enumerate(tags, first):
                if type(tag) is Marked:
                    self._lists[ident] = tag.lists
                    tags[ident - first] = tag.tag
            kind = common_type(tags)
        self._tags.write(first, tags, kind)

    def _write_stamps(self, first: int, stamps: list[float]) -> None:
        # Two threads may put their beats down in the other order than they asked for the time.
        # What is looked up by time has to rise.
        if first:
            stamps[0] = max(stamps[0], self._stamps[first - 1])
        stamps = list(accumulate(stamps, max))
        self._stamps.write(first, stamps, common_type(stamps))

    def tag(self, ident: int) -> Any:  # noqa: ANN401 - tags are the caller's
        """
        The tag of beat *ident*.
        """
        return self._tags[ident]

    def tags(self, start: int, stop: int) -> list[Any]:
        """
        The tags of beats *start* to *stop*, without the latter.
        """
        return list(self._tags.between(start, stop))

    def stamps(self, start: int, stop: int) -> list[float]:
        """
        When beats *start* to *stop* came, without the latter, by the clock.
        """
        return list(self._stamps.between(start, stop))

    def value(self, ident: int, field: Field) -> Any:  # noqa: ANN401 - tuple or list
        """
        What beat *ident* reported for *field*, in the form in which it came.
        """
        value = field.value(ident)
        if self._lists and self._lists.get(ident, 0) >> field.index & 1:
            return list(value)
        return value

    def values(self, start: int, stop: int, field: Field) -> list[Any]:
        """
        What beats *start* to *stop* reported for *field*, without the latter.
        """
        if self._lists:
            return [self.value(ident, field) for ident in range(start, stop)]
        columns = [column.between(start, stop) for column in field.columns]
        return list(zip(*columns, strict=True))

    def __getstate__(self) -> dict[str, Any]:
        with self.lock:
            self.settle()
            kept = self.__dict__.copy()
        del kept["lock"], kept["beat"]
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept)
        self._open()
