"""A session's document as another collector writes it: its meta, and the end of each series."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from services.exporter.camera_view import CameraView, Recording, Sample, SnapshotFile
from services.exporter.exported_signals import NEEDED_SERIES
from services.exporter.snapshots.scanner import ArrayEnd, Scanner
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig.errors import BadMessage
from vitalrig.metrics.validate import label, mapping, optional_number

MAX_META_BYTES = 1 << 16
MAX_SERIES = 10_000
_MS = 1_000
_S = 1_000_000


@dataclass(frozen=True, slots=True)
class SeriesEnd:
    """
    The end of one series.

    Attributes:
        count: How many samples it has.
        timestamp_us: When the newest was taken; None if the series is empty.
        value: The newest number; None if the newest is none.
    """

    count: int
    timestamp_us: float | None
    value: float | None


@dataclass(frozen=True, slots=True)
class Document:
    """
    What is kept of a snapshot or a summary.

    Attributes:
        meta: Its `meta`, as it stands there.
        series: The end of each series, by full channel name and series.
    """

    meta: Mapping[str, Any] = field(default_factory=dict)
    series: Mapping[tuple[str, str], SeriesEnd] = field(default_factory=dict)

    @classmethod
    def read(cls, read: Callable[[int], bytes]) -> Self:
        """
        Read a document of any length.

        Args:
            read: Gives up to so many further bytes; none at the end.

        Raises:
            BadMessage: If it is broken, cut off, or no such document.
        """
        scanner = Scanner(read)
        meta: Mapping[str, Any] | None = None
        series: dict[tuple[str, str], SeriesEnd] | None = None
        for key in scanner.members():
            if key == "meta":
                meta = mapping(scanner.small(MAX_META_BYTES))
            elif key == "series":
                series = dict(_series(scanner))
            else:
                scanner.skip()
        scanner.end()
        if meta is None or series is None:
            raise BadMessage("no meta, or no series")
        return cls(meta, series)

    def views(self, file: SnapshotFile) -> list[CameraView]:
        """
        Give the cameras that it tells of: one, unless somebody recorded several into one file.

        Raises:
            BadMessage: If its meta makes no sense.
        """
        named = self.meta.get("redis_prefix")
        prefixes = {channel.rpartition(":")[0] for channel, _ in self.series} - {""}
        given = [named] if isinstance(named, str) and named else [DEFAULT_PREFIX]
        return [self._view(prefix, file) for prefix in sorted(prefixes) or given]

    def _view(self, prefix: str, file: SnapshotFile) -> CameraView:
        updated_ms = optional_number(self.meta.get("updated_at_ms"))
        updated_us = file.written_us if updated_ms is None else updated_ms * _MS
        ended = self.meta.get("stopped_at_ms") is not None
        source = self.meta.get("source", "")
        ends = {
            name: end
            for name in NEEDED_SERIES
            if (end := self._end_of(prefix, *name.split("/"))) and end.timestamp_us is not None
        }
        return CameraView(
            prefix=label(prefix),
            updated_us=updated_us,
            status="",
            series={
                name: _sample(end.timestamp_us or 0.0, updated_us, end)
                for name, end in ends.items()
            },
            recording=Recording(
                active=not ended, records=optional_number(self.meta.get("jsonl_envelopes_written"))
            ),
            ended=ended,
            source=source if isinstance(source, str) else "",
            snapshot=file,
        )

    def _end_of(self, prefix: str, channel: str, series: str) -> SeriesEnd | None:
        full, bare = (f"{prefix}:{channel}", series), (channel, series)
        return self.series.get(full) or self.series.get(bare)


def _sample(timestamp_us: float, updated_us: float, end: SeriesEnd) -> Sample:
    return Sample(timestamp_us, abs(updated_us - timestamp_us) / _S, end.value, end.count)


def _series(scanner: Scanner) -> Iterator[tuple[tuple[str, str], SeriesEnd]]:
    count = 0
    for channel in scanner.members():
        for name in scanner.members():
            count += 1
            if count > MAX_SERIES:
                raise BadMessage("too many series")
            yield (channel, name), _end(scanner)


def _end(scanner: Scanner) -> SeriesEnd:
    columns = {"timestamps": ArrayEnd(0, None), "values": ArrayEnd(0, None)}
    for column in scanner.members():
        if column in columns:
            columns[column] = scanner.numbers()
        elif column == "relative_us":
            scanner.numbers()
        else:
            scanner.skip()
    timestamps, values = columns["timestamps"], columns["values"]
    if timestamps.count != values.count:
        raise BadMessage("a series has not as many values as timestamps")
    return SeriesEnd(timestamps.count, timestamps.last, values.last)
