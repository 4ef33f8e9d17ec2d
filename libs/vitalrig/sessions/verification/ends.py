"""How the end of a JSONL differs from what was recorded: something behind it, or cut off."""

from typing import Any

from vitalrig.sessions.errors import Unreadable, extra
from vitalrig.sessions.reading.jsonl_scan import JsonlScan
from vitalrig.sessions.store.session_files import SessionFiles
from vitalrig.sessions.store.summary_reader import SummaryReader

with extra("export"):
    import numpy as np

    from vitalrig.sessions.reading.open import series_of
    from vitalrig.sessions.reading.series import Samples


def bytes_added(files: SessionFiles, contents: JsonlScan) -> int:
    """How many bytes follow what the manifest of a finished session describes."""
    promised = files.facts.get("bytes")
    if not (files.is_finished and isinstance(promised, int) and contents.agrees_at_promised_size):
        return 0
    return contents.size_bytes - promised


def envelopes_cut_off(files: SessionFiles, contents: JsonlScan) -> int:
    """
    How many envelopes the end of a finished session's JSONL lacks.

    What is left must be the beginning of what was recorded, as far as the summary tells;
    otherwise, and if nothing is lacking, this is 0.
    """
    missing = _promised_lines(files, contents) - contents.aggregate.lines
    something_is_left = contents.aggregate.lines > 0
    return missing if something_is_left and missing > 0 and _is_beginning(files, contents) else 0


def _promised_lines(files: SessionFiles, contents: JsonlScan) -> int:
    """How many lines a shorter JSONL had; 0 if it is not shorter."""
    if files.is_finished:
        envelopes = files.facts.get("envelopes")
        is_shorter = contents.size_bytes < _whole(files.facts.get("bytes"))
        return _whole(envelopes.get("total")) if is_shorter and isinstance(envelopes, dict) else 0
    document = _document(files)
    return _whole(document.meta.get("jsonl_envelopes_written")) if document else 0


def _is_beginning(files: SessionFiles, contents: JsonlScan) -> bool:
    document = _document(files)
    if document is None:
        return True
    recorded = {(each.channel, each.name): each for each in series_of(document)}
    for series in contents.aggregate.series():
        whole = recorded.get((series.channel, series.name))
        try:
            if whole is None or not _begins_with(whole.load(), series.load()):
                return False
        except Unreadable:
            return True
    return True


def _begins_with(whole: Samples, left: Samples) -> bool:
    return all(
        np.array_equal(theirs[: len(left)], mine)
        for theirs, mine in (
            (whole.timestamps_us, left.timestamps_us),
            (whole.values, left.values),
        )
    )


def _document(files: SessionFiles) -> SummaryReader | None:
    try:
        return None if files.summary is None else SummaryReader(files.summary)
    except (Unreadable, OSError):
        return None


def _whole(value: Any) -> int:  # noqa: ANN401
    return value if isinstance(value, int) else 0
