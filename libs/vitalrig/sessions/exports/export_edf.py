"""A session as EDF+: a signal a series, events and gaps as annotations."""

from collections import Counter
from pathlib import Path

from vitalrig.errors import BadRequest
from vitalrig.sessions.errors import extra
from vitalrig.sessions.exports.edf_labels import printable
from vitalrig.sessions.exports.edf_plan import EdfSignal, Plan, plan
from vitalrig.sessions.exports.edf_signal import DIGITAL_MAX, DIGITAL_MIN, digital, resampled
from vitalrig.sessions.reading.series import RecordedSession
from vitalrig.sessions.store.atomic_output import atomic_output
from vitalrig.sessions.store.lines import Advance, no_progress
from vitalrig.version import VERSION

with extra("export"):
    import edfio

_MOST_SIGNALS = 512
_MOST_ANNOTATION_ROOM = 2_000_000
"""Annotations that there would be room for in a file; each takes about 60 bytes."""

_HOUR_S, _DAY_S = 3_600, 86_400
_LONGEST_ADDITIONAL = 24


def export(
    session: RecordedSession, path: Path, *, force: bool = False, advance: Advance = no_progress
) -> None:
    """
    Write a session to *path* as EDF+.

    A series that is a course of values becomes a signal on a regular grid at its own
    rate. Where it has no data it has the lowest digital number, and each gap is an
    annotation. A series of single happenings (breaths, blinks) is annotations. Values of
    signals are kept to 1/65,000 of their range, times of annotations to the microsecond.

    Args:
        session: What to export.
        path: The file to make.
        force: Whether a file that is there may be replaced.
        advance: Told of samples done; every sample counts twice, since the file's header
            has to be known before its data.

    Raises:
        BadRequest: If *path* exists and *force* is not given, or EDF cannot hold the
            session.
        Unreadable: If the session's summary is damaged.
        OSError: If it cannot be written.
    """
    with atomic_output(path, force=force) as partial:
        what = plan(session, advance)
        if not what.signals:
            raise BadRequest(f"session {session.name} has no course of values; export to csv")
        if len(what.signals) > _MOST_SIGNALS:
            raise BadRequest(f"{len(what.signals)} series are too many for EDF; export to xdf")
        _edf(session, what, advance).write(partial)


def _edf(session: RecordedSession, what: Plan, advance: Advance) -> edfio.Edf:
    length_s = (what.end_us - what.start_us) / 1e6
    # Rates, which are in tenths, have to come out even in each data record; and each has as much
    # room for annotations as the one with the most of them needs, so they are few where it is long.
    record_s = 10 if any(signal.rate_hz % 1 for signal in what.signals) else 1
    record_s = 60 if length_s > _DAY_S else 10 if length_s > _HOUR_S else record_s
    records = int(length_s / record_s) + 1
    onsets_s = [round((note.at_us - what.start_us) / 1e6, 6) for note in what.annotations]
    most = max(Counter(int(onset_s / record_s) for onset_s in onsets_s).values())
    if most * records > _MOST_ANNOTATION_ROOM:
        raise BadRequest(
            f"{most} events and gaps at once are too many for an EDF file of {records} records; "
            "export to csv, parquet or xdf"
        )
    return edfio.Edf(
        [_signal(signal, what, records * record_s, advance) for signal in what.signals],
        recording=edfio.Recording(
            startdate=what.header_start.date(),
            equipment_code=_word(f"vitalrig_{VERSION}"),
            # There is room for little here; the session's name is in an annotation.
            additional=[_word(f"source:{session.source}")[:_LONGEST_ADDITIONAL]],
        ),
        starttime=what.header_start.time(),
        data_record_duration=record_s,
        annotations=[
            edfio.EdfAnnotation(
                onset_s, None if note.duration_us is None else note.duration_us / 1e6, note.text
            )
            for onset_s, note in zip(onsets_s, what.annotations, strict=True)
        ],
    )


def _signal(signal: EdfSignal, what: Plan, length_s: int, advance: Advance) -> edfio.EdfSignal:
    samples = signal.series.load().ordered()
    grid = resampled(
        samples,
        signal.timing,
        start_us=what.start_us,
        rate_hz=signal.rate_hz,
        count=round(length_s * signal.rate_hz),
    )
    advance(len(samples))
    return edfio.EdfSignal.from_digital(
        digital(grid, signal.limits),
        signal.rate_hz,
        label=signal.label,
        transducer_type=printable(f"{signal.series.channel} {signal.series.name}")[:80],
        physical_dimension=printable(signal.series.unit)[:8],
        physical_range=(signal.limits.low, signal.limits.high),
        digital_range=(DIGITAL_MIN, DIGITAL_MAX),
        prefiltering=f"resampled from {signal.timing.rate_hz:.5g} Hz; minimum is no data",
    )


def _word(text: str) -> str:
    """Header entries are printable ASCII without blanks."""
    return printable(text).replace(" ", "_")
