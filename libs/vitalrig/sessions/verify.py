"""Whether a session is what was recorded, all of it, and what is wrong if it is not."""

from collections.abc import Iterator
from dataclasses import dataclass

from vitalrig.sessions import held
from vitalrig.sessions.catalogue import camera_of, meta_of
from vitalrig.sessions.document import Document
from vitalrig.sessions.errors import Unreadable, extra
from vitalrig.sessions.files import SessionFiles
from vitalrig.sessions.lines import Advance, no_progress

with extra("export"):
    from vitalrig.sessions.checks import (
        Finding,
        check_lines,
        check_manifest,
        check_names,
        check_shortened,
        check_summary,
    )
    from vitalrig.sessions.contents import Contents, contents_of

_REPAIRABLE = frozenset(
    {"torn", "bad_lines", "open", "no_summary", "no_manifest", "summary", "series"}
)
_CHANGED = frozenset({"foreign", "lines", "bytes", "sha256"})


@dataclass(frozen=True, slots=True)
class Report:
    """
    What was found of one session.

    Attributes:
        name: The session.
        camera: The key prefix it was recorded under.
        recording: Whether a collector is writing it now.
        complete: Whether its manifest says that nothing is missing.
        verdict: All of it in a sentence.
        envelopes: Lines of the JSONL.
        samples: Samples in the series.
        size_bytes: Size of the JSONL.
        sha256: The hash of the JSONL's whole lines.
        findings: What is wrong, and what is worth knowing.
    """

    name: str
    camera: str
    recording: bool
    complete: bool
    verdict: str
    envelopes: int
    samples: int
    size_bytes: int
    sha256: str
    findings: tuple[Finding, ...]

    @property
    def is_intact(self) -> bool:
        """Whether nothing is wrong; a session that names its losses can be intact."""
        return not any(finding.is_damage for finding in self.findings)

    @property
    def can_be_repaired(self) -> bool:
        """Whether all that is wrong can be made good from the JSONL."""
        return not self.is_intact and all(
            finding.what in _REPAIRABLE for finding in self.findings if finding.is_damage
        )


def verify(files: SessionFiles, advance: Advance = no_progress) -> Report:
    """
    Check a session: the JSONL's hash, counts and lines, the summary against the JSONL.

    Nothing is changed. A session that a collector is writing is only checked for what
    holds at any moment.

    Args:
        files: The session.
        advance: Told of bytes of the JSONL that were read.

    Raises:
        OSError: If its files cannot be read.
    """
    recording = files.jsonl is not None and files.is_unfinished and held.by_anyone(files.jsonl)
    contents = _contents(files, advance)
    findings = tuple(_findings(files, contents, recording=recording))
    aggregate = contents.aggregate if contents else None
    return Report(
        name=files.name,
        camera=camera_of(files),
        recording=recording,
        complete=files.facts.get("complete") is True,
        verdict=_verdict(files, findings, recording=recording),
        envelopes=aggregate.lines if aggregate else 0,
        samples=sum(series.count for series in aggregate.table.all()) if aggregate else 0,
        size_bytes=contents.whole_bytes + contents.torn_bytes if contents else 0,
        sha256=contents.sha256 if contents else "",
        findings=findings,
    )


def _contents(files: SessionFiles, advance: Advance) -> Contents | None:
    if files.jsonl is None:
        return None
    promised = files.facts.get("bytes")
    return contents_of(
        files.jsonl,
        camera_of(files),
        promised_bytes=promised if isinstance(promised, int) else -1,
        promised_sha256=files.facts.get("sha256"),
        advance=advance,
    )


def _findings(
    files: SessionFiles, contents: Contents | None, *, recording: bool
) -> Iterator[Finding]:
    about_lines = list(_line_findings(files, contents, recording=recording))
    yield from about_lines
    if recording:
        yield Finding("open", "a collector is writing it; verify it again when it is done", False)
        return
    if not files.facts:
        yield _without_manifest(files)
    elif files.is_unfinished:
        yield Finding("open", "it was interrupted: its manifest was never finished")
    # A summary says nothing about lines that are not those it was made of, and another
    # maker's may follow other rules than ours.
    comparable = files.is_finished and not any(each.what in _CHANGED for each in about_lines)
    yield from _summary_findings(files, contents, comparable=comparable)
    yield from _remarks(files)


def _line_findings(
    files: SessionFiles, contents: Contents | None, *, recording: bool
) -> Iterator[Finding]:
    """What is wrong with the JSONL, by itself or by its manifest."""
    if contents is not None:
        yield from check_lines(files, contents, held=recording)
    elif files.facts:
        yield Finding("no_jsonl", f"{files.stem}.jsonl is missing, and with it what was recorded")
    else:
        yield Finding("no_jsonl", "there is no JSONL; what was recorded cannot be checked", False)
    strangers = list(check_names(files))
    yield from strangers
    if files.is_finished and contents is not None and not strangers:
        yield from check_manifest(files, contents)


def _without_manifest(files: SessionFiles) -> Finding:
    if files.manifest is not None:
        return Finding("no_manifest", f"{files.manifest.name} cannot be read")
    if "source" in meta_of(files):
        # Only our summaries say what they are made of, and those have a manifest.
        return Finding("no_manifest", f"{files.stem}_manifest.json is missing")
    return Finding("no_manifest", "there is no manifest to compare with", is_damage=False)


def _summary_findings(
    files: SessionFiles, contents: Contents | None, *, comparable: bool
) -> Iterator[Finding]:
    if files.summary is None:
        if files.jsonl is not None:
            yield Finding("no_summary", f"{files.stem}.json, the summary, is missing")
        return
    try:
        document = Document(files.summary)
    except Unreadable as exc:
        yield Finding("summary", str(exc))
        return
    yield from check_summary(files, document, contents if comparable else None)
    if contents is not None and not files.is_finished:
        yield from check_shortened(document, contents)


def _remarks(files: SessionFiles) -> Iterator[Finding]:
    if files.facts and files.facts.get("complete") is False and files.is_finished:
        yield Finding("incomplete", str(files.facts.get("verdict")), is_damage=False)
    if files.torn is not None:
        size = files.torn.stat().st_size
        yield Finding("set_aside", f"{files.torn.name} keeps {size} bytes of torn lines", False)
    if files.snapshot is not None:
        try:
            Document(files.snapshot)
        except Unreadable as exc:
            yield Finding("snapshot", f"{exc}; it is not needed any more", is_damage=False)


def _verdict(files: SessionFiles, findings: tuple[Finding, ...], *, recording: bool) -> str:
    damage = [finding.text for finding in findings if finding.is_damage]
    if damage:
        return "damaged: " + "; ".join(damage)
    if recording:
        return "being recorded"
    if not files.facts:
        return "intact as far as it can be told without a manifest"
    if files.facts.get("complete") is True:
        return "intact and complete"
    return f"intact, {files.facts.get('verdict', 'not complete')}"
