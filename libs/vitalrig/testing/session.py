"""A recorded session in a test: what it holds, and whether it is what it should be."""

# ruff: noqa: PLC0415  what reads sessions imports NumPy, which takes long: it is imported on demand

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from smartspectra.ipc.session.manifest import FINISHED, Losses
from smartspectra.ipc.wire.channels import METRIC_KINDS
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope
from vitalrig.sessions.store.catalogue import resolve
from vitalrig.sessions.store.lines import whole_lines
from vitalrig.sessions.store.session_files import SessionFiles
from vitalrig.testing.session_series import SessionSeries, pauses, table

if TYPE_CHECKING:
    from pandas import DataFrame

LONGEST_PAUSE_S = 1.0


class Session:
    """
    One recorded session.

    Args:
        path: Its JSONL, or another of its files.
        published: How many envelopes were published from the start of the recording to its
            stop, both included, if somebody counted them.

    Raises:
        Missing: If there is no such session.
    """

    def __init__(self, path: Path | str, *, published: int | None = None) -> None:
        self._some_file = Path(path)
        self._published = published
        self._files()

    def __repr__(self) -> str:
        return f"Session({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """
        The JSONL: every envelope, a line each.
        """
        jsonl = self._files().paths.jsonl
        assert jsonl is not None
        return jsonl

    @property
    def id(self) -> str:
        """
        What the session is called.
        """
        return str(self.manifest.get("session_id") or self._files().name)

    @property
    def manifest(self) -> dict[str, Any]:
        """
        What the collector says of the session now; empty where there is no manifest.
        """
        return self._files().facts

    @cached_property
    def series(self) -> SessionSeries:
        """
        What was measured, by name: ``session.series["pulse.rate"].values``.

        Each series has the columns ``timestamps_us``, ``values`` and ``relative_us`` as arrays.
        They are read once, when they are first asked for.

        Raises:
            Unreadable: If the summary is damaged.
            MissingExtra: If numpy is not installed.
        """
        from vitalrig.sessions.reading.open import open_session

        return SessionSeries(open_session(self._files()))

    def to_pandas(self) -> "DataFrame":
        """
        Give all samples as one long table, a row each.

        The columns are ``channel``, ``series``, ``unit``, ``timestamp`` (UTC), ``value`` and
        ``source``.

        Raises:
            MissingExtra: If pandas is not installed.
        """
        return table(self.series, str(self.manifest.get("source", "unknown")))

    def assert_complete(self) -> Self:
        """
        Fail unless the session's files are undamaged and the collector calls it complete.

        The files are verified as ``vitalrig sessions verify`` does it: the JSONL against the
        manifest's counts and hash, the summary against the JSONL.

        Raises:
            AssertionError: With every reason.
        """
        from vitalrig.sessions.verification.verify import verify

        files = self._files()
        report = verify(files)
        reasons = [finding.text for finding in report.findings if finding.is_damage]
        if report.recording:
            reasons.append("a collector is writing it still")
        elif not files.facts:
            reasons.append("it has no manifest that says so")
        elif files.is_finished:
            reasons += Losses.from_dict(files.facts).why_not_complete()
        if not reasons and not report.complete:
            reasons.append(str(files.facts.get("verdict")))
        self._fail_for(list(dict.fromkeys(reasons)), "is not complete")
        return self

    def assert_balanced(self) -> Self:
        """
        Fail unless published = kept + counted as missing.

        Kept are the lines of the JSONL. Counted as missing are, by the manifest, envelopes of
        gaps in the server's numbers, those that were rejected and those that the disk did not
        take. What was published is the number that the session was opened with: a camera of the
        harness counts it in the durable stream. Without one the manifest has to stand for it:
        the JSONL must hold all that the manifest says was kept, and every gap must have a number.

        Raises:
            AssertionError: With the figures.
        """
        losses = Losses.from_dict(self.manifest)
        counted = losses.missing.total() + losses.rejected.total() + losses.unwritten
        kept = sum(1 for _ in whole_lines(self.path)) if self.path.is_file() else 0
        told = f"kept are {kept}, counted as missing {counted}"
        unknown = [why for why in losses.gaps if not losses.missing[why]]
        reasons = []
        if self._published is None:
            envelopes = self.manifest.get("envelopes")
            total = envelopes.get("total", 0) if isinstance(envelopes, dict) else 0
            if self.manifest.get("state") != FINISHED:
                reasons.append("it has no finished manifest, so nobody knows what was published")
            elif total != kept:
                reasons.append(f"its manifest counts {total} as kept, its JSONL holds {kept}")
            reasons += [f"nobody knows how many are missing: {why}" for why in unknown]
        elif self._published != kept + counted:
            lacking = self._published - kept - counted
            what = "are missing without a word" if lacking > 0 else "are more than were published"
            reasons.append(f"{self._published} were published, {told}: {abs(lacking)} {what}")
            reasons += [f"the manifest has a gap without a number: {why}" for why in unknown]
        self._fail_for(reasons, "is not balanced")
        return self

    def assert_no_gap(self, longest_s: float = LONGEST_PAUSE_S) -> Self:
        """
        Fail if envelopes are missing, or if a signal that comes steadily pauses.

        Looked at are the gaps of the manifest, and the times of all traces from the session's
        first metrics to its last. A subject that leaves is a gap; a breath that is held is none.

        Args:
            longest_s: How long a trace may pause, in seconds.

        Raises:
            AssertionError: With each gap, where it is and how long.
        """
        losses = Losses.from_dict(self.manifest)
        reasons = losses.why_not_complete() if self.manifest else ["it has no manifest"]
        first_us, last_us = self._metrics_span_us()
        found = sorted(pauses(self.series, first_us, last_us), key=lambda pause: -pause.seconds)
        if not found:
            reasons.append("it holds no trace to look at")
        reasons += [
            f"{pause.series} pauses for {pause.seconds:.2f} s from {pause.after_s:.2f} s on"
            for pause in found
            if pause.seconds > longest_s
        ]
        self._fail_for(reasons, "has a gap")
        return self

    def _files(self) -> SessionFiles:
        return resolve(str(self._some_file), self._some_file.parent)

    def _metrics_span_us(self) -> tuple[int | None, int | None]:
        """When the metrics begin and end; unknown where a clock was reset, or without a JSONL."""
        facts = self.manifest
        if facts.get("resets") or facts.get("wraps") or not self.path.is_file():
            return None, None
        lines = list(whole_lines(self.path))
        return _first_stamp_us(lines), _first_stamp_us(lines[::-1])

    def _fail_for(self, reasons: list[str], what: str) -> None:
        if reasons:
            told = "; ".join(reasons)
            raise AssertionError(f"session {self.id} {what}: {told} ({self.path})")


def _first_stamp_us(lines: list[bytes]) -> int | None:
    for line in lines:
        try:
            envelope = Envelope.parse(line)
        except BadEnvelope:
            continue
        if envelope.type in METRIC_KINDS and envelope.timestamp_us is not None:
            return envelope.timestamp_us
    return None
