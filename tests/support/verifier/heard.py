"""What gRPC had, beside the stream and the file: the same, envelope for envelope."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.support.verifier.entries import Entry
from tests.support.verifier.span import Key

Heard = Mapping[Key, tuple[str, int]]
"""Channel and stamp, by run and number."""


def differences(entries: Sequence[Entry], heard: Heard) -> list[str]:
    """Each entry of the stream that gRPC had otherwise, as a sentence."""
    return [
        f"the stream's {entry.run}:{entry.seq} is {_facts_of(entry.envelope)}, and gRPC's {facts}"
        for entry in entries
        if (facts := heard.get(entry.key)) is not None and facts != _facts_of(entry.envelope)
    ]


def broken_promises(entries: Sequence[Entry], made: Mapping[str, int]) -> list[str]:
    """Each word of a last number that was not the last, as a sentence."""
    highest = Counter(made)
    for entry in entries:
        highest[entry.run] = max(entry.seq, highest[entry.run])
    promises = {entry.follows for entry in entries if entry.follows}
    return [
        f"{promise} is not the last: {highest[run]} was made"
        for promise in sorted(promises)
        for run, _, last in [promise.rpartition(":")]
        if highest[run] > int(last)
    ]


def unrecorded(heard: Heard, lines: Sequence[bytes]) -> int:
    """
    How many of the numbers that gRPC had are missing between the first and last of a file.

    For a server that only publishes: nothing else tells what a relay missed.
    """
    keys = {facts: key for key, facts in heard.items()}
    recorded = {keys[facts] for line in lines if (facts := _facts_of(line)) in keys}
    missing = 0
    for run in {run for run, _ in recorded}:
        seqs = {seq for of, seq in recorded if of == run}
        between = {seq for of, seq in heard if of == run and min(seqs) < seq < max(seqs)}
        missing += len(between - seqs)
    return missing


def _facts_of(envelope: bytes) -> tuple[str, int]:
    document = json.loads(envelope)
    return document["type"], document["timestamp"]
