"""What is looked at when a session is verified: each check gives what it found."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from smartspectra.ipc.storage.session_paths import OLD
from vitalrig.sessions.errors import Unreadable, extra
from vitalrig.sessions.reading.jsonl_scan import JsonlScan
from vitalrig.sessions.store.session_files import SessionFiles
from vitalrig.sessions.store.summary_reader import SummaryReader

with extra("export"):
    import numpy as np

    from vitalrig.sessions.reading.open import series_of
    from vitalrig.sessions.reading.series import RecordedSeries, Samples


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was found.

    Attributes:
        what: A word for programs: ``sha256``, ``lines``, ``torn``, ``summary`` and so on.
        text: A sentence for people.
        is_damage: Whether something is wrong, rather than worth knowing.
    """

    what: str
    text: str
    is_damage: bool = True


def check_lines(files: SessionFiles, contents: JsonlScan, *, held: bool) -> Iterator[Finding]:
    """The JSONL by itself: whole lines, each an envelope."""
    assert files.jsonl is not None
    name = files.jsonl.name
    lines = contents.aggregate.lines
    bad = contents.aggregate.bad_lines
    if lines and len(bad) == lines:
        yield Finding("foreign", f"{name} holds no envelope; it is not a recording")
    elif len(bad) > _count(files.facts, "bad_lines"):
        shown = ", ".join(map(str, bad[:5])) + (" ..." if len(bad) > 5 else "")  # noqa: PLR2004
        yield Finding("bad_lines", f"{name} holds no envelope in {len(bad)} lines: {shown}")
    if contents.torn_bytes and not held:
        yield Finding("torn", f"{name} ends with a torn line of {contents.torn_bytes} bytes")


def check_manifest(files: SessionFiles, contents: JsonlScan) -> Iterator[Finding]:
    """The JSONL against what the manifest of a finished session says of it."""
    facts, aggregate = files.facts, contents.aggregate
    envelopes = facts.get("envelopes")
    envelopes = envelopes if isinstance(envelopes, dict) else {}
    total = envelopes.get("total")
    if total != aggregate.lines:
        yield Finding(
            "lines", f"the manifest counts {total} envelopes, the JSONL {aggregate.lines}"
        )
    by_type = dict(aggregate.table.counts)
    if not aggregate.bad_lines and envelopes.get("by_type") != by_type:
        yield Finding(
            "types", f"the manifest counts {envelopes.get('by_type')}, the JSONL {by_type}"
        )
    size = facts.get("bytes")
    if size != contents.whole_bytes:
        yield Finding(
            "bytes", f"the manifest says {size} bytes, the JSONL has {contents.whole_bytes}"
        )
    if facts.get("sha256") != contents.sha256:
        yield Finding(
            "sha256", "the JSONL is not what was recorded: its sha256 is not the manifest's"
        )


def check_names(
    files: SessionFiles, recorded_as: str, *, is_proven: bool = False
) -> Iterator[Finding]:
    """
    The manifest belongs to this session and not to another.

    Args:
        files: The session.
        recorded_as: The session that its JSONL names; empty if it names none.
        is_proven: Whether the JSONL is what the manifest describes, whatever they are called.
    """
    manifest_id = files.facts.get("session_id")
    if not files.facts or not files.is_named or _is_of(manifest_id, files):
        return
    if is_proven or manifest_id == recorded_as:
        yield Finding("renamed", f"it was recorded as {manifest_id!r} and has been renamed", False)
    else:
        yield Finding("foreign", f"the manifest is of session {manifest_id!r}, not {files.name!r}")


def check_summary(
    files: SessionFiles, document: SummaryReader, contents: JsonlScan | None, recorded_as: str = ""
) -> Iterator[Finding]:
    """The summary by itself and, if the JSONL is known, against that."""
    meta, name = document.meta, document.path.name
    if meta.get("session_id") not in (None, recorded_as) and not _is_of(meta["session_id"], files):
        yield Finding("foreign", f"{name} is of session {meta['session_id']!r}")
        return
    total = 0
    expected = {}
    if contents is not None:
        expected = {(each.channel, each.name): each for each in contents.aggregate.series()}
    for series in series_of(document):
        try:
            samples = series.load()
        except Unreadable as exc:
            yield Finding("summary", str(exc))
            return
        total += len(samples)
        yield from _check_series(name, series, samples)
        if contents is not None:
            recorded = expected.pop((series.channel, series.name), None)
            if recorded is None or not _is_end_of(samples, recorded.load()):
                yield Finding(
                    "summary",
                    f"{name}: {series.channel} {series.name} is not what the JSONL amounts to",
                )
    for channel, missing in expected:
        yield Finding("summary", f"{name} lacks {channel} {missing}, which the JSONL holds")
    yield from _check_meta(document, total, contents)


def check_shortened(document: SummaryReader, contents: JsonlScan) -> Iterator[Finding]:
    """Whether the summary was made of more lines than the JSONL has now."""
    written, lines = document.meta.get("jsonl_envelopes_written"), contents.aggregate.lines
    if isinstance(written, int) and written > lines:
        yield Finding(
            "lines", f"{document.path.name} was made of {written} envelopes, the JSONL has {lines}"
        )


def _check_series(name: str, series: RecordedSeries, samples: Samples) -> Iterator[Finding]:
    where = f"{name}: {series.channel} {series.name}"
    if samples.undated:
        yield Finding("series", f"{where} has {samples.undated} times that are not dates")
    elif not bool(np.all(np.diff(samples.timestamps_us) > 0)):
        yield Finding("series", f"{where} has times that do not rise")
    if not bool(np.all(np.isfinite(samples.values))):
        yield Finding("series", f"{where} has values that are not numbers")


def _check_meta(
    document: SummaryReader, total: int, contents: JsonlScan | None
) -> Iterator[Finding]:
    meta, name = document.meta, document.path.name
    if meta.get("total_samples") not in (None, total):
        yield Finding("summary", f"{name} says {meta['total_samples']} samples and holds {total}")
    written = meta.get("jsonl_envelopes_written")
    if contents is not None and written not in (None, contents.aggregate.lines):
        yield Finding(
            "summary", f"{name} says {written} envelopes, the JSONL has {contents.aggregate.lines}"
        )


def _is_end_of(kept: Samples, recorded: Samples) -> bool:
    """Whether *kept* is the newest part of *recorded*; a limit may have let older ones go."""
    start = len(recorded) - len(kept)
    return start >= 0 and all(
        np.array_equal(mine, theirs[start:])
        for mine, theirs in (
            (kept.timestamps_us, recorded.timestamps_us),
            (kept.values, recorded.values),
            (kept.relative_us, recorded.relative_us),
        )
    )


def _is_of(session_id: object, files: SessionFiles) -> bool:
    """A session that was set aside keeps the id it was recorded under."""
    name = files.name
    return session_id is None or name == session_id or name.startswith(f"{session_id}_{OLD}")


def _count(facts: dict[str, Any], key: str) -> int:
    value = facts.get(key)
    return value if isinstance(value, int) else 0
