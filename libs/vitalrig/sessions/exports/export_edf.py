"""A session as EDF+: a signal a series, events and gaps as annotations."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitalrig.errors import BadRequest
from vitalrig.sessions.errors import extra
from vitalrig.sessions.exports.edf_plan import EdfSignal, Plan, plan
from vitalrig.sessions.exports.edf_signal import DIGITAL_MAX, DIGITAL_MIN, digital, resampled
from vitalrig.sessions.reading.series import RecordedSession
from vitalrig.sessions.store.atomic_output import atomic_output
from vitalrig.sessions.store.lines import Advance, no_progress
from vitalrig.version import VERSION

with extra("export"):
    import pyedflib
    from pyedflib._extensions._pyedflib import set_starttime_subsecond

_MOST_ANNOTATION_SIGNALS = 64
_MOST_SIGNALS = 512
_LONGEST_ADDITIONAL = 24


def export(
    session: RecordedSession, path: Path, *, force: bool = False, advance: Advance = no_progress
) -> None:
    """
    Write a session to *path* as EDF+.

    A series that is a course of values becomes a signal on a regular grid at its own
    rate. Where it has no data it has the lowest digital number, and each gap is an
    annotation. A series of single happenings (breaths, blinks) is annotations. Values of
    signals are kept to 1/65,000 of their range, times of annotations to 0.1 ms.

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
        _write(session, what, partial, advance)
        # EDFlib does not tell when closing fails, but it refuses a file of the wrong size.
        pyedflib.EdfReader(str(partial), pyedflib.DO_NOT_READ_ANNOTATIONS).close()


def _write(session: RecordedSession, what: Plan, path: Path, advance: Advance) -> None:
    writer = pyedflib.EdfWriter(str(path), len(what.signals), pyedflib.FILETYPE_EDFPLUS)
    try:
        _write_header(writer, session, what)
        records = int(np.floor((what.end_us - what.start_us) / 1e6 / writer.record_duration)) + 1
        _make_room(writer, len(what.annotations), records)
        for record in _records(writer, what, records, advance):
            if writer.blockWriteDigitalShortSamples(record) < 0:
                raise OSError(f"cannot write {path}")
        for note in what.annotations:
            duration_s = -1.0 if note.duration_us is None else note.duration_us / 1e6
            onset_s = np.float64((note.at_us - what.start_us) / 1e6)
            writer.writeAnnotation(onset_s, np.float64(duration_s), note.text)
    finally:
        writer.close()


def _write_header(writer: Any, session: RecordedSession, what: Plan) -> None:  # noqa: ANN401
    writer.setSignalHeaders([_signal_header(signal) for signal in what.signals])
    writer.setEquipment(_word(f"vitalrig_{VERSION}"))
    # There is room for little here; the session's name is in an annotation.
    writer.setRecordingAdditional(_word(f"source:{session.source}")[:_LONGEST_ADDITIONAL])
    writer.setStartdatetime(what.header_start.replace(microsecond=0))
    # pyedflib takes microseconds for units of a different size, so EDFlib is told itself,
    # in its units of 100 nanoseconds.
    set_starttime_subsecond(writer.handle, what.header_start.microsecond * 10)


def _signal_header(signal: EdfSignal) -> dict[str, Any]:
    return {
        "label": signal.label,
        "dimension": signal.series.unit,
        "sample_frequency": signal.rate_hz,
        "physical_min": _short(signal.limits.low),
        "physical_max": _short(signal.limits.high),
        "digital_min": DIGITAL_MIN,
        "digital_max": DIGITAL_MAX,
        "transducer": f"{signal.series.channel} {signal.series.name}"[:80],
        "prefilter": f"resampled from {signal.timing.rate_hz:.5g} Hz; minimum is no data"[:80],
    }


def _short(number: float) -> float:
    """Pyedflib counts the letters of ``100001.0``, although EDFlib writes ``100001``."""
    return int(number) if number.is_integer() else number


def _word(text: str) -> str:
    """Header entries are printable ASCII without blanks."""
    return "".join(letter if "!" <= letter <= "~" else "_" for letter in text)


def _make_room(writer: Any, annotations: int, records: int) -> None:  # noqa: ANN401
    """EDFlib gives each annotation signal room for one annotation a record."""
    needed = -(-annotations // records)
    if needed > _MOST_ANNOTATION_SIGNALS:
        raise BadRequest(
            f"{annotations} events and gaps are too many for an EDF file of {records} records; "
            "export to csv, parquet or xdf"
        )
    if needed > 1:
        writer.set_number_of_annotation_signals(needed)


def _records(
    writer: Any,  # noqa: ANN401
    what: Plan,
    records: int,
    advance: Advance,
) -> NDArray[np.int16]:
    """All data records: a row each, the signals one after the other."""
    columns: list[NDArray[np.int16]] = []
    for index, signal in enumerate(what.signals):
        per_record = writer.get_smp_per_record(index)
        samples = signal.series.load().ordered()
        grid = resampled(
            samples,
            signal.timing,
            start_us=what.start_us,
            rate_hz=signal.rate_hz,
            count=records * per_record,
        )
        columns.append(digital(grid, signal.limits).reshape(records, per_record))
        advance(len(samples))
    return np.concatenate(columns, axis=1)
