"""
The ring of beats as a sequence of records, as existing callers index it.
"""

from collections.abc import Iterator, Sequence
from typing import overload

from vitalrig.heartbeat._engine.window_reader import WindowReader
from vitalrig.heartbeat.records import HeartbeatRecord, zero_record


class WindowView(Sequence[HeartbeatRecord]):
    """
    As many slots as the window has beats: slot *i* holds the last beat whose number leaves *i*.

    (Number modulo window size, that is.) Slots that no beat has reached yet hold zeros. Records are
    snapshots, made when asked for.
    """

    def __init__(self, reader: WindowReader) -> None:
        self._reader = reader

    def __len__(self) -> int:
        return self._reader.ring.window

    @overload
    def __getitem__(self, slot: int) -> HeartbeatRecord: ...

    @overload
    def __getitem__(self, slot: slice) -> list[HeartbeatRecord]: ...

    def __getitem__(self, slot: int | slice) -> HeartbeatRecord | list[HeartbeatRecord]:
        if isinstance(slot, slice):
            return list(self)[slot]
        slot = range(len(self))[slot]
        ring = self._reader.ring
        with ring.lock:
            ring.settle()
            last = ring.state.count - 1
            ident = last - (last - slot) % ring.window
            return self._reader.record(ident) if ident >= 0 else zero_record(len(ring.others))

    def __iter__(self) -> Iterator[HeartbeatRecord]:
        ring = self._reader.ring
        with ring.lock:
            ring.settle()
            count = ring.state.count
            records = self._reader.records(max(count - ring.window, 0))
        if len(records) < len(self):
            missing = len(self) - len(records)
            records += [zero_record(len(ring.others)) for _ in range(missing)]
        else:
            turn = len(self) - count % len(self)
            records = [*records[turn:], *records[:turn]]
        return iter(records)
