"""Whether a session is what was recorded, all of it, and what is wrong if it is not."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smartspectra.ipc.storage.session_paths import MANIFEST_ENDING
from vitalrig.sessions.errors import Unreadable, extra
from vitalrig.sessions.store.catalogue import camera_of, meta_of
from vitalrig.sessions.store.is_recording import is_being_recorded
from vitalrig.sessions.store.lines import Advance, no_progress
from vitalrig.sessions.store.session_files import SessionFiles
from vitalrig.sessions.store.summary_reader import SummaryReader

with extra("export"):
    from vitalrig.sessions.reading.jsonl_scan import JsonlScan, scan_jsonl
    from vitalrig.sessions.verification.ends import bytes_added, envelopes_cut_off
    from vitalrig.sessions.verification.verification_checks import (
        Finding,
        check_lines,
        check_manifest,
        check_names,
        check_shortened,
        check_summary,
    )

_REPAIRABLE = frozenset(
    {"torn", "bad_lines", "open", "no_summary", "no_manifest", "summary", "series"}
    | {"added", "cut_off"}
)
_CHANGED = frozenset({"foreign", "lines", "bytes", "sha256", "added", "cut_off"})


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
        sound_bytes: Its size up to the end of the last line that holds an envelope, and not
            beyond what a finished session's manifest describes.
        missing_envelopes: Envelopes at its end that were recorded and are gone.
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
    sound_bytes: int
    missing_envelopes: int
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
    recording = files.jsonl is not None and files.is_unfinished and is_being_recorded(files.jsonl)
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
        size_bytes=contents.size_bytes if contents else 0,
        sound_bytes=_sound_bytes(files, contents) if contents else 0,
        missing_envelopes=envelopes_cut_off(files, contents) if contents else 0,
        sha256=contents.sha256 if contents else "",
        findings=findings,
    )


def _contents(files: SessionFiles, advance: Advance) -> JsonlScan | None:
    if files.jsonl is None:
        return None
    promised = files.facts.get("bytes")
    return scan_jsonl(
        files.jsonl,
        camera_of(files),
        promised_bytes=promised if isinstance(promised, int) else -1,
        promised_sha256=files.facts.get("sha256"),
        advance=advance,
    )


def _sound_bytes(files: SessionFiles, contents: JsonlScan) -> int:
    added = bytes_added(files, contents)
    return contents.size_bytes - added if added else contents.sound_bytes


def _findings(
    files: SessionFiles, contents: JsonlScan | None, *, recording: bool
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
    recorded_as = _recorded_as(files, contents)
    yield from _summary_findings(files, contents, recorded_as, comparable=comparable)
    yield from _remarks(files)


def _line_findings(
    files: SessionFiles, contents: JsonlScan | None, *, recording: bool
) -> Iterator[Finding]:
    """What is wrong with the JSONL, by itself or by its manifest."""
    is_proven = contents is not None and contents.agrees_at_promised_size
    names = list(check_names(files, _recorded_as(files, contents), is_proven=is_proven))
    yield from names
    if contents is None:
        yield _without_jsonl(files)
        return
    is_foreign = any(each.is_damage for each in names)
    if not (recording or is_foreign) and (end := _end_finding(files, contents)):
        yield end
        return
    yield from check_lines(files, contents, held=recording)
    if files.is_finished and not is_foreign:
        yield from check_manifest(files, contents)


def _recorded_as(files: SessionFiles, contents: JsonlScan | None) -> str:
    """The session that the JSONL is of: as its manifest says if that is proven, else by itself."""
    if contents is None:
        return ""
    proven = files.facts.get("session_id") if contents.agrees_at_promised_size else None
    return str(proven) if proven else contents.aggregate.named


def _end_finding(files: SessionFiles, contents: JsonlScan) -> Finding | None:
    name = f"{files.stem}.jsonl"
    if added := bytes_added(files, contents):
        return Finding(
            "added", f"{name} is what the manifest describes, but {added} bytes follow that"
        )
    if missing := envelopes_cut_off(files, contents):
        return Finding("cut_off", f"{name} was cut off: the last {missing} envelopes are gone")
    return None


def _without_jsonl(files: SessionFiles) -> Finding:
    if not files.facts:
        return Finding("no_jsonl", "there is no JSONL; what was recorded cannot be checked", False)
    text = f"{files.stem}.jsonl is missing, and with it what was recorded"
    if (renamed := _renamed_to(files)) is not None:
        text = f"{files.stem}.jsonl has been renamed: {renamed.name} is it; name it back"
    return Finding("no_jsonl", text)


def _renamed_to(files: SessionFiles) -> Path | None:
    """The JSONL in the folder that is the one which the manifest describes."""
    size, sha256 = files.facts.get("bytes"), files.facts.get("sha256")
    if not size or not sha256:
        return None
    for path in sorted(files.folder.glob("*.jsonl")):
        if path.stat().st_size == size:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                    return path
    return None


def _without_manifest(files: SessionFiles) -> Finding:
    if files.manifest is not None:
        return Finding("no_manifest", f"{files.manifest.name} cannot be read")
    if "source" in meta_of(files):
        # Only our summaries say what they are made of, and those have a manifest.
        return Finding("no_manifest", f"{files.stem}{MANIFEST_ENDING} is missing")
    return Finding("no_manifest", "there is no manifest to compare with", is_damage=False)


def _summary_findings(
    files: SessionFiles, contents: JsonlScan | None, recorded_as: str, *, comparable: bool
) -> Iterator[Finding]:
    if files.summary is None:
        if files.jsonl is not None:
            yield Finding("no_summary", f"{files.stem}.json, the summary, is missing")
        return
    try:
        document = SummaryReader(files.summary)
    except Unreadable as exc:
        yield Finding("summary", str(exc))
        return
    yield from check_summary(files, document, contents if comparable else None, recorded_as)
    is_cut = contents is not None and envelopes_cut_off(files, contents)
    if contents is not None and not files.is_finished and not is_cut:
        yield from check_shortened(document, contents)


def _remarks(files: SessionFiles) -> Iterator[Finding]:
    if files.continued_in:
        text = f"its file took no more; the recording goes on in {files.continued_in}"
        yield Finding("part", text, is_damage=False)
    if files.facts and files.facts.get("complete") is False and files.is_finished:
        yield Finding("incomplete", str(files.facts.get("verdict")), is_damage=False)
    if foreign := files.facts.get("foreign_envelopes"):
        text = f"{foreign} envelopes came meanwhile from another server under this prefix"
        yield Finding("other_server", f"{text}; they are not in it", is_damage=False)
    if files.torn is not None:
        size = files.torn.stat().st_size
        yield Finding("set_aside", f"{files.torn.name} keeps {size} bytes that were cut off", False)
    if files.snapshot is not None:
        try:
            SummaryReader(files.snapshot)
        except Unreadable as exc:
            yield Finding("snapshot", f"{exc}; it is not needed any more", is_damage=False)


def _verdict(files: SessionFiles, findings: tuple[Finding, ...], *, recording: bool) -> str:
    damage = [finding.text for finding in findings if finding.is_damage]
    if damage:
        return "damaged: " + "; ".join(damage)
    if recording:
        return "being recorded"
    if not files.facts:
        return "intact as far as can be known without a manifest"
    if files.facts.get("complete") is True:
        return "intact and complete"
    return f"intact, {files.facts.get('verdict', 'not complete')}"
