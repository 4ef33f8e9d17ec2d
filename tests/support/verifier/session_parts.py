"""
A recording as one whole, where its file took no more and it went on in parts.

Parts are found by the names of files: no manifest is trusted to name them.
"""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any


def lines_of(sessions: Path, session: str) -> list[bytes]:
    """The lines of all parts, in order; none where nothing is."""
    paths = (sessions / f"{stem}.jsonl" for stem in _stems(sessions, session))
    return [line for path in paths if path.exists() for line in path.read_bytes().splitlines()]


def manifest_of(sessions: Path, session: str) -> dict[str, Any]:
    """What the manifests of all parts say together; empty where one is missing or half written."""
    try:
        told = [
            json.loads((sessions / f"{stem}_manifest.json").read_text())
            for stem in _stems(sessions, session)
        ]
    except (OSError, ValueError):
        return {}
    first = told[0]
    if len(told) == 1:
        return first
    unfinished = [each for each in told if each["state"] != "finished"]
    # Each part's own: one that does not know how many must not hide behind one that does.
    reasons = {
        f"{why}, in part {number}": gap
        for number, each in enumerate(told, 1)
        for why, gap in each["gaps"]["by_reason"].items()
    }
    return first | {
        "state": unfinished[0]["state"] if unfinished else "finished",
        "complete": all(each["complete"] for each in told),
        "verdict": next((each["verdict"] for each in told if not each["complete"]), "complete"),
        "gaps": {
            "missing_envelopes": sum(each["gaps"]["missing_envelopes"] for each in told),
            "by_reason": reasons,
        },
        "rejected": {"all parts": sum(sum(each["rejected"].values()) for each in told)},
        "unwritten_envelopes": sum(each["unwritten_envelopes"] for each in told),
        "interruptions": sum(each["interruptions"] for each in told),
    }


def _stems(sessions: Path, session: str) -> Iterator[str]:
    yield f"metrics_{session}"
    for number in count(2):
        stem = f"metrics_{session}_part{number}"
        if not any((sessions / f"{stem}{end}").exists() for end in (".jsonl", "_manifest.json")):
            return
        yield stem
