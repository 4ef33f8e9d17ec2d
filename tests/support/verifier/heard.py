"""What gRPC had, beside the stream and the file: the same, envelope for envelope."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.support.verifier.entries import STATE, Entry
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
    How much of what gRPC had between a session's first and last line is not in its file.

    For a server that only publishes: nothing else tells what a relay missed. Its wall clock must
    not be set meanwhile.
    """
    facts = [_facts_of(line) for line in lines]
    metrics = [each for each in facts if each[0] != STATE]
    first, last = min(stamp for _, stamp in facts), max(stamp for _, stamp in facts)
    wanted = Counter(each for each in heard.values() if first < each[1] < last)
    return (wanted - Counter(metrics)).total()


def _facts_of(envelope: bytes) -> tuple[str, int]:
    document = json.loads(envelope)
    return document["type"], document["timestamp"]
