"""
Two runs side by side, without what the wall clock has put into them.

`python -m services.physiology_server.scenarios.compare ONE.jsonl OTHER.jsonl` says where they
differ first, and ends with 1 if they do.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from services.physiology_server.envelope_timestamps import dumped, objects_in, stamp_of
from smartspectra.ipc.wire.channels import METRIC_KINDS
from smartspectra.ipc.wire.envelope import BadEnvelope, document_of

_WALL_KEYS = ("upload_timestamp", "sent_at_s")
_WALL_TEXT = re.compile(rb'("timestamp":"?|"upload_timestamp":"|"sent_at_s":)[0-9TZ:.-]+')
_SHOWN_BYTES = 300


def without_wall_clock(lines: Iterable[bytes]) -> Iterator[bytes]:
    """
    Each envelope with what depends on when it was made taken out.

    That is in metrics `upload_timestamp` and `sent_at_s`. Stamps of metrics become what they are
    after the first one, so that their distances are compared. A status and a recording's begin
    may bear the server's own clock instead of a frame's: their stamps are blanked. In what is no
    JSON, whatever follows the name of a stamp is, and bytes that are not text are left out.
    """
    first_us: int | None = None
    for line in lines:
        try:
            document = document_of(line)
            if first_us is None and _is_metrics(document):
                first_us = stamp_of(line)
            yield dumped(_blanked(document, first_us or 0))
        except BadEnvelope:
            readable = line.decode(errors="ignore").encode()
            yield b"damaged: " + _WALL_TEXT.sub(rb"\1#", readable)


def first_difference(one: Iterable[bytes], other: Iterable[bytes]) -> tuple[int, str, str] | None:
    """
    The number of the first line (from 1) in which two runs differ, and both lines; or None.
    """
    both = zip_longest(without_wall_clock(one), without_wall_clock(other))
    for number, (a, b) in enumerate(both, start=1):
        if a != b:
            return number, _shown(a), _shown(b)
    return None


def _is_metrics(document: Any) -> bool:  # noqa: ANN401
    return isinstance(document, dict) and document.get("type") in METRIC_KINDS


def _blanked(document: Any, first_us: int) -> Any:  # noqa: ANN401
    is_metrics = _is_metrics(document)
    for node in objects_in(document):
        for key in _WALL_KEYS:
            if key in node:
                node[key] = None
        if "timestamp" in node:
            try:
                node["timestamp"] = int(node["timestamp"]) - first_us if is_metrics else None
            except (TypeError, ValueError):
                node["timestamp"] = None
    return document


def _shown(line: bytes | None) -> str:
    return "(no line)" if line is None else line[:_SHOWN_BYTES].decode(errors="replace")


def main(one: str, other: str) -> int:
    """
    Compare two files; say what differs first.
    """
    with Path(one).open("rb") as a, Path(other).open("rb") as b:
        found = first_difference(a, b)
    if found is None:
        sys.stdout.write("the same but for wall-clock stamps\n")
        return 0
    sys.stdout.write(f"line {found[0]}\n  {one}: {found[1]}\n  {other}: {found[2]}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
