"""The cameras that a session's document tells of, as another collector writes it."""

from services.exporter.camera_view import CameraView, Recording, SnapshotFile
from services.exporter.exported_signals import NEEDED_SERIES
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig.errors import BadMessage
from vitalrig.metrics.validate import label, optional_number
from vitalrig.newest_sample import Sample
from vitalrig.sessions.store.summary_reader import Summary

_MS = 1_000
_S = 1_000_000


def camera_views(summary: Summary, file: SnapshotFile) -> list[CameraView]:
    """
    Give its cameras: one, unless somebody recorded several into one file.

    Raises:
        BadMessage: If it is not a session's document, or its meta makes no sense.
    """
    if not summary.meta and not summary.columns:
        raise BadMessage("neither meta nor series")
    named = summary.meta.get("redis_prefix")
    prefixes = {channel.rpartition(":")[0] for channel in summary.columns} - {""}
    given = [named] if isinstance(named, str) and named else [DEFAULT_PREFIX]
    return [_view(summary, prefix, file) for prefix in sorted(prefixes) or given]


def _view(summary: Summary, prefix: str, file: SnapshotFile) -> CameraView:
    meta = summary.meta
    updated_ms = optional_number(meta.get("updated_at_ms"))
    updated_us = file.written_us if updated_ms is None else updated_ms * _MS
    ended = meta.get("stopped_at_ms") is not None
    source = meta.get("source", "")
    newest = {name: _newest(summary, prefix, name, updated_us) for name in NEEDED_SERIES}
    return CameraView(
        prefix=label(prefix),
        updated_us=updated_us,
        status="",
        series={name: sample for name, sample in newest.items() if sample is not None},
        recording=Recording(
            active=not ended, records=optional_number(meta.get("jsonl_envelopes_written"))
        ),
        ended=ended,
        source=source if isinstance(source, str) else "",
        snapshot=file,
    )


def _newest(summary: Summary, prefix: str, name: str, updated_us: float) -> Sample | None:
    channel, series = name.split("/")
    columns = next(
        (found[series] for full in (f"{prefix}:{channel}", channel)
         if series in (found := summary.columns.get(full, {}))),
        None,
    )  # fmt: skip
    if columns is None:
        return None
    timestamps, values = columns.get("timestamps"), columns.get("values")
    if timestamps is None or values is None or timestamps.count != values.count:
        raise BadMessage("a series has not as many values as timestamps")
    if timestamps.last is None:
        return None
    age_s = abs(updated_us - timestamps.last) / _S
    return Sample(timestamps.last, age_s, values.last, values.count)
