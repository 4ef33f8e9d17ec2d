"""What an EDF+ file of a session will hold: signals, annotations, and where it begins."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from smartspectra.ipc.session.moments import moment_of, moment_of_us
from vitalrig.errors import BadRequest
from vitalrig.harmless import harmless
from vitalrig.sessions.exports.edf_labels import labels
from vitalrig.sessions.exports.edf_signal import Range, grid_rate_hz, range_of
from vitalrig.sessions.reading.series import RecordedSeries, RecordedSession, Samples
from vitalrig.sessions.reading.timing import Timing, timing_of
from vitalrig.sessions.store.lines import Advance

LONGEST_S = 7 * 24 * 3600
LONGEST_TEXT_BYTES = 40
"""Readers that are made with EDFlib cut the text of an annotation here."""

_FIRST_YEAR, _LAST_YEAR = 1985, 2084

UNDATED = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
"""What EDF's header says where the date is not known."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """
    Something that happened.

    Attributes:
        at_us: When, microseconds since 1970.
        duration_us: For how long; None for a moment.
        text: What, in at most 40 bytes.
    """

    at_us: float
    duration_us: float | None
    text: str


@dataclass(frozen=True, slots=True)
class EdfSignal:
    """
    A series that becomes a signal.

    Attributes:
        series: The series.
        label: Its name in the file.
        timing: How it is spaced.
        rate_hz: The rate of its regular grid.
        limits: What its digital numbers stand for.
    """

    series: RecordedSeries
    label: str
    timing: Timing
    rate_hz: float
    limits: Range


@dataclass(frozen=True, slots=True)
class Plan:
    """
    An EDF+ file before it is written.

    Attributes:
        signals: The series that are a course of values.
        annotations: Events, gaps, and the series that are single happenings; by time.
        start_us: The time of each signal's first grid point, microseconds since 1970.
        end_us: The time of the last sample or annotation.
        header_start: What the header gives as the start.
    """

    signals: list[EdfSignal]
    annotations: list[Annotation]
    start_us: float
    end_us: float
    header_start: datetime


def plan(session: RecordedSession, advance: Advance) -> Plan:
    """
    Look at every series once.

    Raises:
        BadRequest: If EDF cannot hold the session; the message says what can.
        Unreadable: If the session's summary is damaged.
    """
    signals: list[EdfSignal] = []
    undated: list[str] = []
    notes = [Annotation(event.timestamp_us, None, _cut(event.text)) for event in session.events()]
    first_us: list[float] = [note.at_us for note in notes]
    last_us = list(first_us)
    anchor: tuple[float, float] | None = None
    names = labels((series.kind, series.name) for series in session.series)
    for series, label in zip(session.series, names, strict=True):
        found = series.load()
        samples = found.ordered()
        advance(len(samples))
        if found.undated:
            undated.append(f"{found.undated} undated left out: {label}")
        if not len(samples):
            continue
        first_us.append(float(samples.timestamps_us[0]))
        last_us.append(float(samples.timestamps_us[-1]))
        timing = timing_of(samples)
        if not timing.is_signal:
            notes += _happenings(samples, label)
            continue
        notes += _gaps(samples, timing, label)
        rate_hz = grid_rate_hz(timing)
        anchor = max(anchor or (0.0, 0.0), (rate_hz, float(samples.timestamps_us[0])))
        signals.append(EdfSignal(series, label, timing, rate_hz, _limits(samples, series)))
    if not first_us:
        raise BadRequest(
            f"session {session.name} has no samples with a possible date; export to csv"
        )
    start_us = _start_us(min(first_us), anchor[1] if anchor else min(first_us))
    end_us = max(last_us)
    if end_us - start_us > LONGEST_S * 1e6:
        raise BadRequest(
            f"session {session.name} spans {(end_us - start_us) / 86400e6:.1f} days, and EDF would "
            "have to hold every second of it; export to csv, parquet or xdf"
        )
    header_start = _header_start(session, start_us)
    # The header may say less than is known: it has no other years, and some readers lose what
    # is below a second in it.
    start = (moment_of_us(start_us) if header_start == UNDATED else header_start) or UNDATED
    notes += [
        Annotation(start_us, end_us - start_us, _cut(text))
        for text in (
            f"source {session.source}",
            f"session {session.name}",
            f"start {start.replace(tzinfo=None).isoformat(timespec='microseconds')}Z",
            *undated,
        )
    ]
    notes.sort(key=lambda note: note.at_us)
    return Plan(signals, notes, start_us, end_us, header_start.replace(tzinfo=None))


def _start_us(earliest_us: float, anchor_us: float) -> float:
    """Whole seconds before a sample of the fastest series, so that its grid is its own."""
    return anchor_us - 1e6 * math.ceil(max(0.0, anchor_us - earliest_us) / 1e6)


def _header_start(session: RecordedSession, start_us: float) -> datetime:
    """
    What the header gives as the start.

    EDF has two digits for the year, which are those of 1985 to 2084. Where the samples' clock is
    of another kind, the session's start is used; where that was not set either, the date by which
    EDF says that there is none.
    """
    began_ms = session.meta.get("started_at_ms")
    candidates = (
        moment_of_us(start_us),
        moment_of(began_ms) if isinstance(began_ms, int | float) else None,
    )
    fitting = (at for at in candidates if at and _FIRST_YEAR <= at.year <= _LAST_YEAR)
    return next(fitting, UNDATED)


def _limits(samples: Samples, series: RecordedSeries) -> Range:
    try:
        return range_of(samples.values)
    except ValueError as exc:
        raise BadRequest(f"{series.channel} {series.name}: {exc}; export to csv") from exc


def _happenings(samples: Samples, label: str) -> list[Annotation]:
    return [
        Annotation(at_us, None, _cut(f"{label}={value!r}"))
        for at_us, value in zip(
            samples.timestamps_us.tolist(), samples.values.tolist(), strict=True
        )
    ]


def _gaps(samples: Samples, timing: Timing, label: str) -> list[Annotation]:
    before, after = samples.timestamps_us[timing.gaps], samples.timestamps_us[timing.gaps + 1]
    return [
        Annotation(float(begin), float(end - begin), _cut(f"gap {label}"))
        for begin, end in zip(before, after, strict=True)
    ]


def _cut(text: str) -> str:
    """EDF ends annotations and lists of them with control characters."""
    return harmless(text).encode()[:LONGEST_TEXT_BYTES].decode(errors="ignore")
