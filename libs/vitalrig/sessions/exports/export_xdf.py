"""A session as XDF, the file format of Lab Streaming Layer: a stream a series."""

from pathlib import Path

import numpy as np

from vitalrig.sessions.exports.xdf_format import Tree, XdfWriter, seconds
from vitalrig.sessions.reading.series import RecordedSeries, RecordedSession, Samples
from vitalrig.sessions.reading.timing import Timing, timing_of
from vitalrig.sessions.store.atomic_output import atomic_output
from vitalrig.sessions.store.lines import Advance, no_progress
from vitalrig.version import VERSION

_CHUNK_SAMPLES = 1 << 14
_MARKERS_ID = 1


def export(
    session: RecordedSession, path: Path, *, force: bool = False, advance: Advance = no_progress
) -> None:
    """
    Write every series, and the events as a stream of markers, to *path*.

    Times are seconds since 1970. All series share one clock, so every clock offset is
    zero. Streams of even series state their measured rate, and say that samples can be
    missing, so that readers do not smooth gaps away.

    Raises:
        BadRequest: If *path* exists and *force* is not given.
        Unreadable: If the session's summary is damaged.
        OSError: If it cannot be written.
    """
    with atomic_output(path, force=force) as partial, partial.open("wb") as file:
        out = XdfWriter(file)
        out.file_header(
            {
                "software": f"vitalrig {VERSION}",
                "session_id": session.name,
                "source": session.source,
            }
        )
        _markers(out, session)
        for stream_id, series in enumerate(session.series, _MARKERS_ID + 1):
            _stream(out, stream_id, session, series, advance)


def _stream(
    out: XdfWriter,
    stream_id: int,
    session: RecordedSession,
    series: RecordedSeries,
    advance: Advance,
) -> None:
    samples = series.load().ordered()
    timing = timing_of(samples)
    stamps_s = seconds(samples.timestamps_us)
    out.stream_header(stream_id, _header(session, series, timing))
    out.clock_offset(stream_id, float(stamps_s[0]) if len(samples) else 0.0, 0.0)
    for start in range(0, len(samples), _CHUNK_SAMPLES):
        part = slice(start, start + _CHUNK_SAMPLES)
        out.numbers(stream_id, stamps_s[part], samples.values[part])
        advance(len(stamps_s[part]))
    out.boundary()
    out.stream_footer(stream_id, _footer(samples, timing))


def _header(session: RecordedSession, series: RecordedSeries, timing: Timing) -> Tree:
    label = f"{series.kind} {series.name}"
    return {
        "name": label,
        "type": series.kind,
        "channel_count": "1",
        "nominal_srate": f"{timing.rate_hz:.9g}" if timing.is_even else "0",
        "channel_format": "double64",
        "source_id": f"{series.channel} {series.name}",
        "desc": {
            "channels": {
                "channel": {"label": label, "unit": series.unit or "uncalibrated", "type": "vital"}
            },
            "synchronization": {"can_drop_samples": "true"},
            "acquisition": {
                "session_id": session.name,
                "source": session.source,
                "channel": series.channel,
                "series": series.name,
                "time_origin": "1970-01-01T00:00:00Z",
            },
        },
    }


def _footer(samples: Samples, timing: Timing) -> Tree:
    stamps_s = seconds(samples.timestamps_us)
    return {
        "first_timestamp": f"{stamps_s[0]:.6f}" if len(samples) else "0",
        "last_timestamp": f"{stamps_s[-1]:.6f}" if len(samples) else "0",
        "sample_count": str(len(samples)),
        "measured_srate": f"{timing.rate_hz:.9g}" if len(samples) > 1 else "0",
        "clock_offsets": _clock_offsets(float(stamps_s[0]) if len(samples) else 0.0),
    }


def _markers(out: XdfWriter, session: RecordedSession) -> None:
    events = session.events()
    stamps_s = seconds(np.array([event.timestamp_us for event in events], dtype=np.float64))
    out.stream_header(
        _MARKERS_ID,
        {
            "name": "events",
            "type": "Markers",
            "channel_count": "1",
            "nominal_srate": "0",
            "channel_format": "string",
            "source_id": f"{session.name} events",
            "desc": {"acquisition": {"session_id": session.name, "source": session.source}},
        },
    )
    begin_s = float(stamps_s[0]) if events else 0.0
    out.clock_offset(_MARKERS_ID, begin_s, 0.0)
    if events:
        out.texts(_MARKERS_ID, stamps_s, [event.text for event in events])
    out.stream_footer(
        _MARKERS_ID,
        {"sample_count": str(len(events)), "clock_offsets": _clock_offsets(begin_s)},
    )


def _clock_offsets(at_s: float) -> Tree:
    return {"offset": {"time": f"{at_s:.6f}", "value": "0"}}
