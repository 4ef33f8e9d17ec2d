"""One series of a session in memory, as columns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitalrig.harmless import harmless
from vitalrig.sessions.reading import events
from vitalrig.sessions.store.lines import Advance, no_progress
from vitalrig.sessions.store.session_files import SessionFiles
from vitalrig.signals import signal_of

Floats = NDArray[np.float64]

FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_000
"""The calendar: the years 1 to 9999."""


@dataclass(frozen=True, slots=True)
class Samples:
    """
    The samples of one series.

    Attributes:
        timestamps_us: When, in microseconds since 1970, rising.
        values: As many values.
        relative_us: The times before corrections for a clock that went back.
    """

    timestamps_us: Floats
    values: Floats
    relative_us: Floats

    def __len__(self) -> int:
        return len(self.timestamps_us)

    def ordered(self) -> "Samples":
        """
        The same with times that rise strictly; of equal times the first sample stays.

        Samples whose time is not a possible date are left out: nobody knows when they were taken.
        """
        if self.undated:
            return self._only(np.flatnonzero(self._is_dated)).ordered()
        if bool(np.all(np.diff(self.timestamps_us) > 0)):
            return self
        _, kept = np.unique(self.timestamps_us, return_index=True)
        return self._only(kept)

    @property
    def undated(self) -> int:
        """How many samples have a time that is not a possible date."""
        return len(self) - int(np.count_nonzero(self._is_dated))

    @property
    def _is_dated(self) -> NDArray[np.bool_]:
        return (self.timestamps_us >= FIRST_US) & (self.timestamps_us <= LAST_US)

    def finite(self) -> "Samples":
        """The samples whose values are numbers."""
        is_number = np.isfinite(self.values)
        return self if bool(is_number.all()) else self._only(np.flatnonzero(is_number))

    def _only(self, kept: NDArray[np.intp]) -> "Samples":
        return Samples(self.timestamps_us[kept], self.values[kept], self.relative_us[kept])


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """
    One series, loaded when it is asked for.

    Attributes:
        channel: The full channel name, such as ``physiology:core_metrics``.
        name: The series' name, such as ``pulse.rate``.
        load: Gives its samples, from the file each time.
    """

    channel: str
    name: str
    load: Callable[[], Samples] = field(repr=False)

    @property
    def unit(self) -> str:
        """Its unit in UCUM; empty if the values are not calibrated."""
        signal = signal_of(self.kind, self.name)
        return signal.ucum if signal else ""

    @property
    def kind(self) -> str:
        """The channel without its prefix: ``core_metrics`` or ``edge_metrics``."""
        return self.channel.rpartition(":")[2]


@dataclass(frozen=True)
class RecordedSession:
    """
    A session to be read.

    Attributes:
        files: Where it is.
        meta: The ``meta`` object of its summary; made from the JSONL if there is no summary.
        series: Its series that have samples, by channel and name.
        source: What the numbers are made of: camera, replay, synthetic or unknown.
        read_from: The file that the series come from.
    """

    files: SessionFiles
    meta: dict[str, Any]
    series: tuple[RecordedSeries, ...]
    source: str
    read_from: str

    @property
    def name(self) -> str:
        """The session's id."""
        return harmless(str(self.meta.get("session_id") or self.files.name))

    @property
    def total_samples(self) -> int:
        """How many samples its meta promises, to measure progress by."""
        total = self.meta.get("total_samples")
        return total if isinstance(total, int) else 0

    def find(self, kind: str, *names: str) -> RecordedSeries | None:
        """The first series of these names in the channels of *kind*."""
        for name in names:
            for series in self.series:
                if series.kind == kind and series.name == name:
                    return series
        return None

    def events(self, advance: Advance = no_progress) -> list[events.Event]:
        """
        What happened in it, by time; nothing if the JSONL is not there.

        Raises:
            OSError: If the JSONL cannot be read.
        """
        if self.files.jsonl is None:
            return []
        found = events.events(self.files.jsonl, advance)
        return sorted(found, key=lambda event: event.timestamp_us)
