"""What can be said of a session's JSONL: how much, from where, and whether it is all."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from smartspectra.ipc.series.table import SeriesTable
from smartspectra.ipc.session.moments import iso
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import Stages, finish_now

FORMAT = "smartspectra-ipc-manifest"
VERSION = 1

OPEN = "open"
FINISHED = "finished"

NO_MANIFEST = "the manifest was lost or never made, and with it what is known of gaps"
"""The gap of a session whose JSONL came without a manifest."""

END_UNHEARD = "its end was not heard"
"""The gap of a session that ended because something else showed that it was over."""


NOT_AS_WRITTEN = "a sync had failed, and the file is not what was written"
"""The gap of a session whose JSONL could not be read back."""

CUT_SHORT = "the JSONL was cut short after the recording"
"""The gap of a session whose manifest or summary counts more envelopes than its JSONL has."""

SHORTER = "the disk gave back less than it had confirmed"
"""The gap of a session whose JSONL lacks bytes that were synced."""


@dataclass(slots=True)
class Losses:
    """
    What happened to a session that its JSONL cannot tell.

    Attributes:
        rejected: Malformed envelopes by reason.
        gaps: Reported gaps by reason: how many.
        missing: Reported gaps by reason: envelopes missing; 0 where nobody knows how many.
        gap_ms: Reported gaps by reason: how long it was in which they were published, if known.
        cut_off: What ended the session other than a stop of whoever began it: how often.
        foreign: Envelopes that came meanwhile and are not of this recording.
        unwritten: Envelopes that the disk did not take.
        torn_bytes: Bytes set aside because they ended in the middle of a line.
        refilled_bytes: Those of them that came again from a source that had lost nothing.
        bad_lines: Lines of the JSONL that hold no envelope.
        interruptions: Crashes survived without a source that could fill the hole.
        resumptions: How often an existing session was continued.
        failed_syncs: How often the disk did not confirm what was written. At the end such a
            session is read back, and only what is not there then is missing.
    """

    rejected: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    gap_ms: Counter[str] = field(default_factory=Counter)
    cut_off: Counter[str] = field(default_factory=Counter)
    foreign: int = 0
    unwritten: int = 0
    torn_bytes: int = 0
    refilled_bytes: int = 0
    bad_lines: int = 0
    interruptions: int = 0
    resumptions: int = 0
    failed_syncs: int = 0

    def __add__(self, other: "Losses") -> "Losses":
        return Losses(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in fields(Losses)
            }
        )

    def reported(self) -> dict[str, Any]:
        """What the feeder of the session has reported about it; empty if nothing."""
        known = {
            "gaps": self._gaps_by_reason(),
            "rejected": dict(self.rejected),
            "cut_off": dict(self.cut_off),
            "foreign_envelopes": self.foreign,
        }
        return {what: told for what, told in known.items() if told}

    def restate(self, reported: Mapping[str, Any]) -> None:
        """Put what :meth:`reported` gave in the place of what is known."""
        self.gaps, self.missing, self.gap_ms = Counter(), Counter(), Counter()
        self.rejected = _counter(reported, "rejected")
        self.cut_off = _counter(reported, "cut_off")
        self.foreign = _count(reported, "foreign_envelopes")
        for why, gap in _object(reported, "gaps").items():
            if isinstance(gap, dict):
                self.gaps[why] = _count(gap, "count")
                self.missing[why] = _count(gap, "missing_envelopes")
                self.gap_ms[why] = _count(gap, "within_ms")

    def note_gap(self, missing: int, why: str, within_s: float = 0.0) -> None:
        """So many envelopes never came; they were published within so many seconds."""
        self.gaps[why] += 1
        self.missing[why] += missing
        self.gap_ms[why] += round(within_s * 1000)

    def _gaps_by_reason(self) -> dict[str, Any]:
        return {
            why: {"count": self.gaps[why], "missing_envelopes": self.missing[why]}
            | ({"within_ms": self.gap_ms[why]} if self.gap_ms[why] else {})
            for why in self.gaps
        }

    def _about_gap(self, why: str) -> str:
        number = self.missing[why] or "an unknown number"
        within = f" within {self.gap_ms[why] / 1000:.1f} s" if self.gap_ms[why] else ""
        return f"envelopes missing in {self.gaps[why]} gaps ({why}): {number}{within}"

    def why_not_complete(self) -> list[str]:
        """Every reason why something may be missing, as text; empty if nothing is."""
        reasons = [f"interrupted ({why})" for why in self.cut_off]
        reasons += [self._about_gap(why) for why in self.gaps]
        reasons += [f"messages rejected ({why}): {number}" for why, number in self.rejected.items()]
        for number, what in (
            (self.unwritten, "envelopes not written for want of room"),
            (self.torn_bytes - self.refilled_bytes, "bytes of a torn line set aside"),
            (self.bad_lines, "lines that hold no envelope"),
            (self.interruptions, "interruptions"),
        ):
            if number:
                reasons.append(f"{what}: {number}")
        return reasons

    def to_dict(self) -> dict[str, Any]:
        """The fields as a manifest has them."""
        return {
            "gaps": {
                "count": self.gaps.total(),
                "missing_envelopes": self.missing.total(),
                "by_reason": self._gaps_by_reason(),
            },
            "rejected": dict(self.rejected),
            "cut_off": dict(self.cut_off),
            "foreign_envelopes": self.foreign,
            "unwritten_envelopes": self.unwritten,
            "torn_bytes": self.torn_bytes,
            "refilled_bytes": self.refilled_bytes,
            "bad_lines": self.bad_lines,
            "interruptions": self.interruptions,
            "resumptions": self.resumptions,
            "failed_syncs": self.failed_syncs,
        }

    @classmethod
    def from_dict(cls, manifest: Mapping[str, Any]) -> "Losses":
        """Read them back, taking nothing for granted."""
        losses = cls(
            unwritten=_count(manifest, "unwritten_envelopes"),
            torn_bytes=_count(manifest, "torn_bytes"),
            refilled_bytes=_count(manifest, "refilled_bytes"),
            interruptions=_count(manifest, "interruptions"),
            resumptions=_count(manifest, "resumptions"),
            failed_syncs=_count(manifest, "failed_syncs"),
        )
        gaps = _object(_object(manifest, "gaps"), "by_reason")
        losses.restate({**manifest, "gaps": gaps})
        return losses


def manifest_of(
    state: str,
    table: SeriesTable,
    losses: Losses,
    *,
    session_id: str | None,
    parts: Mapping[str, Any],
    redis_prefix: str,
    software_version: str,
    started_ms: int,
    stopped_ms: int | None,
    wall_clock_moved_ms: int,
    written: int,
    size_bytes: int,
    sha256: str | None,
) -> dict[str, Any]:
    """The manifest: counts, losses, hash and verdict."""
    reasons = losses.why_not_complete()
    finished = state == FINISHED
    verdict = "complete" if not reasons else "not complete: " + "; ".join(reasons)
    return {
        "format": FORMAT,
        "version": VERSION,
        "state": state,
        "verdict": verdict if finished else "still open",
        "complete": finished and not reasons,
        "session_id": session_id,
        **parts,
        "source": table.provenance.name,
        "redis_prefix": redis_prefix,
        "software_version": software_version,
        "started_at_ms": started_ms,
        "started_at_iso": iso(started_ms),
        "stopped_at_ms": stopped_ms,
        "stopped_at_iso": None if stopped_ms is None else iso(stopped_ms),
        "wall_clock_moved_ms": wall_clock_moved_ms,
        "envelopes": {"total": written, "by_type": dict(table.counts)},
        "series": sum(map(len, table.data.values())),
        "samples": table.total("count"),
        "duplicates": table.total("duplicates"),
        "resets": table.total("resets"),
        "wraps": table.total("wraps"),
        "unusable_samples": table.total("unusable") + table.refused,
        **losses.to_dict(),
        "bytes": size_bytes,
        "sha256": sha256,
    }


def reasons_of(facts: Mapping[str, Any]) -> list[str]:
    """Every reason why something may be missing from a session, by its manifest, as text."""
    losses = Losses.from_dict(facts)
    losses.bad_lines = _count(facts, "bad_lines")
    return losses.why_not_complete()


def finished_envelopes(facts: Mapping[str, Any]) -> int:
    """How many envelopes a finished session has by its manifest; 0 if it is none."""
    if facts.get("state") != FINISHED:
        return 0
    return _count(_object(facts, "envelopes"), "total")


def read(path: Path) -> dict[str, Any]:
    """The manifest in *path*; an empty dict if there is none that can be read."""
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def write(path: Path, manifest: Mapping[str, Any], disk: Disk) -> None:
    """
    Write a manifest in one step.

    Raises:
        OSError: If it cannot be written; *path* is then as it was.
    """
    finish_now(writing(path, manifest, disk), disk)


def writing(path: Path, manifest: Mapping[str, Any], disk: Disk) -> Stages:
    """
    The stages of :func:`write`.

    Raises:
        OSError: If it cannot be written; *path* is then as it was.
    """
    return disk.replacing(path, [json.dumps(manifest, indent=2).encode() + b"\n"])


def _count(mapping: Mapping[str, Any], key: str) -> int:
    value = mapping.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _counter(mapping: Mapping[str, Any], key: str) -> Counter[str]:
    counts = _object(mapping, key)
    return Counter({what: _count(counts, what) for what in counts})


def _object(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = mapping.get(key)
    return value if isinstance(value, dict) else {}
