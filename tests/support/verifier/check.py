"""The JSONL of a session beside what was published, and then what its manifest claims."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.support.verifier.span import End, Key, Span


@dataclass(slots=True)
class Finding:
    """
    What is wrong with a session.

    Attributes:
        faults: Each broken promise, as a sentence; none is good.
        missing: The numbers that should be in the file and are not.
        needless: The session lacks nothing, and yet is not called complete.
    """

    faults: list[str] = field(default_factory=list)
    missing: list[Key] = field(default_factory=list)
    needless: bool = False


def check(span: Span, lines: Sequence[bytes], manifest: Mapping[str, Any]) -> Finding:
    """
    Compare.

    Args:
        span: What belongs to the session.
        lines: The JSONL's, without the line breaks.
        manifest: What stands beside it, with `state` finished.
    """
    found = Finding()
    keys = _keys_of(lines, span, found)
    present = set(keys)
    found.missing = [key for key in span.must if key not in present]
    _check_order(keys, span, found)
    _check_claims(span, manifest, found)
    return found


def _keys_of(lines: Sequence[bytes], span: Span, found: Finding) -> list[Key]:
    """The number behind each line. The same bytes may have been published more than once."""
    unused: defaultdict[bytes, deque[Key]] = defaultdict(deque)
    for key in [*span.must, *span.may]:
        if key in span.entries:
            unused[span.entries[key].envelope].append(key)
    elsewhere = {entry.envelope for key, entry in span.entries.items()} - set(unused)
    keys: list[Key] = []
    for number, line in enumerate(lines, 1):
        if waiting := unused.get(line):
            keys.append(waiting.popleft())
        elif line in unused:
            found.faults.append(f"line {number} is in the file more often than published")
        elif line in elsewhere:
            found.faults.append(f"line {number} does not belong to the session")
        else:
            found.faults.append(f"line {number} was never published: {line[:80]!r}")
    return keys


def _check_order(keys: Sequence[Key], span: Span, found: Finding) -> None:
    place = {key: number for number, key in enumerate(span.entries)}
    places = [place[key] for key in keys]
    for number, (before, here) in enumerate(pairwise(places), 2):
        if here < before:
            found.faults.append(f"line {number} is out of order")
            return


def _check_claims(span: Span, manifest: Mapping[str, Any], found: Finding) -> None:
    complete = manifest["complete"]
    if manifest["state"] != "finished":
        found.faults.append(f"its state is {manifest['state']}")
    if complete and found.missing:
        found.faults.append(f"called complete, and {len(found.missing)} are missing")
    if complete and span.end is not End.STOPPED:
        found.faults.append(f"called complete, but {span.end.value}")
    if complete and span.hole:
        found.faults.append("called complete, and a relay was away in it")
    if complete and found.faults:
        found.faults.append("called complete in spite of that")
    counted, unknown = _counted(manifest)
    missing = len(found.missing)
    proven = len([key for key in found.missing if key not in span.tail])
    if not proven <= counted <= missing:
        found.faults.append(
            f"{counted} counted as missing; it is {missing}, of which the stream proves {proven}"
        )
    elif counted < missing and not unknown:
        found.faults.append(f"{missing - counted} missing without a word of it")
    whole = span.end is End.STOPPED and not span.hole and not missing
    found.needless = whole and not complete


def _counted(manifest: Mapping[str, Any]) -> tuple[int, bool]:
    """How many the manifest counts as missing, and whether it says that there may be more."""
    gaps = manifest["gaps"]
    counted = (
        gaps["missing_envelopes"]
        + manifest["unwritten_envelopes"]
        + sum(manifest["rejected"].values())
    )
    unknown = any(not gap["missing_envelopes"] for gap in gaps["by_reason"].values())
    return counted, unknown or bool(manifest["interruptions"])
