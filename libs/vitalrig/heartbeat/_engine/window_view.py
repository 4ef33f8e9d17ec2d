"""
The ring of beats as a sequence of records, as existing callers index it.
"""

from collections.abc import Iterator, Sequence
from typing import overload

from vitalrig.heartbeat._engine.history import records_of
from vitalrig.heartbeat._engine.ring import Ring
from vitalrig.heartbeat.records import HeartbeatRecord, zero_record


class WindowView(Sequence[HeartbeatRecord]):
    """
    As many slots as the window has beats: slot *i* holds the last beat whose number leaves *i*.

    (Number modulo window size, that is.) Slots that no beat has reached yet hold zeros. Records are
    snapshots, made when asked for.
    """

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def __len__(self) -> int:
        return self._ring.window

    @overload
    def __getitem__(self, slot: int) -> HeartbeatRecord: ...

    @overload
    def __getitem__(self, slot: slice) -> list[HeartbeatRecord]: ...

    def __getitem__(self, slot: int | slice) -> HeartbeatRecord | list[HeartbeatRecord]:
        return list(self)[slot]

    def __iter__(self) -> Iterator[HeartbeatRecord]:
        ring = self._ring
        with ring.lock:
            idents = ring.newest_idents()
            records = records_of(ring.kept, idents)
        records += [zero_record(len(ring.kept.others)) for _ in range(len(self) - len(records))]
        turn = -idents.start % len(self)
        return iter([*records[turn:], *records[:turn]])
